"""The inbox in memory."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from adapters.state.contents import KeptTick
from adapters.state.limits import LEASE_LENGTH, Limits, Load, size_of
from adapters.state.memory.ledger import MemoryLedger
from adapters.state.progress import tries
from adapters.state.waiting import News, Taken
from application.ports.clock import Clock
from application.ports.dead_letters import InboxEntry, TickState
from application.ports.inbox import Depth, Inbox
from application.ports.intake import SealedTick
from application.ports.work_queue import NOTHING_YET, Lease, Progress, Why

TURN_APART = timedelta(seconds=1)
"""Between two ticks of one channel, however fast they were accepted."""


@dataclass(slots=True)
class _Row:
    tick: SealedTick
    state: TickState
    at: datetime
    """Waiting: its turn. The rest as in an InboxEntry."""
    known: bool
    leases: int = 0
    reason: str = ""
    why: Why = Why.FAILURE
    progress: Progress = NOTHING_YET
    token: object = None


class MemoryInbox(Inbox):
    """Accepted ticks in a dictionary.

    Args:
        clock: What time it is.
        limit: Unfinished ticks that there may be.
        lease_length: How long a tick may be worked on.
        ledger: Knows which channels were ever told anything.
    """

    def __init__(
        self,
        clock: Clock,
        limit: int,
        lease_length: timedelta = LEASE_LENGTH,
        ledger: MemoryLedger | None = None,
    ) -> None:
        self._clock = clock
        self._limits = Limits(limit)
        self._ledger = ledger or MemoryLedger(clock, limit)
        self._lease_length = lease_length
        self._unfinished: dict[str, _Row] = {}
        self._given_up: dict[str, _Row] = {}
        self._news = News(clock)

    async def put(self, tick: SealedTick) -> bool:
        """Keep it until the process ends."""
        if twin := self._twin(tick):
            self._look_again(twin, Why.NEWS)
            return False
        known = await self._ledger.knows(tick.channel)
        own = known and await self._ledger.knows(tick.channel, tick.asks)
        rows = self._unfinished.values()
        self._limits.check(
            tick,
            _load(row for row in rows if row.known is known),
            known=known,
            others_of_channel=lambda: 0 if own else sum(row.tick.channel == tick.channel for row in rows),
            others_of_host=lambda: sum(row.tick.host == tick.host and not row.known for row in rows),
        )
        turn = tick.accepted_at if own else self._turn(tick.channel, tick.accepted_at)
        self._unfinished[tick.id] = _Row(tick, TickState.WAITING, turn, known)
        self._news.wake()
        return True

    async def lease(self, limit: int, wait: float) -> Sequence[Lease]:
        """Look now, at every news, when a tick is due, and every second."""
        return await self._news.first(lambda: self._take(limit), wait)

    async def acknowledge(self, lease: Lease) -> bool:
        """Forget the row, if the lease holds."""
        if not self._holds(lease):
            return False
        del self._unfinished[lease.tick.id]
        return True

    async def pause(
        self, lease: Lease, until: datetime, reason: str, why: Why, progress: Progress = NOTHING_YET
    ) -> bool:
        """Pause the row, if the lease holds."""
        if not self._holds(lease):
            return False
        row = self._unfinished[lease.tick.id]
        row.state, row.at, row.reason, row.why = TickState.PAUSED, until, reason, why
        row.progress, row.leases = progress, 0
        self._news.wake()
        return True

    async def give_up(self, lease: Lease, reason: str) -> bool:
        """Keep the row aside, if the lease holds."""
        if not self._holds(lease):
            return False
        self._given_up[lease.tick.id] = row = self._unfinished.pop(lease.tick.id)
        row.state, row.at, row.reason = TickState.GIVEN_UP, self._clock.now(), reason
        while self._limits.exceeded_by(_load(self._given_up.values())):
            oldest = min(self._given_up.values(), key=lambda row: (row.known, row.at))
            del self._given_up[oldest.tick.id]
        return True

    async def depth(self) -> Depth:
        """Count."""
        oldest = min((row.tick.accepted_at for row in self._unfinished.values()), default=None)
        rows = self._unfinished.values()
        shares = [_load(row for row in rows if row.known is known) for known in (False, True)]
        return Depth(
            len(self._unfinished),
            len(self._given_up),
            oldest,
            self._limits.fullness(*shares),
            self._limits.fullness(_load(self._given_up.values())),
            min((row.at for row in rows if row.at <= self._clock.now()), default=None),
        )

    async def entries(self, limit: int = 1000) -> Sequence[InboxEntry]:
        """List."""
        rows = [*_oldest_first(self._given_up), *_oldest_first(self._unfinished)]
        return [
            InboxEntry(
                row.tick.id,
                row.tick.channel,
                row.state,
                row.tick.accepted_at,
                tries(row.progress, row.leases),
                row.at,
                row.reason,
                row.why if row.state is TickState.PAUSED else None,
            )
            for row in rows[:limit]
        ]

    async def revive(self, tick_id: str | None = None) -> int:
        """Put back what has no twin."""
        paused = self._unfinished.get(tick_id or "")
        revived = int(paused is not None and self._look_again(paused, *Why))
        for row in self._chosen(tick_id):
            if not self._twin(row.tick):
                turn = self._turn(row.tick.channel, self._clock.now())
                self._unfinished[row.tick.id] = _Row(row.tick, TickState.WAITING, turn, row.known)
                del self._given_up[row.tick.id]
                revived += 1
        self._news.wake()
        return revived

    async def purge(self, tick_id: str | None = None) -> int:
        """Drop."""
        chosen = self._chosen(tick_id)
        for row in chosen:
            del self._given_up[row.tick.id]
        waiting = self._unfinished.get(tick_id or "")
        if waiting is None or waiting.state is TickState.LEASED:
            return len(chosen)
        del self._unfinished[waiting.tick.id]
        return len(chosen) + 1

    async def probe(self) -> None:
        """Memory can always be written."""

    def kept(self) -> Iterator[KeptTick]:
        """Every tick, given-up ones first."""
        for row in [*_oldest_first(self._given_up), *_oldest_first(self._unfinished)]:
            why = row.why if row.state is TickState.PAUSED else None
            yield KeptTick(row.tick, row.state, row.at, row.reason, why, row.progress)

    async def _take(self, limit: int) -> Taken:
        now = self._clock.now()
        for row in self._unfinished.values():
            if row.state is not TickState.WAITING and row.at <= now:
                row.at = self._turn(row.tick.channel, row.at)
                row.state = TickState.WAITING
        waiting = (row for row in self._unfinished.values() if row.state is TickState.WAITING)
        leases = []
        for row in heapq.nsmallest(limit, waiting, key=lambda row: row.at):
            row.state, row.at, row.leases = TickState.LEASED, now + self._lease_length, row.leases + 1
            row.token = object()
            leases.append(Lease(row.tick, row.leases, row.at, row.token, row.progress))
        return leases, None if leases else self._next_due()

    def _turn(self, channel: str, earliest: datetime) -> datetime:
        turns = (
            row.at
            for row in self._unfinished.values()
            if row.tick.channel == channel and row.state is TickState.WAITING
        )
        last = max(turns, default=None)
        return max(earliest, last + TURN_APART) if last else earliest

    def _next_due(self) -> datetime | None:
        dues = (row.at for row in self._unfinished.values() if row.state is not TickState.WAITING)
        return min(dues, default=None)

    def _holds(self, lease: Lease) -> bool:
        row = self._unfinished.get(lease.tick.id)
        return (
            row is not None
            and row.state is TickState.LEASED
            and row.token is lease.token
            and row.at > self._clock.now()
        )

    def _twin(self, tick: SealedTick) -> _Row | None:
        return next((row for row in self._unfinished.values() if row.tick.twin == tick.twin), None)

    def _look_again(self, row: _Row, *paused_for: Why) -> bool:
        """End the row's pause, if that is what it is paused for."""
        if row.state is not TickState.PAUSED or row.why not in paused_for:
            return False
        row.at = self._clock.now()
        self._news.wake()
        return True

    def _chosen(self, tick_id: str | None) -> list[_Row]:
        return [row for id_, row in self._given_up.items() if tick_id in (None, id_)]


def _load(rows: Iterable[_Row]) -> Load:
    sizes = [size_of(row.tick) for row in rows]
    return Load(len(sizes), sum(sizes))


def _oldest_first(rows: dict[str, _Row]) -> list[_Row]:
    return sorted(rows.values(), key=lambda row: row.tick.accepted_at)
