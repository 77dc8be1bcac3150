"""The store in DynamoDB."""

from __future__ import annotations

from datetime import datetime, timedelta

from adapters.state.aws.table import ConditionFailedError, Item, Table, Write
from adapters.state.moments import to_micros
from application.ports.clock import Clock
from application.ports.store import Store

VALUE = "value#"
"""How the partition keys of values begin; the key follows."""

FREE = "attribute_not_exists(#pk) OR #x <= :now"


class DynamoDbStore(Store):
    """Values as items. A counter is kept as a number.

    Args:
        table: Where they are.
        clock: What time it is: what has expired is as good as gone, whenever DynamoDB deletes it.
    """

    def __init__(self, table: Table, clock: Clock) -> None:
        self._table = table
        self._clock = clock

    async def get(self, key: str) -> bytes | None:
        """Get one item."""
        item = await self._living(key)
        return item["v"] if item else None

    async def put(self, key: str, value: bytes, ttl: timedelta) -> None:
        """Put one item."""
        await self._table.write(_put(key, value, self._clock.now() + ttl))

    async def add(self, key: str, value: bytes, ttl: timedelta) -> bytes | None:
        """Put one item if there is none that lives; else get it."""
        while True:
            now = self._clock.now()
            try:
                await self._table.write(_put(key, value, now + ttl, free_at=now))
            except ConditionFailedError:
                if (kept := await self.get(key)) is not None:  # else it has gone between the two calls
                    return kept
            else:
                return None

    async def remove(self, key: str) -> None:
        """Delete one item."""
        await self._table.write(Write(_pk(key), "-"))

    async def count(self, key: str, by: int, ttl: timedelta) -> int:
        """Add to one item that lives; begin anew if there is none."""
        if by == 0:
            item = await self._living(key)
            return int(item["n"]) if item else 0
        while True:
            now = self._clock.now()
            try:
                add = Write(
                    _pk(key),
                    "-",
                    change="ADD #n :by",
                    condition="#x > :now",
                    values={":by": by, ":now": to_micros(now)},
                )
                return int((await self._table.write(add, returns=True))["n"])
            except ConditionFailedError:
                try:
                    await self._table.write(_put(key, by, now + ttl, free_at=now))
                except ConditionFailedError:
                    continue  # somebody else has begun meanwhile
                return by

    async def _living(self, key: str) -> Item | None:
        item = await self._table.get(_pk(key), "-")
        return item if item and item["x"] > to_micros(self._clock.now()) else None


def _pk(key: str) -> str:
    return f"{VALUE}{key}"


def _put(key: str, value: bytes | int, expires_at: datetime, free_at: datetime | None = None) -> Write:
    """A put; with ``free_at`` only where nothing lives at that time."""
    item = {
        "n" if isinstance(value, int) else "v": value,
        "x": to_micros(expires_at),
        "ttl": int(expires_at.timestamp()) + 1,
    }
    if free_at is None:
        return Write(_pk(key), "-", item=item)
    return Write(_pk(key), "-", item=item, condition=FREE, values={":now": to_micros(free_at)})
