"""The inbox on NATS."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Sequence
from datetime import datetime
from functools import partial
from typing import NamedTuple

import structlog
from msgspec import structs
from nats.aio.msg import Msg
from nats.errors import Error

from adapters.state.nats.connection import ASKING, AT_ONCE, AT_THE_DOOR, Connection
from adapters.state.nats.given_up import GivenUp, GivenUpTicks
from adapters.state.nats.layout import STORE, TICKS, WORKERS, missing
from adapters.state.nats.leases import DONE, Leases, again
from adapters.state.nats.notes import Note, Notes
from adapters.state.nats.pull import pull
from adapters.state.nats.room import Room
from adapters.state.nats.ticks import (
    Stored,
    add_tick,
    decode_tick,
    drop_tick,
    find_tick,
    is_early,
    messages,
    try_early,
    twin_of,
)
from adapters.state.nats.turns import Turns
from adapters.state.nats.unreadable import UNREADABLE, unreadable_entry, unreadable_id, unreadable_sequence
from adapters.state.progress import decode_progress, encode_progress, tries
from application.errors import InboxFull, StorageUnavailable
from application.ports.clock import Clock
from application.ports.dead_letters import InboxEntry, TickState
from application.ports.inbox import Depth, Inbox
from application.ports.intake import SealedTick
from application.ports.work_queue import NOTHING_YET, Lease, Progress, Why

log = structlog.get_logger()

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

    What NATS cannot tell: whether a tick that was delivered before, and of which nothing is noted, was on
    lease or had others let ahead of it (see ``Turns``); it counts as one lease. In the list, a tick that is
    back from its pause but not yet taken counts as leased, and the end of another process's lease is the
    latest that it can be.

    Args:
        connection: Opened.
        leases: Those of this process.
        given_up: What was given up on.
        notes: Why ticks are paused.
        room: For how many more there is some.
        clock: What time it is.
    """

    def __init__(
        self,
        connection: Connection,
        leases: Leases,
        given_up: GivenUpTicks,
        notes: Notes,
        room: Room,
        clock: Clock,
    ) -> None:
        self._connection = connection
        self._leases = leases
        self._given_up = given_up
        self._notes = notes
        self._room = room
        self._clock = clock
        self._turns = Turns()
        self._unreadable: set[int] = set()

    async def put(self, tick: SealedTick) -> bool:
        """Publish, and wait for the stream's acknowledgement; end the pause of a twin that waits for news."""
        try:
            async with self._room.entering(tick):
                if await add_tick(self._connection, tick, tick.id, AT_THE_DOOR):
                    return True
        except InboxFull:
            if not await self._look_again(tick):
                raise
        else:
            await self._look_again(tick)
        return False

    async def _look_again(self, tick: SealedTick) -> bool:
        """Whether a twin is there; if it waits for news, it does so no longer."""
        twin = await twin_of(self._connection, tick, AT_THE_DOOR)
        if twin and twin.tick.id != tick.id:
            await self._end_pause(twin, Why.NEWS)
        return twin is not None

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
        return await self._begin(at_hand)

    async def acknowledge(self, lease: Lease) -> bool:
        """Let the stream forget the message."""
        return await self._leases.settle(lease, DONE)

    async def pause(
        self, lease: Lease, until: datetime, reason: str, why: Why, progress: Progress = NOTHING_YET
    ) -> bool:
        """Let the stream deliver the message again later, and note why."""
        message, now = self._leases.message(lease), self._clock.now()
        if message is None:
            return False
        about = message.metadata
        note = Note(
            about.num_delivered, until, reason, why, encode_progress(progress), 0, about.sequence.stream
        )
        write = partial(self._notes.write, lease.tick.id, note, now)
        try:
            async with asyncio.timeout(None if until > now else GIVE_BACK_SECONDS):
                return await self._leases.settle(lease, again(until - now), before=write)
        except TimeoutError as exc:
            raise StorageUnavailable("NATS did not take the tick back in time") from exc

    async def give_up(self, lease: Lease, reason: str) -> bool:
        """Publish it to the other stream, then let this one forget it."""
        now = self._clock.now()

        async def keep() -> None:
            await self._given_up.keep(GivenUp(lease.tick, tries(lease.progress, lease.attempt), now, reason))
            if lease.progress != NOTHING_YET or lease.attempt > 1:  # else nothing is noted of it
                await self._notes.write(lease.tick.id, Note(0, now, reason), now)

        return await self._leases.settle(lease, DONE, before=keep)

    async def depth(self) -> Depth:
        """Ask both streams how many they hold, and read the first message."""
        load, given_up = await self._room.look(ASKING), await self._given_up.load()
        first = await anext(messages(self._connection, TICKS, "spend.ticks.>"), None)
        oldest = decode_tick(first.data) if first else None
        return Depth(
            load.ticks,
            given_up.ticks,
            oldest.accepted_at if oldest else None,
            self._room.limits.fullness(load),
            self._room.limits.fullness(given_up),
            await self._oldest_undelivered() if load.ticks else None,
        )

    async def _oldest_undelivered(self) -> datetime | None:
        """When the oldest tick was accepted that no worker was ever given."""
        after = await self._delivered_until()
        message = await anext(messages(self._connection, TICKS, "spend.ticks.>", after), None)
        tick = decode_tick(message.data) if message else None
        return tick.accepted_at if tick else None

    async def entries(self, limit: int = 1000) -> Sequence[InboxEntry]:
        """Read both streams from the beginning, with the notes on what was delivered before."""
        entries: list[InboxEntry] = []
        async for kept in self._given_up.all():
            if len(entries) == limit:
                return entries
            entries.append(kept.given_up.entry())
        delivered = await self._delivered_until()
        async for message in messages(self._connection, TICKS, "spend.ticks.>"):
            if len(entries) == limit:
                return entries
            if tick := decode_tick(message.data):
                stored = Stored(message.seq or 0, tick)
                entries.append(await self._entry(stored, delivered=stored.sequence <= delivered))
            else:
                entries.append(unreadable_entry(message))
        return entries

    async def revive(self, tick_id: str | None = None) -> int:
        """Publish given-up ticks anew, or end a pause."""
        revived = await self._given_up.revive(tick_id)
        if tick_id and not revived and (stored := await find_tick(self._connection, tick_id)):
            revived = int(await self._end_pause(stored, *Why))
        return revived

    async def purge(self, tick_id: str | None = None) -> int:
        """Purge the stream of given-up ticks, or delete the message of one that nobody works on."""
        if tick_id and (sequence := unreadable_sequence(tick_id)):
            return int(await drop_tick(self._connection, sequence, ASKING))
        purged = await self._given_up.purge(tick_id)
        if tick_id and not purged and (stored := await find_tick(self._connection, tick_id)):
            is_paused = await self._pause_of(stored) is not None
            if is_paused or stored.sequence > await self._delivered_until():
                purged = int(await drop_tick(self._connection, stored.sequence, ASKING))
        return purged

    async def probe(self) -> None:
        """Let the leaders of all streams answer, and write a value."""
        if gone := await missing(self._connection):
            raise StorageUnavailable(f"somebody has taken away NATS's {', '.join(gone)}; it is made anew")
        subject = f"$KV.{STORE}.probe.written"
        await self._connection.ask(
            lambda: self._connection.jetstream.publish(subject, b"written", msg_ttl=60), ASKING
        )

    async def _pull(self, batch: int, wait: float = 0, max_bytes: int = 0) -> list[Arrival]:
        pulled = await self._connection.ask(
            lambda: pull(self._connection.client, batch, wait, max_bytes), AT_ONCE
        )
        arrivals = []
        for message in pulled:
            if tick := decode_tick(message.data):
                arrivals.append(Arrival(message, tick))
            else:
                self._note_unreadable(message.metadata.sequence.stream)
        return arrivals

    def _note_unreadable(self, sequence: int) -> None:
        """It stays where it is, for a newer version perhaps, and comes again whenever a lease would end."""
        if sequence not in self._unreadable:
            log.warning("tick_undecodable", tick=unreadable_id(sequence), reason=UNREADABLE)
        self._unreadable.add(sequence)

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

    async def _begin(self, at_hand: list[Arrival]) -> list[Lease]:
        """Lease what was delivered, with what is noted of it."""
        try:
            notes = await asyncio.gather(*map(self._noted, at_hand))
        except StorageUnavailable:
            with contextlib.suppress(Error, OSError):  # then they come back when their time is over
                for message, _ in at_hand:
                    await message.nak()
            raise
        return [
            self._leases.take(message, tick, note.leases if note else 1, _progress(note))
            for (message, tick), note in zip(at_hand, notes, strict=True)
        ]

    async def _noted(self, arrival: Arrival) -> Note | None:
        """What is noted of a tick that comes back, this lease included; nothing of one that comes first."""
        message, tick = arrival
        about, now = message.metadata, self._clock.now()
        if about.num_delivered == 1 and not is_early(message.headers):
            return None
        note = await self._notes.read(tick.id) or Note(0, now, "", leases=1)
        if not note.is_about(about.sequence.stream):
            note = structs.replace(note, deliveries=0, at=now, leases=0)
        is_first = about.num_delivered == note.deliveries + 1
        note = structs.replace(note, leases=1 if is_first else max(note.leases, 1) + 1)
        if not is_first:
            note = structs.replace(note, sequence=about.sequence.stream)
            await self._notes.write(tick.id, note, now)
        return note

    async def _pause_of(self, stored: Stored) -> Note | None:
        """What is noted of a tick that is paused now."""
        note = await self._notes.read(stored.tick.id)
        return note if note and note.holds_back(stored.sequence, self._clock.now()) else None

    async def _end_pause(self, stored: Stored, *paused_for: Why) -> bool:
        note = await self._pause_of(stored)
        if note is None or note.why not in paused_for:
            return False
        return await try_early(self._connection, stored, AT_THE_DOOR)

    async def _delivered_until(self) -> int:
        """The number of the newest message that the consumer has delivered."""
        info = await self._connection.ask(
            lambda: self._connection.jetstream.consumer_info(TICKS, WORKERS), ASKING
        )
        return info.delivered.stream_seq or 0

    async def _entry(self, stored: Stored, *, delivered: bool) -> InboxEntry:
        tick, now = stored.tick, self._clock.now()
        note = await self._notes.read(tick.id)
        state, leases, at, why = TickState.WAITING, 0, tick.accepted_at, None
        if note and note.holds_back(stored.sequence, now):
            state, at, why = TickState.PAUSED, note.at, note.why
        elif delivered:
            state, leases = TickState.LEASED, max(note.leases if note else 0, 1)
            at = self._leases.expiry(tick.id) or now + self._leases.length
        attempts, reason = tries(_progress(note), leases), note.reason if note else ""
        return InboxEntry(tick.id, tick.channel, state, tick.accepted_at, attempts, at, reason, why)


def _progress(note: Note | None) -> Progress:
    return decode_progress(note.progress) if note else NOTHING_YET


def _channels(arrivals: Sequence[Arrival]) -> list[str]:
    return [arrival.tick.channel for arrival in arrivals]
