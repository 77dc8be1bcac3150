"""What a usual day costs, and which charges are not part of that.

Tax, support, subscriptions and refunds fall on one day. Spread over the month as if they came every day, they
make forecasts that a person would laugh at.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from statistics import median

from domain.costs import NOTHING, CostHistory, found_once
from domain.money import Money
from domain.periods import DAY, Period, first_of_previous_month

PACE_DAYS = 7
AROUND = [n * DAY for distance in range(1, 15) for n in (-distance, distance)]
"""Two weeks before and after a day, the nearest first: what comes daily or weekly is seen again there."""

ALIKE = Decimal("0.5")
"""Of an amount: what another day's must be at least to count as the same charge."""

Days = Mapping[date, Mapping[str, Decimal]]
"""The services of each published day."""


@dataclass(frozen=True, slots=True)
class OneOff:
    """A charge, or a refund, that does not come again.

    Args:
        day: When.
        name: Its service.
        amount: All that the service cost on that day, unrounded.
    """

    day: date
    name: str
    amount: Decimal


@found_once
def pace_of(history: CostHistory, until: date) -> Money | None:
    """What the last seven published days before ``until`` cost on average, without what does not come again.

    A one-off counts as what its service costs on the other days. None without a published day.
    """
    days = {day: services for day, services in history.published.items() if day < until}
    last = list(days)[-PACE_DAYS:]
    if not last:
        return None
    total = sum((sum(days[day].values(), NOTHING) for day in last), NOTHING)
    for one in _one_offs(days, last):
        others = [days[day].get(one.name, NOTHING) for day in last if day != one.day]
        total += median(others) - one.amount if others else NOTHING
    return Money(total / len(last), history.currency)


@found_once
def one_offs(history: CostHistory, period: Period) -> tuple[OneOff, ...]:
    """The charges in the period that come on no other day of the two weeks around them."""
    days = history.published
    return tuple(_one_offs(days, [day for day in period.days() if day in days]))


@found_once
def still_to_come(history: CostHistory, month: Period) -> Money:
    """What fell on the 1st of the month before and does not come daily, and has not come in this month yet.

    Nothing, where the history does not go back so far.
    """
    first = first_of_previous_month(month.start)
    days = history.published
    this_month = [services for day, services in days.items() if day >= month.start]
    missing = [
        one.amount
        for one in _one_offs(days, [first] if first in days else [])
        if one.amount > 0
        and not any(_is_alike(services.get(one.name, NOTHING), one.amount) for services in this_month)
    ]
    return Money(sum(missing, NOTHING), history.currency)


def _one_offs(days: Days, among: list[date]) -> Iterator[OneOff]:
    for day in among:
        day_before = days.get(day - DAY, {})
        for name, amount in days[day].items():
            if not amount or _is_alike(day_before.get(name, NOTHING), amount):  # nearly always
                continue
            if not any(_is_alike(days.get(day + away, {}).get(name, NOTHING), amount) for away in AROUND):
                yield OneOff(day, name, amount)


def _is_alike(other: Decimal, amount: Decimal) -> bool:
    return other >= amount * ALIKE if amount > 0 else other <= amount * ALIKE
