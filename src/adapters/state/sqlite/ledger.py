"""The ledger in SQLite."""

from __future__ import annotations

from dataclasses import replace
from sqlite3 import Connection

from adapters.state.pages import decode_page, encode_page
from adapters.state.sqlite.engine import Engine
from adapters.state.sqlite.moments import DAY, to_micros
from application.ports.clock import Clock
from application.ports.ledger import Ledger, Page

READ = "SELECT content, revision FROM page WHERE channel = ? AND topic = ?"
INSERT = """
    INSERT INTO page (written_at, content, channel, topic, revision) VALUES (?, ?, ?, ?, ? + 1)
    ON CONFLICT DO NOTHING
"""
UPDATE = """
    UPDATE page SET revision = revision + 1, written_at = ?, content = ?
    WHERE channel = ? AND topic = ? AND revision = ?
"""


class SqliteLedger(Ledger):
    """Pages as rows of JSON. The revision counts the writes.

    Args:
        engine: The database.
        clock: What time it is; pages that have not been written for long are pruned.
    """

    def __init__(self, engine: Engine, clock: Clock) -> None:
        self._engine = engine
        self._clock = clock

    async def read(self, channel: str, topic: str) -> Page:
        """Look one row up."""
        row = await self._engine.read(_read, channel, topic)
        return decode_page(*row) if row else Page()

    async def write(self, channel: str, topic: str, page: Page) -> Page | None:
        """Insert or update one row if its revision is still the page's."""
        content = encode_page(page)
        if await self._engine.write(_write, self._today(), content, channel, topic, page.revision):
            return replace(page, revision=page.revision + 1)
        return None

    def _today(self) -> int:
        """To the day: then a page that is written again keeps its place in the index by age."""
        now = to_micros(self._clock.now())
        return now - now % DAY


def _read(connection: Connection, channel: str, topic: str) -> tuple[bytes, int] | None:
    row: tuple[bytes, int] | None = connection.execute(READ, (channel, topic)).fetchone()
    return row


def _write(
    connection: Connection, today: int, content: bytes, channel: str, topic: str, revision: int
) -> bool:
    statement = UPDATE if revision else INSERT
    return bool(connection.execute(statement, (today, content, channel, topic, revision)).rowcount)
