"""A clock whose time the test moves."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from application.ports.clock import Clock

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
"""A Monday, away from every boundary of a day, week or month."""


class FixedClock(Clock):
    """Stands still until it is moved.

    Args:
        now: Aware, in UTC.
    """

    def __init__(self, now: datetime = NOON) -> None:
        self._now = now.astimezone(UTC)

    def now(self) -> datetime:
        """Return the moment that the clock stands at."""
        return self._now

    def move(self, by: timedelta) -> None:
        """Go forward."""
        self._now += by

    def move_to(self, moment: datetime) -> None:
        """Go to a moment; never back."""
        self._now = max(self._now, moment.astimezone(UTC))
