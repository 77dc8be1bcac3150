"""Where a month is heading."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import ROUND_CEILING, Decimal

from domain.costs import CostHistory
from domain.money import Money
from domain.periods import DAY, Period, first_of_next_month
from domain.thresholds import Threshold

PACE_DAYS = 7


@dataclass(frozen=True, slots=True)
class Outlook:
    """The month that is running, as far as AWS has published it.

    Args:
        month: The whole calendar month.
        until: The end (exclusive) of the published days.
        spend: Up to then.
        pace: What the trailing seven published days cost on average, or None when days are not known.
        threshold: What the month may cost, or None when the channel's threshold is for something else.
        reached_on: The day on which the month reaches the threshold, at its pace if it has not yet; None:
            not this month, or not known.
    """

    month: Period
    until: date
    spend: Money
    pace: Money | None
    threshold: Threshold | None = None
    reached_on: date | None = None

    @property
    def by_month_end(self) -> Money | None:
        """What the month will have cost if the pace stays."""
        if self.pace is None:
            return None
        days_left = (self.month.end - self.until).days
        return Money(self.spend.amount + days_left * self.pace.amount, self.spend.currency)


def outlook_on(
    today: date, history: CostHistory, threshold: Threshold | None = None, *, by_day: bool = True
) -> Outlook | None:
    """Look at the month that ``today`` is in.

    Args:
        today: The UTC day.
        history: The month's costs up to it.
        threshold: What the month may cost, if that is what the channel has set.
        by_day: Whether the history has an entry per day, and so a pace.

    Returns:
        None when nothing of the month is published, as on the 1st.
    """
    month = Period(today.replace(day=1), first_of_next_month(today))
    until = min(history.published_until or month.start, today)
    spend = history.spend(month) if until > month.start else None
    if spend is None:
        return None
    outlook = Outlook(month, until, spend, _pace(history, until) if by_day else None, threshold)
    return replace(outlook, reached_on=_reached_on(threshold, history, outlook)) if threshold else outlook


def _reached_on(threshold: Threshold, history: CostHistory, outlook: Outlook) -> date | None:
    if outlook.spend.amount >= threshold.amount:
        return _first_day_at(threshold, history, outlook)
    if outlook.pace is None or outlook.pace.amount <= 0:
        return None
    days = (threshold.amount - outlook.spend.amount) / outlook.pace.amount
    if days > (outlook.month.end - outlook.until).days:
        return None
    return outlook.until + (int(days.to_integral_value(ROUND_CEILING)) - 1) * DAY


def _first_day_at(threshold: Threshold, history: CostHistory, outlook: Outlook) -> date | None:
    spent = Decimal()
    for day in Period(outlook.month.start, outlook.until).days():
        spend = history.spend(Period(day, day + DAY))
        spent += spend.amount if spend else 0
        if spent >= threshold.amount:
            return day
    return None


def _pace(history: CostHistory, until: date) -> Money | None:
    start = max(until - timedelta(days=PACE_DAYS), history.published_from or until)
    if start >= until:
        return None
    spend = history.spend(Period(start, until))
    return spend and Money(spend.amount / (until - start).days, spend.currency)
