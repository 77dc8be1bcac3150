"""How busy the door is."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

CROWD = 8
"""Ticks on their way to the disk at one moment: more than a steady stream has, fewer than midnight brings."""

LONGEST_SECONDS = 30.0
"""So long the worker makes way for a crowd. At midnight that lets 50,000 ticks in; whoever crowds for longer,
with a dozen connections it may be one, is no reason to leave reports undone."""

RECOVERY = 10
"""So many times longer it takes until the worker would make way for as long again."""


class Door:
    """Counts the ticks that are being taken in at this moment.

    Args:
        monotonic: Seconds, for how long a crowd lasts.
    """

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._taken_in = 0
        self._patience = LONGEST_SECONDS
        self._counted_at = monotonic()
        self._was_full = False

    @contextmanager
    def taking_in(self) -> Iterator[None]:
        """Count one while the block lasts."""
        self._taken_in += 1
        try:
            yield
        finally:
            self._taken_in -= 1

    @property
    def is_crowded(self) -> bool:
        """Whether many come in at once, and have not done so for too long."""
        now = self._monotonic()
        passed, self._counted_at = now - self._counted_at, now
        change = -passed if self._was_full else passed / RECOVERY
        self._patience = min(max(self._patience + change, 0), LONGEST_SECONDS)
        self._was_full = self._taken_in >= CROWD
        return self._was_full and self._patience > 0
