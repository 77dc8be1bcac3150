"""All that a database holds."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime
from sqlite3 import Connection
from typing import Any

from adapters.state.contents import Contents, KeptPage, KeptTick
from adapters.state.ledger_pages import decode_page
from adapters.state.moments import from_micros, to_micros
from adapters.state.progress import decode_progress
from adapters.state.sqlite.engine import Engine
from application.ports.clock import Clock
from application.ports.dead_letters import TickState
from application.ports.intake import SealedTick
from application.ports.work_queue import Why

BITE = 500

GIVEN_UP = """
    SELECT seq, id, channel, twin, accepted_at, payload, host, asks, 'given-up', at, reason, '', x''
    FROM given_up WHERE seq > ? ORDER BY seq LIMIT ?
"""
UNFINISHED = """
    SELECT seq, id, channel, twin, accepted_at, payload, host, asks, state, at, reason, why, progress
    FROM tick WHERE seq > ? ORDER BY seq LIMIT ?
"""
PAGES = "SELECT rowid, channel, topic, content, written_at FROM page WHERE rowid > ? ORDER BY rowid LIMIT ?"
VALUES = """
    SELECT rowid, key, value, expires_at FROM stored
    WHERE rowid > ? AND substr(key, 1, length(?)) = ? AND expires_at > ? ORDER BY rowid LIMIT ?
"""


class SqliteContents(Contents):
    """Rows, a bite at a time.

    Args:
        engine: The database.
        clock: What time it is: what has expired is as good as gone.
    """

    def __init__(self, engine: Engine, clock: Clock) -> None:
        self._engine = engine
        self._clock = clock

    async def ticks(self) -> AsyncIterator[KeptTick]:
        """Given-up ones first."""
        for statement in (GIVEN_UP, UNFINISHED):
            async for row in self._rows(statement):
                yield _kept(row)

    async def pages(self) -> AsyncIterator[KeptPage]:
        """As they were written."""
        async for channel, topic, content, written_at in self._rows(PAGES):
            yield KeptPage(channel, topic, decode_page(content), from_micros(written_at))

    async def values(self, prefix: str) -> AsyncIterator[tuple[str, bytes, datetime]]:
        """As they were put."""
        now = to_micros(self._clock.now())
        async for key, value, expires_at in self._rows(VALUES, prefix, prefix, now):
            yield key, value, from_micros(expires_at)

    async def _rows(self, statement: str, *args: object) -> AsyncIterator[tuple[Any, ...]]:
        after = 0
        while True:
            rows = await self._engine.read(_fetch, statement, (after, *args, BITE))
            for row in rows:
                yield row[1:]
            if len(rows) < BITE:
                return
            after = rows[-1][0]


def _fetch(connection: Connection, statement: str, args: tuple[object, ...]) -> list[tuple[Any, ...]]:
    return connection.execute(statement, args).fetchall()


def _kept(row: tuple[Any, ...]) -> KeptTick:
    id_, channel, twin, accepted_at, payload, host, asks, state, at, reason, why, progress = row
    tick = SealedTick(id_, channel, twin, from_micros(accepted_at), payload, host, asks)
    paused = state == TickState.PAUSED
    return KeptTick(
        tick,
        TickState(state),
        from_micros(at),
        reason,
        Why(why) if paused else None,
        decode_progress(progress),
    )
