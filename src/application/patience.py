"""How long, and with which pauses, something is tried again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from application.ports.inbox import Lease


@dataclass(frozen=True, slots=True)
class Patience:
    """Pauses that double, with jitter, until the tick is old.

    Args:
        first: The longest first pause.
        longest: No pause is longer.
        total: Age of the tick at which patience ends, if it has had ``attempts``.
        attempts: A tick that has waited long, but was seldom tried, still gets these.
    """

    first: timedelta
    longest: timedelta
    total: timedelta
    attempts: int = 4

    def ends(self, lease: Lease, now: datetime) -> bool:
        """Whether to stop trying."""
        return now - lease.tick.accepted_at >= self.total and lease.attempt >= self.attempts

    def next_try(
        self, lease: Lease, now: datetime, jitter: float, retry_after: float | None = None
    ) -> datetime:
        """When to try again.

        Args:
            lease: The attempt that failed.
            now: The present moment.
            jitter: 0 to 1: where between half of the pause and all of it. It spreads out retries.
            retry_after: Seconds that the other side asked for; kept to, up to ``longest``.
        """
        doublings = min(lease.attempt - 1, 30)
        # Leases that only waited for a turn count as attempts too; the age tells how many were real.
        age = now - lease.tick.accepted_at
        doubled: timedelta = min(self.first * 2**doublings, max(4 * age, self.first), self.longest)
        pause = doubled * (0.5 + jitter / 2)
        # In this order max() takes 0 for a NaN from outside too.
        asked = timedelta(seconds=min(max(0, retry_after or 0), self.longest.total_seconds()))
        return now + max(pause, asked)


FOR_A_TURN = Patience(timedelta(seconds=1), longest=timedelta(seconds=5), total=timedelta.max)
FOR_AWS = Patience(timedelta(seconds=2), longest=timedelta(minutes=2), total=timedelta(minutes=15))
FOR_TELEX = Patience(timedelta(seconds=2), longest=timedelta(hours=1), total=timedelta(days=1))
