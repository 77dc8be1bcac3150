"""What a weekday usually costs, and when a day is far above it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from statistics import median

from domain.costs import CostHistory, found_once
from domain.money import Money
from domain.periods import WEEK, Period

SAME_WEEKDAYS = 4
FEWEST_WEEKDAYS = 3
"""With fewer there is no saying what is usual."""


@dataclass(frozen=True, slots=True)
class Usual:
    """What the last few same weekdays cost.

    Args:
        days: Each of them with its spend, newest first; three or four.
    """

    days: tuple[tuple[date, Money], ...]

    @property
    def median(self) -> Money:
        """What is usual."""
        return Money(median(spend.amount for _, spend in self.days), self.days[0][1].currency)

    @property
    def lowest(self) -> Money:
        """The lower end of the spread."""
        return min((spend for _, spend in self.days), key=lambda spend: spend.amount)

    @property
    def highest(self) -> Money:
        """The upper end of the spread."""
        return max((spend for _, spend in self.days), key=lambda spend: spend.amount)


@found_once
def usual_for(history: CostHistory, day: Period) -> Usual | None:
    """What the day's weekday usually costs, or None when too few of the last four are published.

    A longer period has no weekday, and so nothing that is usual for one.
    """
    if not day.is_day:
        return None
    weekdays = [Period(day.start - n * WEEK, day.end - n * WEEK) for n in range(1, SAME_WEEKDAYS + 1)]
    days = [(one.start, spend) for one in weekdays if (spend := history.spend(one)) is not None]
    return Usual(tuple(days)) if len(days) >= FEWEST_WEEKDAYS else None


@dataclass(frozen=True, slots=True)
class SpikeRule:
    """How far above its weekday's usual a day must be, both ways, to be reported even within budget.

    Args:
        percent: Of what is usual.
        amount: In the currency of the bill.
    """

    percent: Decimal
    amount: Decimal

    def is_spike(self, spend: Money, usual: Usual) -> bool:
        """Whether the spend is at least the percentage and at least the amount above what is usual."""
        above = spend.amount - usual.median.amount
        return above >= self.amount and above >= usual.median.amount * self.percent / 100 and above > 0
