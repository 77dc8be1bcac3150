"""What a channel wants watched."""

from __future__ import annotations

from dataclasses import dataclass

from application.credentials import Credentials
from domain.periods import Frequency
from domain.thresholds import Threshold


@dataclass(frozen=True, slots=True)
class Monitor:
    """One channel's settings, read and checked.

    Args:
        credentials: Whose account.
        threshold: The most that a period may cost.
        frequency: Which periods.
    """

    credentials: Credentials
    threshold: Threshold
    frequency: Frequency = Frequency.DAILY

    def topic(self, account_id: str) -> str:
        """What makes two reports about one period the same report: account, frequency and threshold."""
        return f"{account_id}/{self.frequency}/{self.threshold.amount.normalize():f}"
