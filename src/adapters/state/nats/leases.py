"""The leases of this process."""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from nats.aio.msg import Msg
from nats.errors import Error

from adapters.state.nats.connection import AT_THE_DOOR, REQUEST_SECONDS, WORKING, Connection, OutagePatience
from application.ports.clock import Clock
from application.ports.intake import SealedTick
from application.ports.work_queue import Lease, Progress

DONE = b"+ACK"

SETTLING = OutagePatience(WORKING.away, AT_THE_DOOR.silent)
"""A server that crashed just after a delivery does not remember it, and answers no word about it: it delivers
the message again."""


def again(pause: timedelta = timedelta()) -> bytes:
    """The word that puts a message back, not to come before the pause is over."""
    nanoseconds = max(0, int(pause.total_seconds() * 1e9))
    return b"-NAK " + json.dumps({"delay": nanoseconds}).encode() if nanoseconds else b"-NAK"


@dataclass(slots=True, eq=False)
class _Hold:
    message: Msg
    expires_at: datetime
    ends: float


class Leases:
    """What has been taken from the consumer and not yet settled.

    The server's own time for a message, ``ack_wait``, is as long as a lease. Half-way through, each message
    is signalled to be in progress, so that the server's time outlasts the lease: what a lease promises does
    not hang on the network being quick.

    Args:
        connection: Opened.
        clock: What time it is.
        length: Of a lease.
    """

    def __init__(self, connection: Connection, clock: Clock, length: timedelta) -> None:
        self.length = length
        self._connection = connection
        self._clock = clock
        self._held: dict[str, _Hold] = {}

    def take(self, message: Msg, tick: SealedTick, attempt: int, progress: Progress) -> Lease:
        """Begin a lease of a message that has just arrived."""
        expires_at = self._clock.now() + self.length
        hold = _Hold(message, expires_at, time.monotonic() + self.length.total_seconds())
        self._held[tick.id] = hold
        return Lease(tick, attempt, expires_at, hold, progress)

    def message(self, lease: Lease) -> Msg | None:
        """What was taken, unless the lease is settled or forgotten."""
        hold = self._held.get(lease.tick.id)
        return hold.message if hold else None

    def expiry(self, tick_id: str) -> datetime | None:
        """When the lease of this tick ends, if it is one of ours."""
        hold = self._held.get(tick_id)
        return hold.expires_at if hold else None

    async def settle(
        self, lease: Lease, word: bytes, before: Callable[[], Awaitable[None]] | None = None
    ) -> bool:
        """Do what comes before, say the word, and wait until the server has taken note.

        Returns:
            False when the lease is lost; nothing is done or said then.
        """
        if not self._holds(lease):
            return False
        reply = self._held[lease.tick.id].message.reply
        if before:
            await before()
        await self._connection.ask(
            lambda: self._connection.client.request(reply, word, timeout=REQUEST_SECONDS), SETTLING
        )
        self._held.pop(lease.tick.id, None)
        return True

    async def signal_progress(self) -> None:
        """Go on for as long as the state is open."""
        while True:
            await asyncio.sleep(self.length.total_seconds() / 2)
            now = time.monotonic()
            self._held = {id_: hold for id_, hold in self._held.items() if now < hold.ends}
            for hold in list(self._held.values()):
                with contextlib.suppress(Error, OSError):  # then the lease ends when the server's time does
                    await hold.message.in_progress()

    async def give_back(self) -> None:
        """Put back what is not settled, for other workers to take at once."""
        for hold in self._held.values():
            await hold.message.nak()
        self._held.clear()

    def _holds(self, lease: Lease) -> bool:
        hold = self._held.get(lease.tick.id)
        return hold is not None and hold is lease.token and time.monotonic() < hold.ends
