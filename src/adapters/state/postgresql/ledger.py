"""The ledger in PostgreSQL."""

from __future__ import annotations

from adapters.state.ledger_pages import DELIVERED, Worth, decode_page, encode_page, worth
from adapters.state.postgresql.database import Database
from adapters.state.revised_ledger import RevisedLedger
from application.ports.clock import Clock
from application.ports.ledger import Page

READ = "SELECT content, revision FROM spend_monitor.page WHERE channel = $1 AND topic = $2"
INSERT = """
    INSERT INTO spend_monitor.page (channel, topic, written_at, worth, content)
    VALUES ($1, $2, $3, $4, $5)
    ON CONFLICT DO NOTHING RETURNING 1
"""
UPDATE = """
    UPDATE spend_monitor.page SET revision = revision + 1, written_at = $3, worth = $4, content = $5
    WHERE channel = $1 AND topic = $2 AND revision = $6 RETURNING 1
"""
KNOWN = "SELECT 1 FROM spend_monitor.page WHERE channel = $1 AND worth >= $2 LIMIT 1"
TOLD = """
    SELECT content FROM spend_monitor.page
    WHERE channel = $1 AND worth = $2 ORDER BY written_at DESC LIMIT 100
"""


class PostgresqlLedger(RevisedLedger):
    """Pages as rows of JSON. The revision counts the writes, so that none overwrites another.

    Args:
        database: The connections.
        clock: What day it is; pages that have not been written for long are pruned.
    """

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def knows(self, channel: str, asks: str | None = None) -> bool:
        """Look for one row, or into the channel's newest."""
        if asks is None:
            return await self._database.fetchrow(KNOWN, channel, DELIVERED) is not None
        rows = await self._database.fetch(TOLD, channel, Worth.TOLD)
        return any(asks in decode_page(row["content"]).asks for row in rows)

    async def _read(self, channel: str, topic: str) -> tuple[Page, int]:
        row = await self._database.fetchrow(READ, channel, topic)
        return (decode_page(row["content"]), row["revision"]) if row else (Page(), 0)

    async def _write(self, channel: str, topic: str, page: Page, revision: int) -> bool:
        row = (channel, topic, self._clock.now(), worth(page), encode_page(page))
        if revision:
            return await self._database.fetchrow(UPDATE, *row, revision) is not None
        return await self._database.fetchrow(INSERT, *row) is not None
