"""The store on NATS."""

from __future__ import annotations

import asyncio
import random
from datetime import datetime, timedelta
from typing import NamedTuple
from weakref import WeakValueDictionary

from adapters.state.moments import EPOCH, from_micros, to_micros
from adapters.state.nats.bucket import Bucket
from application.errors import StorageUnavailable
from application.ports.clock import Clock
from application.ports.store import Store

TIME_BYTES = 8

TRIES = 100
"""How often a key is tried that others change at the same time."""


class _Kept(NamedTuple):
    """A value, and until when; no value when it has expired, or there is none."""

    value: bytes | None
    expires_at: datetime
    revision: int


_NOTHING = _Kept(None, EPOCH, 0)


class NatsStore(Store):
    """Values in a key-value bucket, behind the moment at which they expire. A counter is its decimal digits.

    The servers drop a value within some seconds after its time; to the microsecond it is the clock that says
    when a value has expired, so the machines' clocks should agree.

    Args:
        bucket: Where they are.
        clock: What time it is.
    """

    def __init__(self, bucket: Bucket, clock: Clock) -> None:
        self._bucket = bucket
        self._clock = clock
        self._counting: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def get(self, key: str) -> bytes | None:
        """Get one key."""
        return (await self._kept(key)).value

    async def put(self, key: str, value: bytes, ttl: timedelta) -> None:
        """Put one key."""
        await self._put(key, value, self._clock.now() + ttl)

    async def add(self, key: str, value: bytes, ttl: timedelta) -> bytes | None:
        """Put one key that holds nothing, or what has expired; else get it."""
        expires_at, revision = self._clock.now() + ttl, 0
        for _ in range(TRIES):
            if await self._put(key, value, expires_at, revision):
                return None
            kept = await self._kept(key)
            if kept.value is not None:
                return kept.value
            revision = kept.revision
            await self._give_way()
        raise StorageUnavailable("too many add the same at once")

    async def remove(self, key: str) -> None:
        """Remove one key."""
        await self._bucket.remove(key)

    async def count(self, key: str, by: int, ttl: timedelta) -> int:
        """Put what one key holds and the step, until nobody else has done so in between."""
        if by == 0:
            return int((await self._kept(key)).value or 0)
        lock = self._counting.setdefault(key, asyncio.Lock())  # so that this process does not race itself
        async with lock:
            kept = _NOTHING  # most counters are new: that is tried first
            for attempt in range(TRIES):
                total = int(kept.value or 0) + by
                expires_at = self._clock.now() + ttl if kept.value is None else kept.expires_at
                if await self._put(key, str(total).encode(), expires_at, kept.revision):
                    return total
                if attempt:
                    await self._give_way()
                kept = await self._kept(key)
        raise StorageUnavailable("too many count the same at once")

    @staticmethod
    async def _give_way() -> None:
        """To who changes the same key, or to the news of that."""
        await asyncio.sleep(random.uniform(0, 0.02))  # noqa: S311  # spreads out, hides nothing

    async def _kept(self, key: str) -> _Kept:
        entry = await self._bucket.get(key)
        if entry is None:
            return _NOTHING
        value, expires_at = decode_value(entry.value)
        expired = expires_at <= self._clock.now()
        return _Kept(None if expired else value, expires_at, entry.revision)

    async def _put(self, key: str, value: bytes, expires_at: datetime, revision: int | None = None) -> bool:
        moment = to_micros(expires_at).to_bytes(TIME_BYTES)
        ttl = expires_at - self._clock.now()
        return await self._bucket.put(key, value=moment + value, revision=revision, ttl=ttl) is not None


def decode_value(content: bytes) -> tuple[bytes, datetime]:
    """The value, and until when it counts."""
    return content[TIME_BYTES:], from_micros(int.from_bytes(content[:TIME_BYTES]))
