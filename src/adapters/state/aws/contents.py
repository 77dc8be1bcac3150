"""All that a table holds. The queue is not read: its messages only say which of the ticks may be due."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime

from adapters.state.aws.items import GIVEN_UP, TICK, progress_of, tick_of
from adapters.state.aws.ledger import PAGE
from adapters.state.aws.store import VALUE
from adapters.state.aws.table import Item, Table
from adapters.state.contents import Contents, KeptPage, KeptTick
from adapters.state.ledger_pages import KEPT, Worth, decode_page
from adapters.state.moments import from_micros, to_micros
from application.ports.clock import Clock
from application.ports.dead_letters import TickState
from application.ports.work_queue import Why


class DynamoDbContents(Contents):
    """Items as they are now. Pages and values are looked for in the whole table.

    Args:
        table: Where they are.
        clock: What time it is: what has expired is as good as gone.
    """

    def __init__(self, table: Table, clock: Clock) -> None:
        self._table = table
        self._clock = clock

    async def ticks(self) -> AsyncIterator[KeptTick]:
        """From the table itself: its indexes may lag behind."""
        for pk in (GIVEN_UP, TICK):
            items = [item async for item in self._table.partition(pk) if self._lives(item)]
            for item in sorted(items, key=lambda item: str(item["id"])):
                yield _kept(item)

    async def pages(self) -> AsyncIterator[KeptPage]:
        """In no order. When a page was written follows from when it expires."""
        async for item in self._table.under(PAGE):
            if self._lives(item):
                written_at = from_micros(item["x"]) - KEPT[Worth(item["worth"])]
                yield KeptPage(item["pk"].removeprefix(PAGE), item["sk"], decode_page(item["v"]), written_at)

    async def values(self, prefix: str) -> AsyncIterator[tuple[str, bytes, datetime]]:
        """In no order; counters are no values."""
        async for item in self._table.under(f"{VALUE}{prefix}"):
            if self._lives(item) and "v" in item:
                yield item["pk"].removeprefix(VALUE), item["v"], from_micros(item["x"])

    def _lives(self, item: Item) -> bool:
        return "x" not in item or item["x"] > to_micros(self._clock.now())


def _kept(item: Item) -> KeptTick:
    state = TickState(item.get("phase", TickState.GIVEN_UP))
    why = Why(item["why"]) if state is TickState.PAUSED else None
    at, reason = from_micros(item["at"]), item.get("reason", "")
    return KeptTick(tick_of(item), state, at, reason, why, progress_of(item))
