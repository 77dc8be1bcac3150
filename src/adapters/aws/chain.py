"""The process's own AWS credentials."""

from __future__ import annotations

from typing import Any

from aiobotocore.session import AioSession
from botocore.exceptions import BotoCoreError, ClientError

from application.credentials import AccessKey
from application.errors import CredentialsMissing


class OwnKeys:
    """Looks where every AWS tool looks: environment, profile, SSO, container and instance roles.

    What is found is kept, and refreshes itself before it runs out.
    """

    def __init__(self) -> None:
        self._found: dict[str | None, Any] = {}

    async def key(self, profile: str | None = None) -> AccessKey:
        """Return the key of a profile of the AWS configuration files; None: whatever the environment says.

        Raises:
            CredentialsMissing: There are none, or those that are configured cannot be had.
        """
        try:
            found = self._found.get(profile) or await AioSession(profile=profile).get_credentials()
            frozen = await found.get_frozen_credentials() if found else None
        except (BotoCoreError, ClientError) as exc:
            raise CredentialsMissing(str(exc)) from exc
        if frozen is None or not frozen.access_key or not frozen.secret_key:
            raise CredentialsMissing
        self._found[profile] = found
        # In the files a token may be there and blank; boto3 takes that for none too.
        return AccessKey(frozen.access_key, frozen.secret_key, frozen.token or None)
