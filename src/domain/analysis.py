"""The figures behind a report: why it cost that, whether to trust it, where it is heading."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import lru_cache

from domain.artefacts import Artefact, artefacts_of
from domain.causes import Cause
from domain.coach import Coaching, coach
from domain.costs import CostHistory
from domain.culprit import (
    Culprit,
    culprit_of,
    of_the_first,
    usual_of_services,
    with_month,
    with_usual,
)
from domain.money import Money
from domain.movers import Part, parts_of
from domain.outlook import Outlook, outlook_on
from domain.pace import OneOff
from domain.periods import DAY, Frequency, Period, first_of_previous_month
from domain.thresholds import Threshold, Verdict
from domain.told import Told
from domain.trust import LaterChange, is_provisional, later_change
from domain.usual import Usual, usual_for

HIDDEN = Decimal("0.1")
"""Of what was used: credits beyond that deserve a word."""

DAYS_DRAWN = 14
MONTHS_DRAWN = 12


@dataclass(frozen=True, slots=True)
class Episode:
    """A run of periods over the threshold that has ended.

    Args:
        since: The start of the first of them.
        periods: How many they were.
        over: By how much they were over, together.
        is_older: Whether the run reaches back to where the known costs begin, and may be longer.
    """

    since: date
    periods: int
    over: Money
    is_older: bool


@dataclass(frozen=True, slots=True)
class Misfit:
    """Nothing in all the days that were looked at fits the scope.

    Args:
        near: Names that do stand in the bill, and may have been meant.
    """

    near: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Analysis:
    """What can be said about a period besides its spend, all from one answer of AWS.

    Args:
        counted: The part of the period that AWS has published.
        before: What it is compared with, or None when that is not known.
        spend_before: What that cost.
        parts: What each service cost and how that changed, the largest change first; their sum is the spend.
        usual: What the day's weekday usually costs; None for longer periods and without enough weeks.
        shape: The last 14 days, or 12 months, each with its spend, oldest first; None where nothing is
            published.
        provisional: Whether AWS may still add to the period.
        later_change: How much AWS usually adds, when what was told before shows it.
        outlook: The month that is running; only with the newest period, and not on the 1st.
        episode: The days (weeks, months) over budget that this period has ended.
        accounts: What each linked account cost, like ``parts``; empty when that was not asked for.
        taken_off: Credits and refunds, where they hide more than a tenth of what was used; below zero.
        misfit: Why there is no figure at all, when that is the scope.
        culprit: The service that stands out above what it usually costs.
        of_the_first: The charges of a day that fall on every 1st.
        coaching: What the threshold would have said lately; with a channel's first report.
        artefacts: What of the spend is no usage: tax, support and the like.
        causes: What exactly moved within the service that matters; empty when that was not asked for.
    """

    counted: Period
    before: Period | None
    spend_before: Money | None
    parts: tuple[Part, ...]
    usual: Usual | None
    shape: tuple[tuple[Period, Money | None], ...]
    provisional: bool
    later_change: LaterChange | None
    outlook: Outlook | None
    episode: Episode | None
    accounts: tuple[Part, ...] = ()
    taken_off: Money | None = None
    misfit: Misfit | None = None
    culprit: Culprit | None = None
    of_the_first: tuple[OneOff, ...] = ()
    coaching: Coaching | None = None
    artefacts: tuple[Artefact, ...] = ()
    causes: tuple[Cause, ...] = ()


def analyse(
    frequency: Frequency,
    today: date,
    history: CostHistory,
    threshold: Threshold,
    period: Period,
    told: Mapping[Period, Told],
    *,
    whole: bool = True,
) -> Analysis:
    """Derive every figure from the costs and from what was told before.

    Args:
        frequency: How periods follow each other.
        today: The UTC day.
        history: By month for a monthly frequency, else by day.
        threshold: What a period may cost.
        period: What is reported.
        told: What the channel was told of other periods.
        whole: Whether AWS has published all of the period, as far as can be told.
    """
    by_day = frequency is not Frequency.MONTHLY
    is_newest = period == frequency.period_on(today)
    counted = counted_part(history, period)
    before = compared_with(frequency, history, period, counted)
    for_month = threshold if frequency in {Frequency.MONTHLY, Frequency.MONTH_TO_DATE} else None
    ends_whole = whole or history.published_until != period.end
    outlook = outlook_on(today, history, for_month, by_day=by_day, whole=ends_whole) if is_newest else None
    is_whole = counted == period
    running = frequency is Frequency.MONTH_TO_DATE
    usual = usual_of_services(history, frequency, counted) if is_whole and not running else None
    return Analysis(
        counted=counted,
        before=before,
        spend_before=history.spend(before) if before else None,
        parts=with_usual(parts_of(history, counted, before), usual),
        usual=usual_for(history, period) if frequency is Frequency.DAILY else None,
        shape=shape_of(history, period, by_day=by_day),
        provisional=is_provisional(period, today),
        later_change=later_change(history, told, today),
        outlook=outlook,
        episode=episode_before(frequency, history, threshold, period),
        taken_off=taken_off(history, counted),
        culprit=_culprit(frequency, history, counted, outlook) if is_whole or running else None,
        of_the_first=of_the_first(history, counted) if frequency is Frequency.DAILY else (),
        coaching=coach(frequency, history, threshold, today) if is_newest and not told else None,
        artefacts=artefacts_of(history, counted),
    )


def _culprit(
    frequency: Frequency, history: CostHistory, counted: Period, outlook: Outlook | None
) -> Culprit | None:
    culprit = culprit_of(frequency, history, counted)
    if culprit is None or outlook is None or outlook.pace is None:
        return culprit
    return with_month(culprit, history, outlook.month.end, outlook.sure)


def taken_off(history: CostHistory, period: Period) -> Money | None:
    """What credits and refunds take off the period, when it is more than a tenth of what was used.

    A credit that stands under its service's name is not seen: the answer holds their sum.
    """
    amounts = history.services(period).values()
    used = sum((amount for amount in amounts if amount > 0), Decimal())
    off = sum((amount for amount in amounts if amount < 0), Decimal())
    return Money(off, history.currency) if -off > HIDDEN * used else None


def counted_part(history: CostHistory, period: Period) -> Period:
    """The period up to where AWS has published it; all of it when that is nothing."""
    until = history.published_until
    return Period(period.start, until) if until and period.start < until < period.end else period


def compared_with(
    frequency: Frequency, history: CostHistory, period: Period, counted: Period
) -> Period | None:
    """The period before, if it is known from its start on and the two are alike.

    Part of a week is not compared with a week; part of a month is, with as many days of the month before.
    """
    if counted != period and frequency is not Frequency.MONTH_TO_DATE:
        return None
    before = frequency.period_before(counted)
    known_from = history.published_from
    if known_from is None or known_from > before.start or history.spend(before) is None:
        return None
    return before


def shape_of(
    history: CostHistory, period: Period, *, by_day: bool = True
) -> tuple[tuple[Period, Money | None], ...]:
    """The spend of the last 14 days, or 12 months, up to the period's end, oldest first."""
    drawn = last_days(period.end) if by_day else last_months(period)
    return tuple([(one, history.spend(one)) for one in drawn])


@lru_cache(maxsize=64)
def last_days(end: date) -> tuple[Period, ...]:
    """The days that are drawn, oldest first."""
    return tuple(Period(end - n * DAY, end - (n - 1) * DAY) for n in range(DAYS_DRAWN, 0, -1))


@lru_cache(maxsize=64)
def last_months(newest: Period) -> tuple[Period, ...]:
    """The months that are drawn, oldest first."""
    months = [newest]
    while len(months) < MONTHS_DRAWN:
        months.append(Period(first_of_previous_month(months[-1].start), months[-1].start))
    return tuple(reversed(months))


def episode_before(
    frequency: Frequency, history: CostHistory, threshold: Threshold, period: Period
) -> Episode | None:
    """The unbroken run of periods over the threshold that ends where this period begins.

    None when there is none, when the period is not known to be within budget, or is part of a month: that
    has no periods before it with a budget of their own.
    """
    known_from = history.published_from
    if frequency is Frequency.MONTH_TO_DATE or known_from is None:
        return None
    if threshold.judge(history, period) is not Verdict.WITHIN:
        return None
    run: list[Money] = []
    since, before = period.start, frequency.period_before(period)
    while before.start >= known_from:
        earlier = history.spend(before)
        if earlier is None or earlier.amount <= threshold.amount:
            break
        run.append(threshold.excess(earlier))
        since, before = before.start, frequency.period_before(before)
    if not run:
        return None
    return Episode(since, len(run), sum(run[1:], run[0]), is_older=before.start < known_from)
