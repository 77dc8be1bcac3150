"""The one question that a look asks of AWS."""

from __future__ import annotations

from datetime import date
from functools import lru_cache

from application.monitor import Monitor
from application.ports.cost_source import BY_ACCOUNT, BY_SERVICE, CostQuery, Granularity, GroupBy, GroupType
from domain.closing import SAID_UNTIL_DAY
from domain.parts import Dimension, PartBy
from domain.periods import DAY, Frequency, Period, a_month_before, first_of_previous_month

DAYS_ASKED = 35
MONTHS_KEPT = 13
"""Of closed ones; what is older is refused. Source: docs/facts/cost-explorer.md, price, freshness, limits."""


@lru_cache(maxsize=64)  # all channels ask for the same days
def known_from(today: date) -> date:
    """The first day that Cost Explorer still has."""
    start = today.replace(day=1)
    for _ in range(MONTHS_KEPT):
        start = first_of_previous_month(start)
    return start


def query_for(monitor: Monitor, account_id: str, today: date, as_of: date | None = None) -> CostQuery:
    """The one question whose answer holds the period and enough before it to compare with.

    35 days by day: the window, late changes, the same weekdays; for a month to date also the month before,
    and for anything a month before the period, to tell what is new; in a month's first days the month that
    has closed and the one before it. For monthly checks 13 months and the running one by month, as far back
    as Cost Explorer goes. By service, and by linked account as long as that stays one page.

    Args:
        monitor: What is watched.
        account_id: Whose costs.
        today: The UTC day that periods are counted from.
        as_of: The day up to which costs are asked for, if it is later: who looks again asks what is asked
            that day anyhow.
    """
    frequency, end = monitor.frequency, max(as_of or today, today)
    if frequency is Frequency.MONTHLY:
        start, granularity = known_from(end), Granularity.MONTHLY
    else:
        starts = [end - DAYS_ASKED * DAY]
        for day in (today, end):
            period = frequency.period_on(day)
            starts += [frequency.period_before(period).start, a_month_before(period.start)]
        if frequency is not Frequency.MONTH_TO_DATE and end.day <= SAID_UNTIL_DAY:
            starts.append(first_of_previous_month(first_of_previous_month(end)))
        start, granularity = min(starts), Granularity.DAILY
    return CostQuery(
        account_id,
        Period(start, end),
        granularity,
        monitor.metric,
        monitor.scope,
        monitor.excluded_record_types,
        group_by=(BY_SERVICE, group_of(monitor.by) if monitor.by else BY_ACCOUNT),
        most_pages=1,
    )


def group_of(by: PartBy) -> GroupBy:
    """What Cost Explorer divides by for such parts; services are divided by in any case."""
    match by.dimension:
        case Dimension.TAG:
            return GroupBy(by.key, GroupType.TAG)
        case Dimension.CATEGORY:
            return GroupBy(by.key, GroupType.COST_CATEGORY)
        case Dimension.ACCOUNT | Dimension.SERVICE:
            return BY_ACCOUNT
