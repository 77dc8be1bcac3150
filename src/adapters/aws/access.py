"""Every kind of credentials, turned into an access key."""

from __future__ import annotations

import asyncio
from importlib import import_module

from application.credentials import AccessKey, Credentials, OwnCredentials, Role
from application.errors import RoleAccessOff
from application.ports.access import Access


class AwsAccess(Access):
    """Access keys as they are, the process's own from the SDK's chain; roles are not taken."""

    async def key(self, credentials: Credentials) -> AccessKey:
        """See the port."""
        match credentials:
            case AccessKey():
                return credentials
            case OwnCredentials():
                chain = await asyncio.to_thread(import_module, "adapters.aws.chain")  # botocore is heavy
                key: AccessKey = await chain.own_key(credentials.profile)
                return key
            case Role():
                raise RoleAccessOff
