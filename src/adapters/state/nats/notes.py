"""What a stream does not keep of its messages: why ticks are paused, and how far they have come."""

from __future__ import annotations

from datetime import datetime, timedelta

import msgspec

from adapters.state.nats.bucket import Bucket
from application.ports.work_queue import Why

KEPT = timedelta(days=3)
"""After the pause: for as long as a tick may wait until it is tried again, over a long weekend."""


class Note(msgspec.Struct, frozen=True):
    """What was noted of a tick when it was put back, or leased anew without having been put back.

    Args:
        deliveries: How often its message had been delivered when it was put back. (Version 1's name stays.)
        at: Until when it pauses.
        reason: Why.
        why: What for.
        progress: As ``encode_progress`` has it.
        leases: Since it was put back.
        sequence: The number of its message: one that is tried early gets another. 0 in notes of version 1.
    """

    deliveries: int = msgspec.field(name="attempts")
    at: datetime
    reason: str
    why: Why = Why.FAILURE
    progress: bytes = b""
    leases: int = 0
    sequence: int = 0

    def is_about(self, sequence: int) -> bool:
        """Whether it counts the deliveries of this message."""
        return self.sequence in {0, sequence}

    def holds_back(self, sequence: int, now: datetime) -> bool:
        """Whether this message is paused."""
        return self.is_about(sequence) and self.at > now


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(Note)


class Notes:
    """One value for each tick that was put back; it expires, as nobody removes it.

    Args:
        bucket: Where they are. It must know the last write.
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
        try:
            return _decoder.decode(entry.value) if entry else None
        except msgspec.DecodeError:  # a newer version's: better tried once more than never
            return None
