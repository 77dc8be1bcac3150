"""The ledger in DynamoDB."""

from __future__ import annotations

from adapters.state.aws.table import ConditionFailedError, Table, Write
from adapters.state.ledger_pages import DELIVERED, KEPT, Worth, decode_page, encode_page, worth
from adapters.state.moments import to_micros
from adapters.state.revised_ledger import RevisedLedger
from application.ports.clock import Clock
from application.ports.ledger import Page

PAGE = "page#"
"""How the partition keys of pages begin; the channel follows."""


class DynamoDbLedger(RevisedLedger):
    """Pages as items: a partition for each channel. The revision ``r`` counts the writes, so none is lost.

    Args:
        table: Where they are.
        clock: What time it is; pages that have not been written for long expire.
    """

    def __init__(self, table: Table, clock: Clock) -> None:
        self._table = table
        self._clock = clock

    async def knows(self, channel: str, asks: str | None = None) -> bool:
        """Look through the channel's partition."""
        now = to_micros(self._clock.now())
        pages = [item async for item in self._table.partition(_pk(channel)) if item["x"] > now]
        if asks is None:
            return any(item["worth"] >= DELIVERED for item in pages)
        told = [item for item in pages if item["worth"] == Worth.TOLD]
        return any(asks in decode_page(item["v"]).asks for item in told)

    async def _read(self, channel: str, topic: str) -> tuple[Page, int]:
        item = await self._table.get(_pk(channel), topic)
        if item is None:
            return Page(), 0
        has_expired = item["x"] <= to_micros(self._clock.now())
        return (Page() if has_expired else decode_page(item["v"])), item["r"]

    async def _write(self, channel: str, topic: str, page: Page, revision: int) -> bool:
        expires_at = self._clock.now() + KEPT[worth(page)]
        item = {
            "v": encode_page(page),
            "r": revision + 1,
            "worth": int(worth(page)),
            "x": to_micros(expires_at),
            "ttl": int(expires_at.timestamp()) + 1,
        }
        condition, values = ("#r = :r", {":r": revision}) if revision else ("attribute_not_exists(#pk)", {})
        try:
            await self._table.write(Write(_pk(channel), topic, item=item, condition=condition, values=values))
        except ConditionFailedError:
            return False
        return True


def _pk(channel: str) -> str:
    return f"{PAGE}{channel}"
