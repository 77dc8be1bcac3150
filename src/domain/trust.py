"""How far a figure can be trusted, when AWS goes on adding to it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from statistics import median

from domain.costs import CostHistory
from domain.periods import BILL_OPEN_FOR, Period
from domain.told import Told

SETTLES_IN = timedelta(days=2)
"""After that a day seldom changes. Source: docs/facts/cost-explorer.md, freshness."""

FEWEST_CHANGES = 3


@dataclass(frozen=True, slots=True)
class LaterChange:
    """How much earlier figures have changed since they were told.

    Args:
        percent: The median change, of the figure first told; positive when AWS added.
        periods: How many periods that is taken from; at least three.
    """

    percent: Decimal
    periods: int


def is_provisional(period: Period, today: date) -> bool:
    """Whether AWS may still add to the period: for two days, to a whole month until about the 5th."""
    return today < period.end + (BILL_OPEN_FOR if period.is_whole_month else SETTLES_IN)


def later_change(history: CostHistory, told: Mapping[Period, Told], today: date) -> LaterChange | None:
    """Compare what was told first of the periods that have settled with what they cost now."""
    known_from = min((entry.period.start for entry in history.entries), default=today)
    settled = (
        (one.first_spend, history.spend(period))
        for period, one in told.items()
        if period.start >= known_from and not is_provisional(period, today)
    )
    changes = [
        100 * (now.amount - first.amount) / first.amount
        for first, now in settled
        if first and now and first.amount > 0
    ]
    return LaterChange(median(changes), len(changes)) if len(changes) >= FEWEST_CHANGES else None
