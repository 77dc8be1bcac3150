"""Whether there is room for one more tick."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable

from adapters.state.limits import Limits, Load, size_of
from adapters.state.nats.connection import AT_THE_DOOR, Connection, OutagePatience
from adapters.state.nats.layout import TICKS
from application.errors import InboxFull
from application.ports.intake import SealedTick

FRESH_SECONDS = 1.0
"""How long a look at the stream is relied on; other doors may fill it meanwhile."""

NEARLY_FULL = 0.8


class Room:
    """Keeps strangers from using up what is for channels that something was ever delivered to.

    The stream itself holds twice the limit at most. The first half is anybody's, the second for known
    channels. That is less than other engines do (see ``Limits``): a stream tells how much it holds, not of
    whom, and to count that apart would be two more writes for each tick. While there is plenty of room nobody
    is kept waiting for a look; when there is little, ticks are let in one by one.

    Args:
        connection: Opened.
        limits: What there may be.
        is_known: Whether a channel was ever told anything.
    """

    def __init__(
        self, connection: Connection, limits: Limits, is_known: Callable[[str], Awaitable[bool]]
    ) -> None:
        self._connection = connection
        self.limits = limits
        self._is_known = is_known
        self._load = Load(limits.ticks, limits.bytes)
        self._looked_at = float("-inf")
        self._one_by_one = asyncio.Lock()
        self._entering = 0
        self._none_enters = asyncio.Event()
        self._none_enters.set()

    async def look(self, patience: OutagePatience = AT_THE_DOOR) -> Load:
        """Ask the stream what it holds."""
        info = await self._connection.ask(lambda: self._connection.jetstream.stream_info(TICKS), patience)
        self._looked_at = time.monotonic()
        self._load = Load(info.state.messages, info.state.bytes)
        return self._load

    @contextlib.asynccontextmanager
    async def entering(self, tick: SealedTick) -> AsyncIterator[None]:
        """Put the tick while the block lasts.

        Raises:
            InboxFull: There is no room for it.
        """
        if not self._has_plenty():
            async with self._one_by_one:
                await self._none_enters.wait()
                load = await self.look()
                if not self._fits(tick, load) and not await self._is_known(tick.channel):
                    raise InboxFull(f"as many ticks are waiting as there may be ({self.limits.ticks:,})")
                yield
            return
        self._load = Load(self._load.ticks + 1, self._load.bytes + size_of(tick))
        self._entering += 1
        self._none_enters.clear()
        try:
            yield
        finally:
            self._entering -= 1
            if not self._entering:
                self._none_enters.set()

    def _has_plenty(self) -> bool:
        is_fresh = time.monotonic() - self._looked_at < FRESH_SECONDS
        return is_fresh and self.limits.fullness(self._load) < NEARLY_FULL

    def _fits(self, tick: SealedTick, load: Load) -> bool:
        return load.ticks < self.limits.ticks and load.bytes + size_of(tick) <= self.limits.bytes
