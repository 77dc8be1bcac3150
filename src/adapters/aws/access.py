"""Every kind of credentials, turned into an access key."""

from __future__ import annotations

import asyncio
from importlib import import_module
from typing import Any

from adapters.aws.roles import Roles
from application.credentials import AccessKey, Credentials, OwnCredentials, Role
from application.ports.access import Access
from application.role_errors import RoleAccessOff


class Own:
    """The process's own access key. botocore, which finds it, is imported by the first who asks.

    Args:
        profile: Of the AWS configuration files, where none is asked for; None: what the environment says.
    """

    def __init__(self, profile: str | None = None) -> None:
        self._profile = profile
        self._keys: Any = None

    async def key(self, profile: str | None = None) -> AccessKey:
        """Return it.

        Raises:
            CredentialsMissing: There is none.
        """
        if self._keys is None:
            self._keys = (await asyncio.to_thread(import_module, "adapters.aws.chain")).OwnKeys()
        key: AccessKey = await self._keys.key(profile or self._profile)
        return key


class AwsAccess(Access):
    """Access keys as they are, the process's own from the SDK's chain, roles by assuming them.

    Args:
        own: The process's own key.
        roles: What assumes roles; None: they are not taken.
    """

    def __init__(self, own: Own, roles: Roles | None = None) -> None:
        self._own = own
        self._roles = roles

    async def key(self, credentials: Credentials) -> AccessKey:
        """See the port."""
        match credentials:
            case AccessKey():
                return credentials
            case OwnCredentials():
                return await self._own.key(credentials.profile)
            case Role():
                if self._roles is None:
                    raise RoleAccessOff
                return await self._roles.key(credentials)
