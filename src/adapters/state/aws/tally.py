"""How much is there, in counters beside the ticks."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace

from adapters.state.aws.items import COUNTERS, TICK, counted, counted_out, tick_of
from adapters.state.aws.table import ConditionFailedError, Item, Table, Write
from adapters.state.limits import Limits, Load, Loads, size_of
from application.ports.intake import SealedTick


class Tally:
    """One item of counters.

    Args:
        table: Where it is.
        limits: What there may be.
    """

    def __init__(self, table: Table, limits: Limits) -> None:
        self._table = table
        self._limits = limits

    async def loads(self) -> Loads:
        """What is there."""
        return _loads(await self._table.get("tally", "-") or {})

    async def let_in(self, tick: SealedTick, *, known: bool, own: bool) -> bool:
        """Count one more if there is room; False when the room that was seen has gone meanwhile.

        Raises:
            InboxFull: There is none.
        """
        limits = self._limits
        plenty = Load(min(limits.ticks, limits.of_a_channel), limits.bytes)
        if await self._count_in(tick, plenty, known=known):
            return True
        loads = await self.loads()
        of_channel, of_host = 0, 0
        async for item in self._table.by_id(TICK):
            of_channel += item["channel"] == tick.channel and not own
            of_host += item["host"] == tick.host and not item["known"]
        most = limits.check(
            tick,
            loads.known if known else loads.strangers,
            known=known,
            others_of_channel=lambda: of_channel,
            others_of_host=lambda: of_host,
        )
        return await self._count_in(tick, most, known=known)

    async def count_out(self, tick: SealedTick, *, known: bool, given_up: int = 0) -> Loads:
        """Count one less; return what is there then."""
        return _loads(
            await self._table.write(counted_out(tick, known=known, given_up=given_up), returns=True)
        )

    async def _count_in(self, tick: SealedTick, most: Load, *, known: bool) -> bool:
        """Count one more, if there is no more than that with it; whether it was counted."""
        counter = "known" if known else "strangers"
        write = counted(tick, unfinished=1, known=known)
        room = {":most": most.ticks, ":most_bytes": most.bytes - size_of(tick)}
        condition = (
            f"attribute_not_exists(#{counter}) OR (#{counter} < :most AND #{counter}_bytes <= :most_bytes)"
        )
        try:
            await self._table.write(replace(write, condition=condition, values={**write.values, **room}))
        except ConditionFailedError:
            return False
        return True

    async def count_anew(self, given_up: AsyncIterator[Item]) -> None:
        """Put right what a crash between a tick's write and its count has left."""
        counts = dict.fromkeys(COUNTERS, 0)
        writes = [
            counted(tick_of(item), unfinished=1, known=bool(item["known"]))
            async for item in self._table.by_id(TICK)
        ]
        writes += [counted(tick_of(item), given_up=1) async for item in given_up]
        for write in writes:
            for counter, by in write.values.items():
                counts[counter.removeprefix(":")] += by
        await self._table.write(Write("tally", "-", item=counts))


def _loads(item: Item) -> Loads:
    counts = [item.get(counter, 0) for counter in COUNTERS]
    return Loads(*(Load(counts[n], counts[n + 1]) for n in (0, 2, 4)))
