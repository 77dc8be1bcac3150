"""Drawing for crowds: one at a time, and what was drawn lately is at hand."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable

MOST_WAITING = 64
"""Readers; the next one is asked to come back."""

MOST_BYTES = 8 * 1024 * 1024
"""Of what is kept at hand."""


class TooManyReaders(Exception):
    """Come back in a moment."""


class Drawings:
    """Keeps drawing from taking more than one core's spare time, and its results from taking much room."""

    def __init__(self) -> None:
        self._kept: OrderedDict[str, bytes] = OrderedDict()
        self._bytes = 0
        self._waiting = 0
        self._turn = asyncio.Lock()

    async def get(self, name: str, draw: Callable[[], Awaitable[bytes | None]]) -> bytes | None:
        """Return what was drawn under this name, or draw it when it is this one's turn.

        Args:
            name: The same for the same picture.
            draw: Draws it; None when there is nothing to draw, which is not kept.

        Raises:
            TooManyReaders: So many wait already.
        """
        if name in self._kept:
            return self._at_hand(name)
        if self._waiting >= MOST_WAITING:
            raise TooManyReaders
        self._waiting += 1
        try:
            async with self._turn:
                if name in self._kept:  # meanwhile, by who was before
                    return self._at_hand(name)
                drawn = await draw()
        finally:
            self._waiting -= 1
        if drawn is not None:
            self._keep(name, drawn)
        return drawn

    def _at_hand(self, name: str) -> bytes:
        self._kept.move_to_end(name)
        return self._kept[name]

    def _keep(self, name: str, drawn: bytes) -> None:
        self._kept[name] = drawn
        self._bytes += len(drawn)
        while self._bytes > MOST_BYTES:
            _, dropped = self._kept.popitem(last=False)
            self._bytes -= len(dropped)
