"""Why ticks are paused: a stream keeps no such thing, and an operator wants to know."""

from __future__ import annotations

from datetime import datetime, timedelta

import msgspec

from adapters.state.nats.bucket import Bucket

KEPT = timedelta(days=1)
"""After the pause: for as long as a tick may wait until it is tried again."""


class Note(msgspec.Struct, frozen=True):
    """What was noted when a tick was put back: how often it had been tried, until when it pauses, and why."""

    attempts: int
    at: datetime
    reason: str


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(Note)


class Notes:
    """One value for each tick that was put back; it expires, as nobody removes it.

    Args:
        bucket: Where they are.
    """

    def __init__(self, bucket: Bucket) -> None:
        self._bucket = bucket

    async def write(self, tick_id: str, note: Note, now: datetime) -> None:
        """Note the last pause."""
        ttl = max(note.at - now, timedelta()) + KEPT
        await self._bucket.put("paused", tick_id, value=_encoder.encode(note), ttl=ttl)

    async def read(self, tick_id: str) -> Note | None:
        """Return the last note, if the tick was ever put back."""
        entry = await self._bucket.get("paused", tick_id)
        return _decoder.decode(entry.value) if entry else None
