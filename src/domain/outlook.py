"""Where a month is heading."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from decimal import ROUND_CEILING, Decimal

from domain.costs import CostHistory
from domain.money import Money
from domain.pace import pace_of, still_to_come
from domain.periods import DAY, Period, first_of_next_month
from domain.thresholds import Threshold


@dataclass(frozen=True, slots=True)
class Outlook:
    """The month that is running, as far as AWS has published it.

    Args:
        month: The whole calendar month.
        until: The end (exclusive) of the published days.
        spend: Up to then.
        pace: What a usual day costs, by the last seven published ones, or None when days are not known. It
            is below zero only where credits come again and again.
        to_come: What fell on the 1st of the month before and is still missing in this one.
        lacking: What the newest day lacks to a usual one, where AWS has published a part of it.
        threshold: What the month may cost, or None when the channel's threshold is for something else.
        reached_on: The day on which the month reaches the threshold, at its pace if it has not yet; None:
            not this month, or not known.
    """

    month: Period
    until: date
    spend: Money
    pace: Money | None
    to_come: Money | None = None
    threshold: Threshold | None = None
    reached_on: date | None = None
    lacking: Money | None = None

    @property
    def by_month_end(self) -> Money | None:
        """What the month will have cost if the pace stays: less than is spent only by credits to come."""
        if self.pace is None:
            return None
        days_left = (self.month.end - self.until).days
        return self.sure + Money(days_left * self.pace.amount, self.pace.currency)

    @property
    def sure(self) -> Money:
        """What is spent, and what will be in any case."""
        sure = self.spend
        for missing in (self.to_come, self.lacking):
            sure = sure + missing if missing else sure
        return sure

    def day_at(self, amount: Decimal) -> date | None:
        """The day on which the month will have cost the amount; it has not yet. None: not this month."""
        heading = self.by_month_end
        if heading is None or self.pace is None or heading.amount < amount:
            return None
        left = amount - self.sure.amount
        days = left / self.pace.amount if left > 0 else Decimal()
        return self.until + max(int(days.to_integral_value(ROUND_CEILING)) - 1, 0) * DAY


def outlook_on(
    today: date,
    history: CostHistory,
    threshold: Threshold | None = None,
    *,
    by_day: bool = True,
    whole: bool = True,
) -> Outlook | None:
    """Look at the month that ``today`` is in.

    Args:
        today: The UTC day.
        history: The month's costs up to it.
        threshold: What the month may cost, if that is what the channel has set.
        by_day: Whether the history has an entry per day, and so a pace.
        whole: Whether AWS has published all of the newest day; a part says nothing of the pace.

    Returns:
        None when nothing of the month is published, as on the 1st.
    """
    month = Period(today.replace(day=1), first_of_next_month(today))
    until = min(history.published_until or month.start, today)
    spend = history.spend(month) if until > month.start else None
    if spend is None:
        return None
    pace = to_come = lacking = None
    if by_day:
        pace, to_come = pace_of(history, until if whole else until - DAY), still_to_come(history, month)
        lacking = None if whole else _lacking(history, Period(until - DAY, until), pace)
    outlook = Outlook(month, until, spend, pace, to_come, threshold, lacking=lacking)
    return replace(outlook, reached_on=_reached_on(threshold, history, outlook)) if threshold else outlook


def _lacking(history: CostHistory, day: Period, pace: Money | None) -> Money | None:
    there = history.spend(day)
    return pace - there if pace and there and abs(pace.amount) > abs(there.amount) else None


def _reached_on(threshold: Threshold, history: CostHistory, outlook: Outlook) -> date | None:
    if outlook.spend.amount >= threshold.amount:
        return _first_day_at(threshold, history, outlook)
    return outlook.day_at(threshold.amount)


def _first_day_at(threshold: Threshold, history: CostHistory, outlook: Outlook) -> date | None:
    spent = Decimal()
    for day in Period(outlook.month.start, outlook.until).days():
        spend = history.spend(Period(day, day + DAY))
        spent += spend.amount if spend else 0
        if spent >= threshold.amount:
            return day
    return None
