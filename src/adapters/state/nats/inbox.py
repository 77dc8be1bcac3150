"""The inbox on NATS."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Sequence
from datetime import datetime
from functools import partial
from typing import NamedTuple

from nats.aio.msg import Msg
from nats.errors import Error

from adapters.state.nats.connection import ASKING, AT_ONCE, AT_THE_DOOR, Connection
from adapters.state.nats.given_up import GivenUp, GivenUpTicks
from adapters.state.nats.layout import STORE, TICKS, WORKERS
from adapters.state.nats.leases import DONE, Leases, again
from adapters.state.nats.notes import Note, Notes
from adapters.state.nats.pull import pull
from adapters.state.nats.ticks import add_tick, decode_tick, messages
from adapters.state.nats.turns import Turns
from application.errors import StorageUnavailable
from application.ports.clock import Clock
from application.ports.inbox import Depth, Inbox, InboxEntry, Lease, SealedTick, TickState

LOOK_AHEAD = 500
LOOK_AHEAD_BYTES = 16 * 2**20
"""How far a worker looks for other channels behind one with many ticks."""

ASIDE_SECONDS = 0.01
"""How long a tick is set aside for each turn that it has to stand back."""

GIVE_BACK_SECONDS = 2.0
"""Who puts a tick back for now has no time, as on a stop: in an outage the lease ends by itself."""

POLL_SECONDS = 1.0
"""How long one request for ticks waits; a lost one is not missed for longer."""


class Arrival(NamedTuple):
    """What was pulled."""

    message: Msg
    tick: SealedTick


class NatsInbox(Inbox):
    """Accepted ticks in a work-queue stream, and given-up ones in another.

    What NATS cannot tell: a tick that other ticks were let ahead of (see ``Turns``) has been delivered for
    nothing, and that counts as an attempt. In the list, a tick that is back from its pause but not yet taken
    counts as leased, and the end of another process's lease is the latest that it can be.

    Args:
        connection: Opened.
        leases: Those of this process.
        given_up: What was given up on.
        notes: Why ticks are paused.
        clock: What time it is.
    """

    def __init__(
        self, connection: Connection, leases: Leases, given_up: GivenUpTicks, notes: Notes, clock: Clock
    ) -> None:
        self._connection = connection
        self._leases = leases
        self._given_up = given_up
        self._notes = notes
        self._clock = clock
        self._turns = Turns()

    async def put(self, tick: SealedTick) -> bool:
        """Publish, and wait for the stream's acknowledgement."""
        return await add_tick(self._connection, tick, tick.id, AT_THE_DOOR)

    async def lease(self, limit: int, wait: float) -> Sequence[Lease]:
        """Pull what is there, and more of it when one channel is there more than once."""
        deadline = time.monotonic() + wait
        while True:
            left = max(deadline - time.monotonic(), 0)
            first = await self._pull(1, min(left, POLL_SECONDS))
            if first or left == 0:
                break
        at_hand = [*first, *await self._more(limit - len(first))]
        if self._turns.crowded(_channels(at_hand)):
            at_hand = await self._let_others_go_first(at_hand, limit)
        self._turns.take(_channels(at_hand))
        return [self._leases.take(message, tick) for message, tick in at_hand]

    async def acknowledge(self, lease: Lease) -> bool:
        """Let the stream forget the message."""
        return await self._leases.settle(lease, DONE)

    async def retry(self, lease: Lease, at: datetime, reason: str) -> bool:
        """Let the stream deliver the message again later, and note why."""
        now = self._clock.now()
        note = partial(self._notes.write, lease.tick.id, Note(lease.attempt, at, reason), now)
        try:
            async with asyncio.timeout(None if at > now else GIVE_BACK_SECONDS):
                return await self._leases.settle(lease, again(at - now), before=note)
        except TimeoutError as exc:
            raise StorageUnavailable("NATS did not take the tick back in time") from exc

    async def give_up(self, lease: Lease, reason: str) -> bool:
        """Publish it to the other stream, then let this one forget it."""
        given_up = GivenUp(lease.tick, lease.attempt, self._clock.now(), reason)
        return await self._leases.settle(lease, DONE, before=partial(self._given_up.keep, given_up))

    async def depth(self) -> Depth:
        """Ask both streams how many they hold, and read the first message."""
        info = await self._connection.ask(lambda: self._connection.jetstream.stream_info(TICKS), ASKING)
        first = await anext(messages(self._connection, TICKS, "spend.ticks.>"), None)
        oldest = decode_tick(first.data) if first else None
        return Depth(
            info.state.messages, await self._given_up.count(), oldest.accepted_at if oldest else None
        )

    async def entries(self, limit: int = 1000) -> Sequence[InboxEntry]:
        """Read both streams from the beginning, with the notes on what was delivered before."""
        entries: list[InboxEntry] = []
        async for kept in self._given_up.all():
            if len(entries) == limit:
                return entries
            entries.append(kept.given_up.entry())
        info = await self._connection.ask(
            lambda: self._connection.jetstream.consumer_info(TICKS, WORKERS), ASKING
        )
        async for message in messages(self._connection, TICKS, "spend.ticks.>"):
            if len(entries) == limit:
                return entries
            if tick := decode_tick(message.data):
                entries.append(await self._entry(tick, (message.seq or 0) <= info.delivered.stream_seq))
        return entries

    async def revive(self, tick_id: str | None = None) -> int:
        """Publish given-up ticks anew."""
        return await self._given_up.revive(tick_id)

    async def purge(self, tick_id: str | None = None) -> int:
        """Purge the stream of given-up ticks."""
        return await self._given_up.purge(tick_id)

    async def probe(self) -> None:
        """Let the stream's leader answer, and write a value."""
        await self._connection.ask(lambda: self._connection.jetstream.stream_info(TICKS), ASKING)
        subject = f"$KV.{STORE}.probe.written"
        await self._connection.ask(
            lambda: self._connection.jetstream.publish(subject, b"written", msg_ttl=60), ASKING
        )

    async def _pull(self, batch: int, wait: float = 0, max_bytes: int = 0) -> list[Arrival]:
        pulled = await self._connection.ask(
            lambda: pull(self._connection.client, batch, wait, max_bytes), AT_ONCE
        )
        return [Arrival(message, tick) for message in pulled if (tick := decode_tick(message.data))]

    async def _more(self, batch: int, max_bytes: int = 0) -> list[Arrival]:
        """What else is there; nothing when the storage fails, as what is at hand is to be worked on."""
        with contextlib.suppress(StorageUnavailable):
            return await self._pull(batch, max_bytes=max_bytes) if batch else []
        return []

    async def _let_others_go_first(self, at_hand: list[Arrival], limit: int) -> list[Arrival]:
        ahead = await self._more(LOOK_AHEAD, LOOK_AHEAD_BYTES)
        size = sum(len(arrival.message.data) for arrival in ahead)
        at_hand = [*at_hand, *ahead]
        choice = self._turns.choose(
            _channels(at_hand), limit, more=len(ahead) == LOOK_AHEAD or size > LOOK_AHEAD_BYTES // 2
        )
        with contextlib.suppress(Error, OSError):  # then they come back when their time is over
            for position, turns in choice.aside:
                await at_hand[position].message.nak(turns * ASIDE_SECONDS)
        return [at_hand[position] for position in choice.taken]

    async def _entry(self, tick: SealedTick, delivered: bool) -> InboxEntry:  # noqa: FBT001  # private
        state, attempts, at, reason = TickState.WAITING, 0, tick.accepted_at, ""
        if delivered:
            now, note = self._clock.now(), await self._notes.read(tick.id)
            if note and note.at > now:
                state, attempts, at, reason = TickState.PAUSED, note.attempts, note.at, note.reason
            else:
                state = TickState.LEASED
                attempts, reason = (note.attempts + 1, note.reason) if note else (1, "")
                at = self._leases.expiry(tick.id) or now + self._leases.length
        return InboxEntry(tick.id, tick.channel, state, tick.accepted_at, attempts, at, reason)


def _channels(arrivals: Sequence[Arrival]) -> list[str]:
    return [arrival.tick.channel for arrival in arrivals]
