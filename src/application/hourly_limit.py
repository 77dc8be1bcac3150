"""How often a channel is told of what it did not ask before."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice

from application.errors import ChannelToldEnough
from domain.periods import HOUR


@dataclass(slots=True)
class HourlyLimit:
    """Whoever knows a return_url can have things said there, so new questions are answered at a bounded pace.

    It is kept in the process: with several workers, each has its own.

    Args:
        most: In an hour, for each channel. More than anybody tries out while setting it up.
    """

    most: int = 60
    _told: dict[str, deque[datetime]] = field(default_factory=dict)

    def take_turn(self, channel: str, now: datetime) -> None:
        """Count one more.

        Raises:
            ChannelToldEnough: There were as many within the hour.
        """
        told = self._told.pop(channel, None) or deque()
        self._told[channel] = told  # behind the others: those in front were told longest ago
        while told and told[0] <= now - HOUR:
            told.popleft()
        if len(told) >= self.most:
            wait = (told[0] + HOUR - now).total_seconds()
            raise ChannelToldEnough("the channel was told enough for this hour of what it never asked", wait)
        told.append(now)
        self._forget(now)

    def _forget(self, now: datetime) -> None:
        """Drop channels that were told nothing for an hour."""
        for channel in [*islice(self._told, 2)]:
            if self._told[channel][-1] <= now - HOUR:
                del self._told[channel]
