"""The ledger in SQLite."""

from __future__ import annotations

from collections.abc import Callable
from sqlite3 import Connection

from adapters.state.pages import decode_page, encode_page
from adapters.state.sqlite.engine import Engine
from adapters.state.sqlite.moments import DAY, to_micros
from application.ports.clock import Clock
from application.ports.ledger import Ledger, Page

READ = "SELECT content FROM page WHERE channel = ? AND topic = ?"
WRITE = """
    INSERT INTO page (channel, topic, written_at, content) VALUES (?, ?, ?, ?)
    ON CONFLICT (channel, topic) DO UPDATE SET written_at = excluded.written_at, content = excluded.content
"""


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
        return await self._engine.write(_update, channel, topic, change, self._today())

    def _today(self) -> int:
        """To the day: then a page that is written again keeps its place in the index by age."""
        now = to_micros(self._clock.now())
        return now - now % DAY


def _read(connection: Connection, channel: str, topic: str) -> Page:
    row: tuple[bytes] | None = connection.execute(READ, (channel, topic)).fetchone()
    return decode_page(row[0]) if row else Page()


def _update(
    connection: Connection, channel: str, topic: str, change: Callable[[Page], Page], today: int
) -> Page:
    page = _read(connection, channel, topic)
    changed = change(page)
    if changed != page:
        connection.execute(WRITE, (channel, topic, today, encode_page(changed)))
    return changed
