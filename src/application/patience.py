"""How long, and with which pauses, something is tried again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from application.ports.work_queue import Progress


@dataclass(frozen=True, slots=True)
class Patience:
    """Pauses that double with every failure, with jitter, until it has failed for long.

    Args:
        first: The longest first pause.
        longest: No pause is longer.
        total: How long after the first failure patience ends, if there were ``attempts``.
        attempts: What was seldom tried, as the service was stopped meanwhile, still gets these.
    """

    first: timedelta
    longest: timedelta
    total: timedelta
    attempts: int = 4

    def ends(self, progress: Progress, now: datetime) -> bool:
        """Whether to stop trying; the present failure is counted already."""
        since = progress.failing_since
        return since is not None and now - since >= self.total and progress.failures >= self.attempts

    def next_try(
        self, failures: int, now: datetime, jitter: float, retry_after: float | None = None
    ) -> datetime:
        """When to try again.

        Args:
            failures: In a row, the present one included; from 1.
            now: The present moment.
            jitter: 0 to 1: where between half of the pause and all of it. It spreads out retries.
            retry_after: Seconds that the other side asked for; kept to, up to ``longest``.
        """
        doubled: timedelta = min(self.first * 2 ** min(failures - 1, 30), self.longest)
        pause = doubled * (0.5 + jitter / 2)
        # In this order max() takes 0 for a NaN from outside too.
        asked = timedelta(seconds=min(max(0, retry_after or 0), self.longest.total_seconds()))
        return now + max(pause, asked)


FOR_A_TURN = Patience(timedelta(seconds=1), longest=timedelta(seconds=5), total=timedelta.max)
FOR_A_FILE = Patience(timedelta(seconds=20), longest=timedelta(minutes=1), total=timedelta(minutes=3))
FOR_AWS = Patience(timedelta(seconds=2), longest=timedelta(minutes=2), total=timedelta(minutes=15))
FOR_CHANNELS = Patience(timedelta(seconds=2), longest=timedelta(hours=1), total=timedelta(days=1))
FOR_A_ROLE = Patience(timedelta(seconds=5), longest=timedelta(minutes=15), total=timedelta(days=1))
"""Whoever has been told how to make a role may be at it."""

FOR_STRANGERS = Patience(timedelta(seconds=2), longest=timedelta(hours=1), total=timedelta(hours=6))
"""Where nothing was ever delivered, there may be nobody."""
