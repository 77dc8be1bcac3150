"""The ledger in SQLite."""

from __future__ import annotations

from collections.abc import Callable
from sqlite3 import Connection

from adapters.state.ledger_pages import DELIVERED, Worth, decode_page, encode_page, worth
from adapters.state.moments import DAY, to_micros
from adapters.state.sqlite.engine import Engine
from application.ports.clock import Clock
from application.ports.ledger import Ledger, Page

READ = "SELECT content FROM page WHERE channel = ? AND topic = ?"
WRITE = """
    INSERT INTO page (channel, topic, written_at, worth, content) VALUES (?, ?, ?, ?, ?)
    ON CONFLICT (channel, topic) DO UPDATE
    SET written_at = excluded.written_at, worth = excluded.worth, content = excluded.content
"""
KNOWN = "SELECT 1 FROM page WHERE channel = ? AND worth >= ? LIMIT 1"
NEWEST = f"""
    SELECT content FROM page WHERE channel = ? AND +worth = {Worth.TOLD:d} ORDER BY written_at DESC LIMIT 100
"""  # noqa: S608  # constants only
"""The plus keeps SQLite from looking through all channels' pages in the order of their age."""


class SqliteLedger(Ledger):
    """Pages as rows of JSON.

    Args:
        engine: The database.
        clock: What time it is; pages that have not been written for long are pruned.
    """

    def __init__(self, engine: Engine, clock: Clock) -> None:
        self._engine = engine
        self._clock = clock

    async def read(self, channel: str, topic: str) -> Page:
        """Look one row up."""
        return await self._engine.read(_read, channel, topic)

    async def update(self, channel: str, topic: str, change: Callable[[Page], Page]) -> Page:
        """Read, change and write one row, in one transaction."""
        return await self._engine.write(_update, channel, topic, change, to_micros(self._clock.now()))

    async def knows(self, channel: str, asks: str | None = None) -> bool:
        """Look for one row, or into the channel's newest."""
        return await self._engine.read(knows, channel, asks)


def knows(connection: Connection, channel: str, asks: str | None = None) -> bool:
    """Whether the channel was told anything, or of costs by these settings."""
    if not connection.execute(KNOWN, (channel, DELIVERED)).fetchone():
        return False
    return asks is None or any(
        asks in decode_page(content).asks for (content,) in connection.execute(NEWEST, (channel,))
    )


def _read(connection: Connection, channel: str, topic: str) -> Page:
    row: tuple[bytes] | None = connection.execute(READ, (channel, topic)).fetchone()
    return decode_page(row[0]) if row else Page()


def _update(
    connection: Connection, channel: str, topic: str, change: Callable[[Page], Page], now: int
) -> Page:
    page = _read(connection, channel, topic)
    changed = change(page)
    if changed != page:
        kind = worth(changed)
        # To the day: then a page that is written again keeps its place in the index by age.
        written_at = now if kind == Worth.CLAIM else now - now % DAY
        connection.execute(WRITE, (channel, topic, written_at, kind, encode_page(changed)))
    return changed
