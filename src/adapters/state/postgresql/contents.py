"""All that the schema holds."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime

from adapters.state.contents import Contents, KeptPage, KeptTick
from adapters.state.ledger_pages import decode_page
from adapters.state.postgresql.database import Database
from adapters.state.progress import decode_progress
from application.ports.clock import Clock
from application.ports.dead_letters import TickState
from application.ports.intake import SealedTick
from application.ports.work_queue import Why

BITE = 500

GIVEN_UP = """
    SELECT *, 'given-up' AS state, '' AS why, ''::bytea AS progress
    FROM spend_monitor.given_up WHERE seq > $1 ORDER BY seq LIMIT $2
"""
UNFINISHED = "SELECT * FROM spend_monitor.tick WHERE seq > $1 ORDER BY seq LIMIT $2"
PAGES = """
    SELECT channel, topic, content, written_at FROM spend_monitor.page
    WHERE (channel, topic) > ($1, $2) ORDER BY channel, topic LIMIT $3
"""
VALUES = """
    SELECT key, value, expires_at FROM spend_monitor.stored
    WHERE key > $1 AND starts_with(key, $2) AND expires_at > $3 ORDER BY key LIMIT $4
"""


class PostgresqlContents(Contents):
    """Rows, a bite at a time.

    Args:
        database: The connections.
        clock: What time it is: what has expired is as good as gone.
    """

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def ticks(self) -> AsyncIterator[KeptTick]:
        """Given-up ones first."""
        for statement in (GIVEN_UP, UNFINISHED):
            after = 0
            while rows := await self._database.fetch(statement, after, BITE):
                for row in rows:
                    tick = SealedTick(
                        row["id"],
                        row["channel"],
                        row["twin"],
                        row["accepted_at"],
                        row["payload"],
                        row["host"],
                        row["asks"],
                    )
                    paused = row["state"] == TickState.PAUSED
                    yield KeptTick(
                        tick,
                        TickState(row["state"]),
                        row["at"],
                        row["reason"],
                        Why(row["why"]) if paused else None,
                        decode_progress(row["progress"]),
                    )
                after = rows[-1]["seq"]

    async def pages(self) -> AsyncIterator[KeptPage]:
        """By channel and topic."""
        channel, topic = "", ""
        while rows := await self._database.fetch(PAGES, channel, topic, BITE):
            for row in rows:
                page = decode_page(row["content"])
                yield KeptPage(row["channel"], row["topic"], page, row["written_at"])
            channel, topic = rows[-1]["channel"], rows[-1]["topic"]

    async def values(self, prefix: str) -> AsyncIterator[tuple[str, bytes, datetime]]:
        """By key."""
        after = ""
        while rows := await self._database.fetch(VALUES, after, prefix, self._clock.now(), BITE):
            for row in rows:
                yield row["key"], row["value"], row["expires_at"]
            after = rows[-1]["key"]
