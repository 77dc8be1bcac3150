"""The inbox in SQLite."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import shutil
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from sqlite3 import Connection
from typing import cast

from adapters.state.limits import Limits
from adapters.state.moments import to_micros
from adapters.state.progress import tries
from adapters.state.sqlite import ticks
from adapters.state.sqlite.engine import Engine
from adapters.state.sqlite.owner import Owner
from adapters.state.sqlite.steps import ClockSteps
from adapters.state.waiting import News, Taken
from application.errors import StorageUnavailable
from application.ports.clock import Clock
from application.ports.dead_letters import InboxEntry
from application.ports.inbox import Depth, Inbox
from application.ports.intake import SealedTick
from application.ports.work_queue import NOTHING_YET, Lease, Progress, Why

LEAST_FREE = 2**20
"""Bytes: with less, a small write may still go well, but not a tick of some size."""


class SqliteInbox(Inbox):
    """Accepted ticks in a table.

    Args:
        engine: The database.
        owner: Whose leases these are; they go back to the inbox at once when it is found dead.
        clock: What time it is.
        limits: What there may be, over all processes.
        lease_length: How long a tick may be worked on.
        steps: Notices when the clock is stepped, where that is of interest.
    """

    def __init__(
        self,
        engine: Engine,
        owner: Owner,
        clock: Clock,
        limits: Limits,
        lease_length: timedelta,
        steps: ClockSteps | None = None,
    ) -> None:
        self._engine = engine
        self._owner = owner
        self._clock = clock
        self._limits = limits
        self._lease_length = lease_length
        self._steps = steps
        self._news = News(clock)

    async def put(self, tick: SealedTick) -> bool:
        """Insert a row, and wake a lease that waits."""
        stored = await self._engine.write(ticks.put, tick, self._limits, to_micros(self._clock.now()))
        self._news.wake()  # also when it is not stored: its twin may be due now
        return stored

    async def lease(self, limit: int, wait: float) -> Sequence[Lease]:
        """Look now, at every news of this process, when a tick is due, and every second."""
        return await self._news.first(lambda: self._take(limit), wait)

    async def acknowledge(self, lease: Lease) -> bool:
        """Delete the row, if the lease holds."""
        mark, now = cast("ticks.Mark", lease.token), to_micros(self._clock.now())
        return await self._engine.write(ticks.acknowledge, mark, now)

    async def pause(
        self, lease: Lease, until: datetime, reason: str, why: Why, progress: Progress = NOTHING_YET
    ) -> bool:
        """Pause the row, if the lease holds."""
        mark, now = cast("ticks.Mark", lease.token), to_micros(self._clock.now())
        paused = await self._engine.write(ticks.pause, mark, now, to_micros(until), reason, why, progress)
        self._news.wake()  # it may be due before what a waiting lease waits for
        return paused

    async def give_up(self, lease: Lease, reason: str) -> bool:
        """Move the row aside, if the lease holds."""
        mark, now = cast("ticks.Mark", lease.token), to_micros(self._clock.now())
        attempts = tries(lease.progress, lease.attempt)
        return await self._engine.write(ticks.give_up, mark, now, attempts, reason, self._limits)

    async def depth(self) -> Depth:
        """Read the counters."""
        return await self._engine.read(ticks.depth, self._limits, to_micros(self._clock.now()))

    async def entries(self, limit: int = 1000) -> Sequence[InboxEntry]:
        """Read the first rows."""
        return await self._engine.read(ticks.entries, limit)

    async def revive(self, tick_id: str | None = None) -> int:
        """Put back bite by bite."""
        revived = await self._bite_by_bite(ticks.revive, tick_id)
        self._news.wake()
        return revived

    async def purge(self, tick_id: str | None = None) -> int:
        """Delete bite by bite."""
        return await self._bite_by_bite(ticks.purge, tick_id)

    async def probe(self) -> None:
        """Write and sync something, and see whether there is room for more."""
        path = self._engine.path
        free = shutil.disk_usage(path.absolute().parent).free
        if free < LEAST_FREE:
            raise StorageUnavailable(f"only {free // 1024} KiB are free on the disk of {path}")
        await self._engine.write(ticks.prove, to_micros(self._clock.now()))

    async def give_back_orphans(self) -> None:
        """Put back what dead processes had leased.

        Raises:
            StorageUnavailable: The lock files cannot be looked at, or the database cannot be written.
        """
        try:
            while await self._engine.write(ticks.give_back_orphans, self._owner):
                self._news.wake()
        except OSError as exc:
            raise StorageUnavailable(f"the lock files cannot be looked at: {exc.strerror}") from exc

    async def give_back_own(self) -> None:
        """Put back what this inbox has leased."""
        await self._engine.write(ticks.give_back_untried, self._owner.name)

    async def _take(self, limit: int) -> Taken:
        if self._steps:
            await self._steps.follow()
        now = self._clock.now()
        expires_at = now + self._lease_length
        taken = self._engine.write(
            ticks.lease, limit, to_micros(now), to_micros(expires_at), self._owner.name, secrets.randbits(63)
        )
        try:
            return await asyncio.shield(taken)
        except asyncio.CancelledError:
            taken.add_done_callback(self._unlease)
            raise

    def _unlease(self, taken: asyncio.Future[Taken]) -> None:
        """Nobody is there any more to work on these."""
        if taken.exception() is None and (leases := taken.result()[0]):
            marks = [cast("ticks.Mark", lease.token) for lease in leases]
            with contextlib.suppress(StorageUnavailable):
                returned = self._engine.write(ticks.unlease, marks)
                returned.add_done_callback(self._returned)

    def _returned(self, done: asyncio.Future[None]) -> None:
        if done.exception() is None:  # else they come back when their leases have expired
            self._news.wake()

    async def _bite_by_bite(
        self,
        function: Callable[[Connection, str | None, int, int], tuple[int, int | None]],
        tick_id: str | None,
    ) -> int:
        now, total = to_micros(self._clock.now()), 0
        last: int | None = 0
        while last is not None:
            changed, last = await self._engine.write(function, tick_id, last, now)
            total += changed
        return total
