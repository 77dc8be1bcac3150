"""The store in PostgreSQL."""

from __future__ import annotations

from datetime import timedelta

from adapters.state.postgresql.database import Database
from application.ports.clock import Clock
from application.ports.store import Store

GET = "SELECT value FROM spend_monitor.stored WHERE key = $1 AND expires_at > $2"
PUT = """
    INSERT INTO spend_monitor.stored AS old (key, value, expires_at) VALUES ($1, $2, $3)
    ON CONFLICT (key) DO UPDATE SET value = excluded.value, expires_at = excluded.expires_at
"""
ADD = f"{PUT} WHERE old.expires_at <= $4 RETURNING 1"
REMOVE = "DELETE FROM spend_monitor.stored WHERE key = $1"
COUNT = """
    INSERT INTO spend_monitor.stored AS old (key, value, expires_at)
    VALUES ($1, convert_to($2::bigint::text, 'UTF8'), $3)
    ON CONFLICT (key) DO UPDATE SET
        value = CASE WHEN old.expires_at > $4
            THEN convert_to((convert_from(old.value, 'UTF8')::bigint + $2)::text, 'UTF8')
            ELSE excluded.value END,
        expires_at = CASE WHEN old.expires_at > $4 THEN old.expires_at ELSE excluded.expires_at END
    RETURNING convert_from(value, 'UTF8')::bigint AS total
"""


class PostgresqlStore(Store):
    """Values as rows. A counter is kept as its decimal digits.

    Args:
        database: The connections.
        clock: What time it is: what has expired is as good as gone, and pruned some time later.
    """

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def get(self, key: str) -> bytes | None:
        """Look one row up."""
        row = await self._database.fetchrow(GET, key, self._clock.now())
        return row["value"] if row else None

    async def put(self, key: str, value: bytes, ttl: timedelta) -> None:
        """Insert or replace one row."""
        await self._database.fetch(PUT, key, value, self._clock.now() + ttl)

    async def add(self, key: str, value: bytes, ttl: timedelta) -> bytes | None:
        """Insert one row, or replace one that has expired; else look it up."""
        while True:
            now = self._clock.now()
            if await self._database.fetchrow(ADD, key, value, now + ttl, now):
                return None
            if (kept := await self.get(key)) is not None:  # else it has gone between the two statements
                return kept

    async def remove(self, key: str) -> None:
        """Delete one row."""
        await self._database.fetch(REMOVE, key)

    async def count(self, key: str, by: int, ttl: timedelta) -> int:
        """Add to one row."""
        if by == 0:
            return int(await self.get(key) or 0)
        now = self._clock.now()
        row = await self._database.fetchrow(COUNT, key, by, now + ttl, now)
        return int(row["total"])
