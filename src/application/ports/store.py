"""Small values that expire: what the decorators of the AWS ports keep between two checks."""

from __future__ import annotations

from abc import abstractmethod
from datetime import timedelta
from typing import Protocol


class Store(Protocol):
    """Bytes by key, until they expire. Every method may raise StorageUnavailable.

    Keys are made of ``[A-Za-z0-9._-]``, at most 200 characters, and tell nothing secret.
    """

    @abstractmethod
    async def get(self, key: str) -> bytes | None:
        """Return the value, or None when there is none or it has expired."""

    @abstractmethod
    async def put(self, key: str, value: bytes, ttl: timedelta) -> None:
        """Keep the value for ``ttl``, whatever was there."""

    @abstractmethod
    async def add(self, key: str, value: bytes, ttl: timedelta) -> bytes | None:
        """Keep the value for ``ttl`` unless one is there; atomic.

        Returns:
            None if it is kept, which one of many callers gets; else the value that is there.
        """

    @abstractmethod
    async def remove(self, key: str) -> None:
        """Forget the value, if any."""

    @abstractmethod
    async def count(self, key: str, by: int, ttl: timedelta) -> int:
        """Add to a counter that starts at 0 and expires ``ttl`` after its first count; return the sum.

        Atomic. ``by=0`` reads it.
        """
