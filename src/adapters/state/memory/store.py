"""The store in memory."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from application.ports.clock import Clock
from application.ports.store import Store


@dataclass(frozen=True, slots=True)
class _Value:
    value: bytes
    expires_at: datetime


class MemoryStore(Store):
    """Values in a dictionary. A counter is kept as its decimal digits.

    Args:
        clock: What time it is.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._values: dict[str, _Value] = {}

    async def get(self, key: str) -> bytes | None:
        """Look it up."""
        kept = self._kept(key)
        return kept.value if kept else None

    async def put(self, key: str, value: bytes, ttl: timedelta) -> None:
        """Replace it."""
        self._values[key] = _Value(value, self._clock.now() + ttl)

    async def add(self, key: str, value: bytes, ttl: timedelta) -> bytes | None:
        """Keep it if there is none."""
        if kept := self._kept(key):
            return kept.value
        self._values[key] = _Value(value, self._clock.now() + ttl)
        return None

    async def remove(self, key: str) -> None:
        """Drop it."""
        self._values.pop(key, None)

    async def count(self, key: str, by: int, ttl: timedelta) -> int:
        """Add to it."""
        kept = self._kept(key)
        total = by + (int(kept.value) if kept else 0)
        if by:
            expires_at = kept.expires_at if kept else self._clock.now() + ttl
            self._values[key] = _Value(str(total).encode(), expires_at)
        return total

    def kept(self, prefix: str) -> Iterator[tuple[str, bytes, datetime]]:
        """What has not expired and has such a key."""
        for key, value in self._values.items():
            if key.startswith(prefix) and value.expires_at > self._clock.now():
                yield key, value.value, value.expires_at

    def _kept(self, key: str) -> _Value | None:
        kept = self._values.get(key)
        if kept is not None and kept.expires_at <= self._clock.now():
            del self._values[key]
            return None
        return kept
