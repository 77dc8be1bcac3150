"""The store in SQLite."""

from __future__ import annotations

from datetime import timedelta
from sqlite3 import Connection

from adapters.state.moments import MICROSECOND, to_micros
from adapters.state.sqlite.engine import Engine
from application.ports.clock import Clock
from application.ports.store import Store

GET = "SELECT value FROM stored WHERE key = ? AND expires_at > ?"
PUT = """
    INSERT INTO stored (key, value, expires_at) VALUES (?, ?, ?)
    ON CONFLICT (key) DO UPDATE SET value = excluded.value, expires_at = excluded.expires_at
"""
COUNTED = "SELECT value, expires_at FROM stored WHERE key = ? AND expires_at > ?"
REMOVE = "DELETE FROM stored WHERE key = ?"


class SqliteStore(Store):
    """Values as rows. A counter is kept as its decimal digits.

    Args:
        engine: The database.
        clock: What time it is: what has expired is as good as gone, and pruned some time later.
    """

    def __init__(self, engine: Engine, clock: Clock) -> None:
        self._engine = engine
        self._clock = clock

    async def get(self, key: str) -> bytes | None:
        """Look one row up."""
        return await self._engine.read(_get, key, self._now())

    async def put(self, key: str, value: bytes, ttl: timedelta) -> None:
        """Insert or replace one row."""
        await self._engine.write(_put, key, value, self._now() + ttl // MICROSECOND)

    async def add(self, key: str, value: bytes, ttl: timedelta) -> bytes | None:
        """Look one row up; insert it if there is none, or replace one that has expired. Always a write."""
        now = self._now()
        return await self._engine.write(_add, key, value, now, now + ttl // MICROSECOND)

    async def remove(self, key: str) -> None:
        """Delete one row."""
        await self._engine.write(_remove, key)

    async def count(self, key: str, by: int, ttl: timedelta) -> int:
        """Add to one row."""
        now = self._now()
        if by == 0:
            return int(await self._engine.read(_get, key, now) or 0)
        return await self._engine.write(_count, key, by, now, now + ttl // MICROSECOND)

    def _now(self) -> int:
        return to_micros(self._clock.now())


def _get(connection: Connection, key: str, now: int) -> bytes | None:
    row = connection.execute(GET, (key, now)).fetchone()
    return row[0] if row else None


def _put(connection: Connection, key: str, value: bytes, expires_at: int) -> None:
    connection.execute(PUT, (key, value, expires_at))


def _add(connection: Connection, key: str, value: bytes, now: int, expires_at: int) -> bytes | None:
    kept = _get(connection, key, now)
    if kept is None:
        _put(connection, key, value, expires_at)
    return kept


def _remove(connection: Connection, key: str) -> None:
    connection.execute(REMOVE, (key,))


def _count(connection: Connection, key: str, by: int, now: int, expires_at: int) -> int:
    row = connection.execute(COUNTED, (key, now)).fetchone()
    total, expires_at = (int(row[0]) + by, row[1]) if row else (by, expires_at)
    connection.execute(PUT, (key, str(total).encode(), expires_at))
    return total
