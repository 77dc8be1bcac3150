"""All that the streams and buckets hold."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime

from adapters.state.contents import Contents, KeptPage, KeptTick
from adapters.state.ledger_pages import decode_page
from adapters.state.nats.bucket import Bucket
from adapters.state.nats.connection import ASKING, Connection
from adapters.state.nats.given_up import GivenUpTicks
from adapters.state.nats.layout import TICKS, WORKERS
from adapters.state.nats.notes import Notes
from adapters.state.nats.store import decode_value
from adapters.state.nats.ticks import decode_tick, messages
from adapters.state.nats.unreadable import UNREADABLE, unreadable_id
from adapters.state.progress import decode_progress
from adapters.state.state import StateRefused
from application.ports.clock import Clock
from application.ports.dead_letters import TickState
from application.ports.work_queue import NOTHING_YET


class NatsContents(Contents):
    """Messages, one after the other.

    Args:
        connection: Opened.
        given_up: What was given up on.
        notes: Why ticks are paused.
        ledger: The pages.
        store: The values.
        clock: What time it is: what has expired is as good as gone.
    """

    def __init__(
        self,
        connection: Connection,
        given_up: GivenUpTicks,
        notes: Notes,
        ledger: Bucket,
        store: Bucket,
        clock: Clock,
    ) -> None:
        self._connection = connection
        self._given_up = given_up
        self._notes = notes
        self._ledger = ledger
        self._store = store
        self._clock = clock

    async def ticks(self) -> AsyncIterator[KeptTick]:
        """Given-up ones first. A stream does not tell what is leased, but whether anybody waits for ticks."""
        if await self._somebody_waits():
            raise StateRefused("a worker is connected to this NATS: stop the service first")
        async for _, given_up in self._given_up.all():
            if not given_up.tick.payload:
                raise StateRefused(_cannot_be_read(given_up.tick.id))
            yield KeptTick(given_up.tick, TickState.GIVEN_UP, given_up.at, given_up.reason)
        async for message in messages(self._connection, TICKS, "spend.ticks.>"):
            tick, sequence = decode_tick(message.data), message.seq or 0
            if tick is None:
                raise StateRefused(_cannot_be_read(unreadable_id(sequence)))
            note = await self._notes.read(tick.id)
            progress = decode_progress(note.progress) if note else NOTHING_YET
            if note and note.holds_back(sequence, self._clock.now()):
                yield KeptTick(tick, TickState.PAUSED, note.at, note.reason, note.why, progress)
            else:
                yield KeptTick(tick, TickState.WAITING, tick.accepted_at, progress=progress)

    async def pages(self) -> AsyncIterator[KeptPage]:
        """As they were written."""
        async for (channel, topic), content, written_at in self._ledger.all(parts=2):
            yield KeptPage(channel, topic, decode_page(content), written_at)

    async def values(self, prefix: str) -> AsyncIterator[tuple[str, bytes, datetime]]:
        """As they were put. The others are read, too: subjects have no prefixes within a part."""
        async for (key,), content, _ in self._store.all(parts=1):
            value, expires_at = decode_value(content)
            if key.startswith(prefix) and expires_at > self._clock.now():
                yield key, value, expires_at

    async def _somebody_waits(self) -> bool:
        info = await self._connection.ask(
            lambda: self._connection.jetstream.consumer_info(TICKS, WORKERS), ASKING
        )
        return bool(info.num_waiting)


def _cannot_be_read(tick_id: str) -> str:
    return f"{tick_id} {UNREADABLE}: copy with the program that wrote it, or drop it with 'inbox purge'"
