"""The port to what lets a check in."""

from __future__ import annotations

from abc import abstractmethod
from typing import Protocol

from application.credentials import AccessKey, Credentials, Role


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


class RoleTrials(Protocol):
    """Tries a role out, step by step, and remembers nothing."""

    @abstractmethod
    async def trusted(self) -> str:
        """Whom a trust policy must name: the ARN of our identity, or the address of our issuer.

        Raises:
            RoleRefused: There is none.
            AwsUnavailable: Worth trying later.
        """

    @abstractmethod
    async def assume(self, role: Role) -> AccessKey:
        """Assume the role with its id.

        Raises:
            RoleRefused: AWS says no.
            AwsUnavailable: Worth trying later.
        """

    @abstractmethod
    async def lets_in(self, role: Role) -> bool:
        """Whether the role can be assumed with this id; with a blank one: without any.

        Raises:
            AwsUnavailable: It cannot be told now.
        """

    @abstractmethod
    async def can_do_more(self, key: AccessKey) -> bool | None:
        """Whether the key may do what no session of ours may; None: that cannot be told."""
