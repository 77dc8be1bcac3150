"""Steps of the machine's clock: a pause and a lease last as long as they would have without them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from sqlite3 import Connection

import structlog

from adapters.clock import boot_id, microseconds_ahead
from adapters.state.moments import SECOND
from adapters.state.sqlite.engine import Engine

log = structlog.get_logger()

SMALLEST = 2 * SECOND
"""Less is no step: clocks are kept right by making them a little faster or slower."""

KNOWN = "SELECT value FROM stored WHERE key = 'clock'"
KEEP = "INSERT OR REPLACE INTO stored (key, value, expires_at) VALUES ('clock', ?, ?)"
FOR_EVER = 2**62
MOVE = "UPDATE tick SET at = at + ? WHERE state = 'leased' OR (state = 'paused' AND why <> 'news')"
"""What waits for news waits for a time of day, and that is what the clock has been set to."""


@dataclass(frozen=True, slots=True)
class Offset:
    """How far the clock is from a time that nobody can step.

    Args:
        boot: Names the start of the machine, which that time is counted from.
        micros: The difference, in microseconds.
    """

    boot: str
    micros: int


ReadOffset = Callable[[], Offset | None]
"""Reads it; None on machines that do not tell their starts apart."""


def offset_of_machine() -> Offset | None:
    """This machine's, as far as it tells its starts apart."""
    boot = boot_id()
    return Offset(boot, microseconds_ahead()) if boot else None


class ClockSteps:
    """Moves the ends of pauses and leases along with the clock, once for all processes of the machine.

    Args:
        engine: The database.
        read_offset: Of this machine.
    """

    def __init__(self, engine: Engine, read_offset: ReadOffset) -> None:
        self._engine = engine
        self._read_offset = read_offset
        self._seen: Offset | None = None

    async def follow(self) -> None:
        """Look whether the clock was stepped; nearly always it was not, and the database is left alone."""
        offset = self._read_offset()
        if offset is None or (self._seen and abs(offset.micros - self._seen.micros) < SMALLEST):
            return
        step = await self._engine.write(_follow, offset)
        self._seen = offset
        if step:
            log.warning("clock_stepped", seconds=step / SECOND, effect="pauses and leases keep their length")


def _follow(connection: Connection, now: Offset) -> int:
    """Move what is to be moved, and return by how much; another process may have done it already."""
    row = connection.execute(KNOWN).fetchone()
    connection.execute(KEEP, (f"{now.boot} {now.micros}".encode(), FOR_EVER))
    boot, _, micros = bytes(row[0]).decode().partition(" ") if row else ("", "", "0")
    step = now.micros - int(micros)
    if boot != now.boot or abs(step) < SMALLEST:
        return 0
    connection.execute(MOVE, (step,))
    return step
