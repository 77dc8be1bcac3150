"""Marks on the way to a threshold."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from domain.money import Money
from domain.thresholds import Threshold

LARGEST_PERCENT = 1000
MOST_MILESTONES = 20


@dataclass(frozen=True, slots=True)
class Milestones:
    """Percents of a threshold at which a channel wants to hear of a month, each once.

    Args:
        percents: Ascending, each once; none means that milestones are off.
        forecasts: Likewise, but of what the month is heading for, rather than of what it has cost.

    Raises:
        ValueError: A percent is under 1 or over 1,000, or there are more than 20.
    """

    percents: tuple[Decimal, ...] = ()
    forecasts: tuple[Decimal, ...] = ()

    def __post_init__(self) -> None:
        marks = (*self.percents, *self.forecasts)
        if len(marks) > MOST_MILESTONES:
            raise ValueError(f"milestones are at most {MOST_MILESTONES}, not {len(marks)}")
        for percent in marks:
            if not 1 <= percent <= LARGEST_PERCENT:
                raise ValueError(f"a milestone is between 1 and {LARGEST_PERCENT} percent, not {percent}")

    def __bool__(self) -> bool:
        return bool(self.percents or self.forecasts)

    def reached(self, spend: Money, threshold: Threshold) -> Decimal | None:
        """The highest milestone that the spend has reached, or None. There is no percent of nothing."""
        if threshold.amount == 0:
            return None
        percent_spent = 100 * spend.amount / threshold.amount
        return max((percent for percent in self.percents if percent <= percent_spent), default=None)


NO_MILESTONES = Milestones()
