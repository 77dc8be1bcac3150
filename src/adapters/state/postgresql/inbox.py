"""The inbox in PostgreSQL."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple, cast

from adapters.state.limits import Limits, Loads
from adapters.state.postgresql import ticks
from adapters.state.postgresql.batches import Batches
from adapters.state.postgresql.crowd import look_around
from adapters.state.postgresql.database import ALIVE, NEWS, Database
from adapters.state.progress import decode_progress, encode_progress, tries
from adapters.state.waiting import News, Taken
from application.errors import InboxFull
from application.ports.clock import Clock
from application.ports.dead_letters import InboxEntry, TickState
from application.ports.inbox import Depth, Inbox
from application.ports.intake import SealedTick
from application.ports.work_queue import NOTHING_YET, Lease, Progress, Why

BITE = 500
"""Rows that one transaction changes at most, so that those beside it need not wait long."""


TICK_COLUMNS = ("id", "channel", "twin", "accepted_at", "payload", "host", "asks")


class Mark(NamedTuple):
    """A lease's token: the row, and a random number that no other lease of that row has."""

    seq: int
    token: int


class PostgresqlInbox(Inbox):
    """Accepted ticks in a table; what comes in at one moment is committed at once.

    Args:
        database: The connections.
        clock: What time it is.
        limits: What there may be, over all processes.
        lease_length: How long a tick may be worked on.
    """

    def __init__(self, database: Database, clock: Clock, limits: Limits, lease_length: timedelta) -> None:
        self._database = database
        self._clock = clock
        self._limits = limits
        self._lease_length = lease_length
        self._suspects: set[int] = set()
        self._puts = Batches(self._put_all)
        self._acknowledgements = Batches(self._acknowledge_all)
        self.news = News(clock)

    async def put(self, tick: SealedTick) -> bool:
        """Insert a row, together with those of all who put one now."""
        outcome = await self._puts.add(tick)
        if isinstance(outcome, InboxFull):
            raise outcome
        return outcome

    async def lease(self, limit: int, wait: float) -> Sequence[Lease]:
        """Look now, at every NOTIFY, when a tick is due, and every second."""
        return await self.news.first(lambda: self._take(limit), wait)

    async def acknowledge(self, lease: Lease) -> bool:
        """Delete the row, if the lease holds."""
        return await self._acknowledgements.add(cast("Mark", lease.token))

    async def pause(
        self, lease: Lease, until: datetime, reason: str, why: Why, progress: Progress = NOTHING_YET
    ) -> bool:
        """Pause the row, if the lease holds."""
        row = (until, reason, why, encode_progress(progress))
        mark = cast("Mark", lease.token)
        paused = await self._database.fetchrow(ticks.PAUSE, *mark, self._clock.now(), *row) is not None
        self.news.wake()  # it may be due before what a waiting lease waits for
        return paused

    async def give_up(self, lease: Lease, reason: str) -> bool:
        """Move the row aside, if the lease holds."""
        now, mark = self._clock.now(), cast("Mark", lease.token)
        async with self._database.transaction() as connection:
            await connection.execute(ticks.LOCK_TALLY)
            row = await connection.fetchrow(ticks.TAKE_OUT, *mark, now)
            if row is None:
                return False
            attempts = tries(lease.progress, lease.attempt)
            await connection.execute(ticks.SET_ASIDE, *row.values(), now, attempts, reason)
            while self._limits.exceeded_by(Loads.counted(*await connection.fetchrow(ticks.TALLY)).given_up):
                await connection.execute(ticks.DROP_OLDEST)
            return True

    async def depth(self) -> Depth:
        """Read the counters."""
        loads = Loads.counted(*await self._database.fetchrow(ticks.TALLY))
        oldest = await self._database.fetchrow(ticks.OLDEST)
        due = await self._database.fetchrow(ticks.OLDEST_DUE, self._clock.now())
        return self._limits.depth(loads, oldest["accepted_at"] if oldest else None, due["at"])

    async def entries(self, limit: int = 1000) -> Sequence[InboxEntry]:
        """Read the first rows."""
        rows = await self._database.fetch(ticks.GIVEN_UP, limit)
        rows += await self._database.fetch(ticks.UNFINISHED, limit - len(rows))
        return [
            InboxEntry(
                row["id"],
                row["channel"],
                TickState(row["state"]),
                row["accepted_at"],
                tries(decode_progress(row["progress"]), row["attempts"]),
                row["at"],
                row["reason"],
                Why(row["why"]) if row["state"] == TickState.PAUSED else None,
            )
            for row in rows
        ]

    async def revive(self, tick_id: str | None = None) -> int:
        """Put back bite by bite."""
        now, revived, after = self._clock.now(), 0, 0
        if tick_id is not None:
            revived += len(await self._database.fetch(ticks.END_PAUSE, tick_id, now))
        while True:
            async with self._database.transaction() as connection:
                await connection.execute(ticks.LOCK_TALLY)
                rows = await connection.fetch(ticks.SOME_GIVEN_UP, tick_id, after, BITE)
                for row in rows:
                    if await connection.fetchrow(ticks.REVIVE, row["seq"], now):  # else its twin is there
                        await connection.execute(ticks.DROP_GIVEN_UP, [row["seq"]])
                        revived += 1
                await connection.execute(ticks.NOTIFY, NEWS)
            if len(rows) < BITE:
                return revived
            after = rows[-1]["seq"]

    async def purge(self, tick_id: str | None = None) -> int:
        """Delete bite by bite."""
        dropped = 0
        while True:
            async with self._database.transaction() as connection:
                await connection.execute(ticks.LOCK_TALLY)
                rows = await connection.fetch(ticks.SOME_GIVEN_UP, tick_id, 0, BITE)
                await connection.execute(ticks.DROP_GIVEN_UP, [row["seq"] for row in rows])
                if tick_id is not None:
                    dropped += len(await connection.fetch(ticks.DROP_UNFINISHED, tick_id))
            dropped += len(rows)
            if len(rows) < BITE:
                return dropped

    async def probe(self) -> None:
        """Write and sync something."""
        await self._database.fetch(ticks.PROVE, self._clock.now())

    async def give_back_own(self) -> None:
        """Put back what this inbox has leased, as if it had not been leased."""
        if self._database.owner:
            await self._database.fetch(ticks.GIVE_BACK, self._database.owner)

    async def give_back_orphans(self) -> None:
        """Put back what dead processes had leased: those that were not seen at two looks in a row."""
        rows = await self._database.fetch(ticks.UNSEEN, ALIVE)
        unseen = {row["owner"] for row in rows}
        for owner in unseen & self._suspects:
            await self._database.fetch(ticks.GIVE_BACK_ORPHANS, owner)
            self.news.wake()
        self._suspects = unseen

    async def _put_all(self, batch: Sequence[SealedTick]) -> list[bool | InboxFull]:
        """True where it is stored, False where its twin is there."""
        now = self._clock.now()
        async with self._database.transaction() as connection:
            crowd = await look_around(connection, batch, self._limits)
            twins = [tick.twin for tick in batch]
            seen = {row["twin"] for row in await connection.fetch(ticks.LOOK_AGAIN, twins, now)}
            rows: list[tuple[object, ...]] = []
            outcomes: list[bool | InboxFull] = []
            for tick in batch:
                try:
                    if tick.twin not in seen:
                        rows.append(crowd.let_in(tick))
                        seen.add(tick.twin)
                        outcomes.append(True)
                    else:
                        outcomes.append(False)
                except InboxFull as full:
                    outcomes.append(full)
            if rows:
                await connection.execute(ticks.PUT, *map(list, zip(*rows, strict=True)))
            await connection.execute(ticks.NOTIFY, NEWS)
        self.news.wake()
        return outcomes

    async def _acknowledge_all(self, marks: Sequence[Mark]) -> list[bool]:
        async with self._database.transaction() as connection:
            await connection.execute(ticks.LOCK_TALLY)
            seqs, tokens = (list(column) for column in zip(*marks, strict=True))
            rows = await connection.fetch(ticks.FORGET, seqs, tokens, self._clock.now())
        forgotten = {row["seq"] for row in rows}
        return [mark.seq in forgotten for mark in marks]

    async def _take(self, limit: int) -> Taken:
        now = self._clock.now()
        expires_at, token = now + self._lease_length, secrets.randbits(63)
        await self._database.fetch(ticks.COME_BACK, now, BITE)
        rows = await self._database.fetch(ticks.LEASE, limit, expires_at, self._database.owner, token)
        if not rows:
            return [], (await self._database.fetchrow(ticks.NEXT_BACK))["at"]
        return [
            Lease(
                SealedTick(*(row[name] for name in TICK_COLUMNS)),
                row["attempts"],
                expires_at,
                Mark(row["seq"], token),
                decode_progress(row["progress"]),
            )
            for row in rows
        ], None
