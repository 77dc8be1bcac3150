"""The process's own AWS credentials."""

from __future__ import annotations

from aiobotocore.session import AioSession
from botocore.exceptions import BotoCoreError, ClientError

from application.credentials import AccessKey
from application.errors import CredentialsMissing


async def own_key(profile: str | None = None) -> AccessKey:
    """Look where every AWS tool looks: environment, profile, SSO, container and instance roles.

    Args:
        profile: Of the AWS configuration files; None: whatever the environment says.

    Raises:
        CredentialsMissing: There are none, or those that are configured cannot be had.
    """
    try:
        found = await AioSession(profile=profile).get_credentials()
        frozen = await found.get_frozen_credentials() if found else None
    except (BotoCoreError, ClientError) as exc:
        raise CredentialsMissing(str(exc)) from exc
    if frozen is None or not frozen.access_key or not frozen.secret_key:
        raise CredentialsMissing
    # In the files a token may be there and blank; boto3 takes that for none too.
    return AccessKey(frozen.access_key, frozen.secret_key, frozen.token or None)
