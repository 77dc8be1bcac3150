"""The port to what lets a check in."""

from __future__ import annotations

from abc import abstractmethod
from typing import Protocol

from application.credentials import AccessKey, Credentials


class Access(Protocol):
    """Turns what a monitor names into what a request is signed with."""

    @abstractmethod
    async def key(self, credentials: Credentials) -> AccessKey:
        """Return an access key; for a role a temporary one, good for minutes at least.

        That it comes back proves that AWS lets these credentials in now: what is remembered of a role's
        answers is for its holder only.

        Raises:
            AwsRefused: AWS does not let them in; the subclass says why.
            AwsUnavailable: Timed out or broken; worth trying later.

        Source: AWS STS ``AssumeRole``, ``AssumeRoleWithWebIdentity``; the AWS SDK's chain of credentials.
        """
