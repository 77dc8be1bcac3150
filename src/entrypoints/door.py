"""How busy the door is."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

CROWD = 8
"""Ticks on their way to the disk at one moment: more than a steady stream has, fewer than midnight brings."""


class Door:
    """Counts the ticks that are being taken in at this moment."""

    def __init__(self) -> None:
        self._taken_in = 0

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
        """Whether many come in at once."""
        return self._taken_in >= CROWD
