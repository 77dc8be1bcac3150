"""The port that seals what rests."""

from __future__ import annotations

from abc import abstractmethod
from typing import Protocol


class Vault(Protocol):
    """Seals secrets for storage, and makes names out of them that tell nothing."""

    @abstractmethod
    def seal(self, secret: bytes, context: str) -> bytes:
        """Encrypt and authenticate; the same context is needed to open it."""

    @abstractmethod
    def open(self, sealed: bytes, context: str) -> bytes:
        """Return what was sealed.

        Raises:
            TickUnreadable: Sealed with a key that is not here, under another context, or tampered with.
        """

    @abstractmethod
    def fingerprint(self, *parts: str | bytes) -> str:
        """Return a keyed hash: 32 hexadecimal digits, equal for equal parts, else meaningless."""
