"""Ticks given up on: a partition of their own, by id."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence

from adapters.state.aws.items import GIVEN_UP, counted, is_known, sealed, tick_of
from adapters.state.aws.table import ConditionFailedError, Item, Table, Write
from adapters.state.aws.tally import Tally
from adapters.state.limits import GIVEN_UP_KEPT, Limits, Loads
from adapters.state.moments import to_micros
from adapters.state.progress import tries
from application.ports.clock import Clock
from application.ports.work_queue import Lease

OLDEST = 50
"""So many are looked at for one that may go first."""


class GivenUpTicks:
    """One item for each.

    Args:
        table: Where they are.
        tally: How many there are.
        clock: What time it is.
        limits: What there may be.
    """

    def __init__(self, table: Table, tally: Tally, clock: Clock, limits: Limits) -> None:
        self._table = table
        self._tally = tally
        self._clock = clock
        self._limits = limits

    async def keep(self, lease: Lease, reason: str) -> None:
        """Keep a copy of the leased tick; it is not counted yet."""
        now = self._clock.now()
        item = {
            **sealed(lease.tick),
            "at": to_micros(now),
            "attempts": tries(lease.progress, lease.attempt),
            "reason": reason,
            "known": int(is_known(lease)),
            "x": to_micros(now + GIVEN_UP_KEPT),
            "ttl": int((now + GIVEN_UP_KEPT).timestamp()),
        }
        await self._table.write(Write(GIVEN_UP, lease.tick.id, item=item))

    async def drop(self, tick_id: str) -> None:
        """Forget one, counted or not."""
        await self._table.write(Write(GIVEN_UP, tick_id))

    async def make_room(self, loads: Loads) -> None:
        """Let the oldest go while there are too many: a stranger's, if there is one among them."""
        while self._limits.exceeded_by(loads.given_up):
            oldest = [item async for item in self._table.by_id(GIVEN_UP, limit=OLDEST)]
            for item in sorted(oldest, key=lambda item: int(item["known"]))[:1]:
                await self.drop(item["sk"])
                await self._table.write(counted(tick_of(item), given_up=-1))
            loads = await self._tally.loads()

    async def all(self, limit: int | None = None) -> AsyncIterator[Item]:
        """Those that have not expired, oldest first; DynamoDB deletes the others at a time of its own."""
        now = to_micros(self._clock.now())
        async for item in self._table.by_id(GIVEN_UP, limit=limit):
            if item["x"] > now:
                yield item

    async def chosen(self, tick_id: str | None) -> Sequence[Item]:
        """The one with this id, if it is there; or all."""
        if tick_id is None:
            return [item async for item in self.all()]
        item = await self._table.get(GIVEN_UP, tick_id)
        return [item] if item else []

    async def purge(self, tick_id: str | None) -> int:
        """Drop them one by one; return how many."""
        dropped = 0
        for item in await self.chosen(tick_id):
            try:
                await self._table.write(Write(GIVEN_UP, item["sk"], condition="attribute_exists(#pk)"))
            except ConditionFailedError:
                continue  # somebody else was faster
            await self._table.write(counted(tick_of(item), given_up=-1))
            dropped += 1
        return dropped
