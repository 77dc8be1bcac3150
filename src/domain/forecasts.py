"""A warning before the money is gone: what a month is heading for, once that is sure enough to be told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from domain.costs import CostHistory
from domain.money import Money
from domain.outlook import outlook_on
from domain.periods import DAY, Frequency, Period, first_of_next_month
from domain.settling import looks_whole
from domain.thresholds import Threshold

BACK = Decimal()
"""In place of a percent: the month is heading for less than any that is told of."""

CLEARLY = Decimal("0.95")
"""Of the lowest percent: an outlook that goes to and fro around it would be warned of again and again."""


@dataclass(frozen=True, slots=True)
class Forecast:
    """What a month is heading for.

    Args:
        percent: The highest of the percents that it is heading for; ``BACK``: for none any more.
        by_month_end: What it will have cost.
        month: The calendar month.
        threshold: What the month may cost; of a daily threshold, all its days together.
    """

    percent: Decimal
    by_month_end: Money
    month: Period
    threshold: Threshold

    @property
    def is_back(self) -> bool:
        """Whether the warning is taken back."""
        return self.percent == BACK


def forecast_on(
    today: date,
    history: CostHistory,
    frequency: Frequency,
    threshold: Threshold,
    percents: Sequence[Decimal],
    said: Decimal | None,
) -> Forecast | None:
    """What is to be told of the month that ``today`` is in, if anything.

    One dear day does not turn a month: the percent has to be passed by the outlooks of the last two whole
    days, and both have to be clearly below all of them before a warning is taken back. What is spent already
    is no forecast.

    Args:
        today: The UTC day.
        history: Costs by day.
        frequency: Whose threshold it is: a day's, or a month's.
        threshold: That threshold.
        percents: Which are told of, ascending.
        said: The percent told last in this month; None or ``BACK``: none that stands.
    """
    until = min(history.published_until or today, today)
    if not percents or threshold.amount == 0 or history.published_until is None:
        return None
    if not looks_whole(history, Period(until - DAY, until)):
        until -= DAY
    newest, before = _heading(until, history), _heading(until - DAY, history)
    month = Period(today.replace(day=1), first_of_next_month(today))
    if newest is None or before is None or until <= month.start:
        return None
    limit = _of_month(frequency, threshold, month)
    spent = history.spend(month)
    ahead = [p for p in percents if spent is None or spent.amount <= limit.amount * p / 100]
    sure = [p for p in ahead if min(newest.amount, before.amount) > limit.amount * p / 100]
    if sure and sure[-1] > (said or BACK):
        return Forecast(sure[-1], newest, month, limit)
    is_back = said and max(newest.amount, before.amount) <= CLEARLY * limit.amount * percents[0] / 100
    return Forecast(BACK, newest, month, limit) if is_back else None


def _heading(until: date, history: CostHistory) -> Money | None:
    """What the month of the day before ``until`` was heading for, as known up to then."""
    known = tuple(entry for entry in history.entries if entry.period.end <= until)
    outlook = outlook_on(until, CostHistory(known, history.currency)) if known else None
    return outlook.by_month_end if outlook else None


def _of_month(frequency: Frequency, threshold: Threshold, month: Period) -> Threshold:
    days = (month.end - month.start).days if frequency is Frequency.DAILY else 1
    return Threshold(threshold.amount * days)
