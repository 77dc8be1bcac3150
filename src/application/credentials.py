"""AWS credentials, in memory only while they are used."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Credentials:
    """An AWS access key. Its ``repr`` shows none of it.

    Args:
        access_key_id: 20 characters, ``AKIA…`` or ``ASIA…``.
        secret_access_key: The key's secret.
        session_token: Only with temporary credentials.
    """

    access_key_id: str = field(repr=False)
    secret_access_key: str = field(repr=False)
    session_token: str | None = field(default=None, repr=False)
