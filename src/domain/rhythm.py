"""How often a channel hears of a period that is not news by itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from domain.costs import CostHistory
from domain.money import Money
from domain.notify import Notify
from domain.periods import DAY, WEEK, Frequency, Period
from domain.thresholds import Threshold, Verdict
from domain.told import Told
from domain.watch import Watch

SILENCE = {
    Frequency.DAILY: WEEK,
    Frequency.MONTH_TO_DATE: WEEK,
    Frequency.WEEKLY: 4 * WEEK,
    Frequency.MONTHLY: timedelta(days=366),
}
"""After so long without a word a channel that wants to hear of breaches only hears that all is well."""

FURTHER = 10
"""Percent of a month's threshold: at each so many more that are spent beyond it, it is told again."""

Days = Mapping[Period, Told]


@dataclass(frozen=True, slots=True)
class WeekPast:
    """The seven days up to a report's end.

    Args:
        days: Which.
        spend: What they cost.
        before: What the seven days before them cost, if that is known.
        over: How many of them were over a day's threshold; None when the threshold is not a day's.
        still_watching: Whether it is told because nothing was for long, rather than as every week.
    """

    days: Period
    spend: Money
    before: Money | None
    over: int | None
    still_watching: bool


def is_wanted(watch: Watch, period: Period, verdict: Verdict, told: Days, since: date | None) -> bool:
    """Whether the newest period, of which nothing was told yet, is one to tell of, by what the channel wants.

    Args:
        watch: What it watches.
        period: The newest.
        verdict: Its verdict.
        told: What was told.
        since: The start of the first period that was checked.
    """
    month = _of_month(period, told) if watch.is_running(period) else []
    if verdict is Verdict.EXCEEDED:
        return not _was_exceeded(month)
    if watch.milestones and watch.is_running(period):
        return _was_exceeded(month)
    if watch.notify not in {Notify.ONLY_EXCEEDED, Notify.WEEKLY_SUMMARY} or verdict is Verdict.NOT_PUBLISHED:
        return watch.notify is not Notify.ONLY_EXCEEDED
    return _was_exceeded(_before(period, told)) or is_week_due(watch, period, told, since)


def goes_further(watch: Watch, period: Period, spend: Money, told: Days) -> bool:
    """Whether a month that was told as exceeded has by now cost another 10 % of its threshold."""
    month = _of_month(period, told) if watch.is_running(period) else []
    if not _was_exceeded(month) or not watch.threshold.amount or watch.milestones:
        return False
    last = next((one.spend for one in reversed(month) if one.spend), None)
    return last is not None and _tenths(spend, watch.threshold) > _tenths(last, watch.threshold)


def is_week_due(watch: Watch, period: Period, told: Days, since: date | None) -> bool:
    """Whether it is time for a word that comes once a week, though nothing has happened."""
    if watch.notify is Notify.ONLY_EXCEEDED:
        spoken = max((one.end for one in told), default=since or period.start)
        return period.end - spoken >= SILENCE[watch.frequency]
    if watch.notify is not Notify.WEEKLY_SUMMARY:
        return False
    if watch.frequency in {Frequency.WEEKLY, Frequency.MONTHLY} or (not told and since is None):
        return True  # a period is a summary by itself; and who has just asked is answered
    monday = period.end - period.end.weekday() * DAY
    return (since is None or since < monday) and not any(one.end >= monday for one in told)


def week_past(watch: Watch, history: CostHistory, period: Period) -> WeekPast | None:
    """The seven days up to the period's end, by days; None where they are not all known."""
    if watch.frequency in {Frequency.WEEKLY, Frequency.MONTHLY}:
        return None  # they are the summary themselves
    days = Period(period.end - WEEK, period.end)
    spend = history.spend(days)
    if spend is None or not history.covers(days):
        return None
    before = Period(days.start - WEEK, days.start)
    is_known = history.published_from is not None and history.published_from <= before.start
    spends = [history.spend(Period(day, day + DAY)) for day in days.days()]
    over = sum(1 for one in spends if one and one.amount > watch.threshold.amount)
    return WeekPast(
        days,
        spend,
        history.spend(before) if is_known else None,
        over if watch.frequency is Frequency.DAILY else None,
        still_watching=watch.notify is Notify.ONLY_EXCEEDED,
    )


def _of_month(period: Period, told: Days) -> list[Told]:
    return [one for other, one in sorted(told.items()) if other.start == period.start]


def _before(period: Period, told: Days) -> list[Told]:
    return [one for other, one in sorted(told.items()) if other < period]


def _was_exceeded(told: list[Told]) -> bool:
    """Whether the last word was that it is over."""
    return bool(told) and told[-1].verdicts[-1] is Verdict.EXCEEDED


def _tenths(spend: Money, threshold: Threshold) -> int:
    return int(100 * spend.amount / threshold.amount) // FURTHER
