"""The machine's own AWS credentials, for the command line only."""

from __future__ import annotations

from aiobotocore.session import get_session
from botocore.exceptions import BotoCoreError, ClientError

from application.credentials import Credentials
from application.errors import CredentialsMissing


async def credentials_from_chain() -> Credentials:
    """Look where every AWS tool looks: environment, profile, SSO, container and instance roles.

    Raises:
        CredentialsMissing: There are none, or those that are configured cannot be had.
    """
    try:
        found = await get_session().get_credentials()
        frozen = await found.get_frozen_credentials() if found else None
    except (BotoCoreError, ClientError) as exc:
        raise CredentialsMissing(str(exc)) from exc
    if frozen is None or not frozen.access_key or not frozen.secret_key:
        raise CredentialsMissing
    return Credentials(frozen.access_key, frozen.secret_key, frozen.token)
