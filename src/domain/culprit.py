"""What a period's services cost on such a period as a rule, and which of them stands out.

A day is measured against the same weekdays before it, a week against the weeks before, a month against the
months before: so a quiet Saturday is nothing to tell, and the second day of an incident is still one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from statistics import median

from domain.costs import NOTHING, CostHistory, found_once
from domain.money import Money
from domain.movers import Part
from domain.pace import ALIKE, OneOff, one_offs, pace_of
from domain.periods import DAY, WEEK, Frequency, Period, first_of_previous_month

ALIKE_BEFORE = 4
FEWEST_ALIKE = 3
"""With fewer periods of the same kind there is no saying what is usual."""

LAST_DAYS = 14
"""A young account's day is measured against as many days before it, whichever weekdays they are."""

SHARE_THAT_STANDS_OUT = Decimal("0.1")
LEAST_THAT_STANDS_OUT = Decimal(1)
"""Of what all services usually cost, and in the bill's currency: less is nothing to name anybody for."""

LASTS = Decimal("0.5")
"""Of the newest day's distance: a day before it that is so far above its usual belongs to the same rise."""

LONGEST_RUN = 31

Amounts = Mapping[str, Decimal]


@dataclass(frozen=True, slots=True)
class Culprit:
    """The service that is furthest above what it usually costs.

    Args:
        name: Its name.
        period: When it was measured: the reported period, or of a running month the newest day.
        amount: What it cost.
        usual: What it costs in such a period as a rule.
        lasts: For how many periods in a row, this one included.
        over: By how much it was above its usual in all of them.
        is_older: Whether the run reaches back to where nothing is known, and may be longer.
        month_with: What the running month comes to if it goes on like this, where that is known.
        month_without: And if it stops now.
    """

    name: str
    period: Period
    amount: Money
    usual: Money
    lasts: int
    over: Money
    is_older: bool
    month_with: Money | None = None
    month_without: Money | None = None


@found_once
def usual_of_services(history: CostHistory, frequency: Frequency, period: Period) -> Amounts | None:
    """What each service costs in such a period as a rule; None when too few are known.

    On the 1st, what fell on the 1st before is usual, too.
    """
    if not history.is_divided:
        return None
    alike = _alike(frequency, history, period)
    if len(alike) < FEWEST_ALIKE:
        return None
    costs = [history.services(one) for one in alike]
    names = {name for services in costs for name in services}
    usual = {name: median(services.get(name, NOTHING) for services in costs) for name in names}
    for one in _expected_on_the_first(history, period):
        usual[one.name] = usual.get(one.name, NOTHING) + one.amount
    return usual


def of_the_first(history: CostHistory, period: Period) -> tuple[OneOff, ...]:
    """The charges of a 1st in the period that come on no other day, but came on the 1st before.

    Nothing for whole months: each has a 1st.
    """
    then = {one.name: one.amount for one in _expected_on_the_first(history, period)}
    return tuple(one for one in _on_the_first(history, period) if then.get(one.name, 0) >= ALIKE * one.amount)


def _expected_on_the_first(history: CostHistory, period: Period) -> tuple[OneOff, ...]:
    """What fell on the 1st before; where that is not known, what falls on this one."""
    here = _on_the_first(history, period)
    if not here:
        return ()
    before = first_of_previous_month(here[0].day)
    then = Period(before, before + DAY)
    return one_offs(history, then) if _is_known(history, then) else here


def _on_the_first(history: CostHistory, period: Period) -> tuple[OneOff, ...]:
    first = next((day for day in period.days() if day.day == 1), None)
    if first is None or period.is_whole_month:
        return ()
    return tuple(one for one in one_offs(history, Period(first, first + DAY)) if one.amount > 0)


def with_usual(parts: Sequence[Part], usual: Amounts | None) -> tuple[Part, ...]:
    """The parts with what is usual for each, those first that are furthest from it."""
    if usual is None:
        return tuple(parts)
    measured = [
        Part(part.name, part.amount, part.before, part.is_new, usual.get(part.name, NOTHING))
        for part in parts
    ]
    return tuple(sorted(measured, key=lambda part: (-abs(part.distance), -abs(part.amount), part.name)))


def culprit_of(frequency: Frequency, history: CostHistory, counted: Period) -> Culprit | None:
    """The service that stands out, if one does.

    Args:
        frequency: How periods follow each other.
        history: What they cost.
        counted: The one that is measured; a running month is by its newest day.
    """
    kind, period = _measured(frequency, counted)
    usual = usual_of_services(history, kind, period)
    if usual is None:
        return None
    now = history.services(period)
    distances = {name: amount - usual.get(name, NOTHING) for name, amount in now.items()}
    name = max(distances, key=lambda one: (distances[one], one), default="")
    if not name or not _stands_out(distances[name], sum(now.values(), NOTHING), sum(usual.values(), NOTHING)):
        return None
    run, is_older = _run(kind, history, period, name, distances[name])
    return Culprit(
        name=name,
        period=period,
        amount=Money(now[name], history.currency),
        usual=Money(usual.get(name, NOTHING), history.currency),
        lasts=len(run),
        over=Money(sum(run, NOTHING), history.currency),
        is_older=is_older,
    )


def with_month(culprit: Culprit, history: CostHistory, month_end: date, sure: Money) -> Culprit:
    """Add where the running month is heading, with the rise and without it.

    Args:
        culprit: Measured by the newest days.
        history: By day.
        month_end: The end (exclusive) of the running month.
        sure: What the month has cost so far, and what is known to come.
    """
    days = (culprit.period.end - culprit.period.start).days
    since = culprit.period.end - culprit.lasts * days * DAY
    pace = pace_of(history, since)
    if pace is None:
        return culprit
    days_left = (month_end - culprit.period.end).days
    without = sure.amount + days_left * pace.amount
    rise = (culprit.amount.amount - culprit.usual.amount) / days
    return replace(
        culprit,
        month_with=Money(without + days_left * rise, sure.currency),
        month_without=Money(without, sure.currency),
    )


def _measured(frequency: Frequency, counted: Period) -> tuple[Frequency, Period]:
    """A running month is measured by its newest day."""
    if frequency is Frequency.MONTH_TO_DATE:
        return Frequency.DAILY, Period(counted.last_day, counted.end)
    return frequency, counted


def _alike(frequency: Frequency, history: CostHistory, period: Period) -> list[Period]:
    """The periods that this one is measured against, the newest first."""
    if frequency is Frequency.DAILY:
        weekdays = [_earlier(period, n * WEEK.days) for n in range(1, ALIKE_BEFORE + 1)]
        known = [one for one in weekdays if _is_known(history, one)]
        if len(known) >= FEWEST_ALIKE:
            return known
        last_days = [_earlier(period, n) for n in range(1, LAST_DAYS + 1)]
        return [one for one in last_days if _is_known(history, one)]
    before = frequency.period_before(period)
    found: list[Period] = []
    while len(found) < ALIKE_BEFORE and _is_known(history, before):
        found.append(before)
        before = frequency.period_before(before)
    return found


def _earlier(period: Period, days: int) -> Period:
    return Period(period.start - days * DAY, period.end - days * DAY)


def _is_known(history: CostHistory, period: Period) -> bool:
    known_from = history.published_from
    return known_from is not None and known_from <= period.start and history.covers(period)


def _stands_out(distance: Decimal, total: Decimal, usual_total: Decimal) -> bool:
    least = max(LEAST_THAT_STANDS_OUT, SHARE_THAT_STANDS_OUT * usual_total)
    return distance >= least and total > usual_total


def _run(
    frequency: Frequency, history: CostHistory, period: Period, name: str, distance: Decimal
) -> tuple[list[Decimal], bool]:
    """The distances of this period and of those right before it that belong to the same rise."""
    run, before = [distance], frequency.period_before(period)
    while len(run) < LONGEST_RUN:
        usual = usual_of_services(history, frequency, before)
        if usual is None:
            return run, history.services(before).get(name, NOTHING) >= LASTS * history.services(period)[name]
        earlier = history.services(before).get(name, NOTHING) - usual.get(name, NOTHING)
        if earlier < LASTS * distance:
            break
        run.append(earlier)
        before = frequency.period_before(before)
    return run, False
