"""How AWS lets a check in: with an access key, by a role, or as whoever runs this process.

Secrets are in memory only while they are used, and no ``repr`` shows one.
"""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class AccessKey:
    """What a request to AWS is signed with.

    Args:
        access_key_id: 20 characters, ``AKIA…`` or ``ASIA…``.
        secret_access_key: The key's secret.
        session_token: Only with temporary credentials.
        role_arn: The role whose temporary credentials these are; empty for any other key.
    """

    access_key_id: str = field(repr=False)
    secret_access_key: str = field(repr=False)
    session_token: str | None = field(default=None, repr=False)
    role_arn: str = ""

    @property
    def who(self) -> tuple[str, ...]:
        """Equal for all that may ask the same of AWS: a role's sessions, else only the very same key."""
        if self.role_arn:
            return ("role", self.role_arn)
        return (self.access_key_id, self.secret_access_key, self.session_token or "")


@dataclass(frozen=True, slots=True)
class Role:
    """A role in the customer's account.

    Args:
        arn: ``arn:aws:iam::111122223333:role/spend``.
        external_id: What its trust policy must ask for: the external id or, with web identity, the subject.
            It is made from the destination, so that nobody else's checks come in by this role. No secret.
        is_strangers: Whether it was named by a stranger's tick. Then a role that lets this service in
            whatever the external id is refused; the operator's own is only warned of.
    """

    arn: str
    external_id: str = ""
    is_strangers: bool = True

    @property
    def account_id(self) -> str:
        """The 12 digits of the account that it belongs to."""
        return self.arn.split(":")[4]

    @property
    def partition(self) -> str:
        """``aws``, ``aws-cn`` or ``aws-us-gov``."""
        return self.arn.split(":")[1]


@dataclass(frozen=True, slots=True)
class OwnCredentials:
    """The process's own: environment, SSO, container and instance roles, as every AWS tool finds them.

    Args:
        profile: Of the AWS configuration files; None: the standard chain.
    """

    profile: str | None = None


Credentials = AccessKey | Role | OwnCredentials
"""What a monitor may name."""
