"""Whose turn it is.

The stream hands out ticks in the order of their acceptance, so a channel with many would hold up all that
came later. A worker that notices such a crowd looks further ahead, lets the other channels go first, and sets
aside what is beyond its own capacity; that comes back after a moment, to whichever worker has room.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import NamedTuple

AGAIN_SECONDS = 1.0
"""For how long a channel that has had its turn gives precedence."""


class Choice(NamedTuple):
    """Whose turn it is.

    Args:
        taken: The positions of those, in order.
        aside: For each of the others its position, and by how many turns of its channel it has to stand back.
    """

    taken: list[int]
    aside: list[tuple[int, int]]


class Turns:
    """Knows which channels have had a turn just now.

    Args:
        now: Seconds that only go forward.
    """

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._had: dict[str, float] = {}

    def crowded(self, channels: Sequence[str]) -> bool:
        """Whether a channel is here that has had its turn, or is here more than once."""
        return any(self._ranks(channels))

    def choose(self, channels: Sequence[str], limit: int, *, more: bool) -> Choice:
        """Choose whose turn it is: first who has had none, in the order of arrival.

        Args:
            channels: Of the ticks at hand.
            limit: How many to take.
            more: Whether others may stand behind these. Then only those are taken whose turn it is now, at
                least one, so that the others come into sight soon.
        """
        ranks = self._ranks(channels)
        order = sorted(range(len(channels)), key=lambda position: (ranks[position], position))
        if more:
            limit = max(1, min(limit, ranks.count(0)))
        taken, others = order[:limit], order[limit:]
        return Choice(taken, [(position, ranks[position] - ranks[taken[-1]]) for position in others])

    def take(self, channels: Sequence[str]) -> None:
        """Note that these have their turn."""
        now = self._now()
        self._had = {channel: at for channel, at in self._had.items() if now - at < AGAIN_SECONDS}
        self._had |= dict.fromkeys(channels, now)

    def _ranks(self, channels: Sequence[str]) -> list[int]:
        """How many turns of its channel each one comes behind."""
        now, ranks = self._now(), []
        counts: dict[str, int] = {}
        for channel in channels:
            if channel not in counts:
                counts[channel] = int(now - self._had.get(channel, -AGAIN_SECONDS) < AGAIN_SECONDS)
            ranks.append(counts[channel])
            counts[channel] += 1
        return ranks
