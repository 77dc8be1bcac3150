"""How a lease waits for the first tick."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime

from application.ports.clock import Clock
from application.ports.work_queue import Lease

POLL_SECONDS = 1.0
"""How often a waiting lease looks for the ticks of other processes."""

SHORTEST_PAUSE_SECONDS = 0.01

Taken = tuple[Sequence[Lease], datetime | None]
"""The leases and, when there are none, when the next tick comes back."""


class News:
    """Wakes whoever waits for a tick.

    Args:
        clock: What time it is, by which ticks come back.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._event = asyncio.Event()

    def wake(self) -> None:
        """Let all who wait look again."""
        self._event.set()
        self._event = asyncio.Event()

    async def first(self, take: Callable[[], Awaitable[Taken]], wait: float) -> Sequence[Lease]:
        """Take now, at every news, when a tick is due, and every second, up to ``wait`` seconds."""
        deadline = time.monotonic() + wait
        while True:
            event = self._event  # got hold of before looking: what comes while we look is not overlooked
            leases, next_due = await take()
            left = deadline - time.monotonic()
            if leases or left <= 0:
                return leases
            pause = min(left, POLL_SECONDS)
            if next_due is not None:
                due_in = (next_due - self._clock.now()).total_seconds()
                pause = min(pause, max(due_in, SHORTEST_PAUSE_SECONDS))
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(pause):
                    await event.wait()
