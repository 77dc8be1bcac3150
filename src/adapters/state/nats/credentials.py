"""What a ``.creds`` file holds: a user's JWT, and the key that signs for it."""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass
from pathlib import Path

LARGEST_BYTES = 64 * 1024
PART = r"-+BEGIN {name}-+\s+([A-Za-z0-9_.=-]+)\s+-+END {name}-+"
JWT = re.compile(PART.format(name="NATS USER JWT"))
SEED = re.compile(PART.format(name="USER NKEY SEED"))


class CredentialsUnusable(OSError):
    """The file cannot be read, or is none of credentials. One line; nothing of what it holds."""


@dataclass(frozen=True, slots=True)
class CredentialsFile:
    """Read anew for every connection, so that a file that is replaced counts from then on.

    nats-py reads such files itself, but one that is empty holds its loop for ever.

    Args:
        path: The file.
    """

    path: str

    def jwt(self) -> bytearray:
        """The user's JWT."""
        return bytearray(self._part(JWT).encode())

    def sign(self, nonce: str) -> bytes:
        """The server's nonce, signed with the user's key."""
        from nkeys import (  # type: ignore[import-untyped]  # noqa: PLC0415  # for few
            NkeysError,
            from_seed,
        )

        try:
            return base64.b64encode(from_seed(bytearray(self._part(SEED).encode())).sign(nonce.encode()))
        except (NkeysError, ValueError) as exc:
            raise CredentialsUnusable(f"{self.path} holds a key that is none of NATS's") from exc

    def check(self) -> None:
        """Raise CredentialsUnusable unless both parts are there."""
        self._part(JWT)
        self._part(SEED)

    def _part(self, pattern: re.Pattern[str]) -> str:
        try:
            with Path(self.path).open("rb") as file:
                text = file.read(LARGEST_BYTES).decode("ascii", "replace")
        except OSError as exc:
            raise CredentialsUnusable(f"{self.path} cannot be read: {exc.strerror}") from exc
        if found := pattern.search(text):
            return found[1]
        raise CredentialsUnusable(
            f"{self.path} holds no NATS credentials, as 'nsc generate creds' prints them"
        )
