"""The port to whose credentials these are."""

from __future__ import annotations

from abc import abstractmethod
from typing import Protocol

from application.credentials import AccessKey


class Identity(Protocol):
    """Tells which account credentials belong to."""

    @abstractmethod
    async def account_id(self, credentials: AccessKey) -> str:
        """Return the 12 digits of the account.

        Raises:
            AwsRefused: AWS says no; the subclass says why.
            AwsUnavailable: Timed out or broken; worth trying later.

        Source: AWS STS ``GetCallerIdentity``: free, needs no permission.
        """
