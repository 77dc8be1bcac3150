"""Days, weeks and months as Cost Explorer counts them: UTC, half-open."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from functools import lru_cache

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
WEEK = timedelta(days=7)
TRAILING_DAYS = 7
"""How many closed days a daily check reads again, since Cost Explorer fills days in late."""

BILL_OPEN_FOR = timedelta(days=5)
"""How long after its end AWS still changes a month. Source: docs/facts/cost-explorer.md, freshness."""


@dataclass(frozen=True, slots=True, order=True)
class Period:
    """The UTC days from ``start`` up to, and without, ``end``.

    Raises:
        ValueError: The period holds no day. (Cost Explorer refuses such a window too.)
    """

    start: date
    end: date

    def __post_init__(self) -> None:
        if self.start >= self.end:
            raise ValueError(f"a period ends after it starts, but {self.end} is not after {self.start}")

    @property
    def last_day(self) -> date:
        """The last day inside the period."""
        return self.end - DAY

    @property
    def is_day(self) -> bool:
        """Whether the period is one day."""
        return self.end == self.start + DAY

    @property
    def is_whole_month(self) -> bool:
        """Whether the period is one calendar month."""
        return self.start.day == 1 and self.end == first_of_next_month(self.start)

    def days(self) -> Iterator[date]:
        """Every day inside the period, oldest first."""
        return (self.start + n * DAY for n in range((self.end - self.start).days))

    def __contains__(self, other: Period) -> bool:
        return self.start <= other.start and other.end <= self.end

    def __str__(self) -> str:
        """``2026-11-22``, ``October 2026``, or ``2026-11-16 to 2026-11-22``."""
        if self.is_day:
            return self.start.isoformat()
        if self.is_whole_month:
            return f"{self.start:%B %Y}"
        return f"{self.start} to {self.last_day}"


class Frequency(StrEnum):
    """How often, and over which window, a channel wants to know its spend."""

    DAILY = "daily"
    WEEKLY = "weekly"
    MONTHLY = "monthly"
    MONTH_TO_DATE = "month-to-date"

    def period_on(self, today: date) -> Period:
        """The newest period to report on the UTC day ``today``.

        Daily: yesterday. Weekly: the last full ISO week. Monthly: the last full calendar month.
        Month-to-date: this month's closed days, and on the 1st the month that has just closed.
        """
        first = today.replace(day=1)
        match self:
            case Frequency.DAILY:
                return Period(today - DAY, today)
            case Frequency.WEEKLY:
                monday = today - today.weekday() * DAY
                return Period(monday - WEEK, monday)
            case Frequency.MONTHLY:
                return Period(first_of_previous_month(first), first)
            case Frequency.MONTH_TO_DATE:
                return (
                    Period(first, today) if today > first else Period(first_of_previous_month(first), first)
                )

    @lru_cache(maxsize=64)  # the members live for ever; all channels ask for the same days
    def periods_reviewed_on(self, today: date) -> tuple[Period, ...]:
        """The periods to look at on ``today``, oldest first: the newest, and those that AWS may still change.

        Daily: the trailing week. Weekly and monthly: the one before the newest. Month-to-date: the month
        that has closed, until its bill is final.
        """
        newest = self.period_on(today)
        match self:
            case Frequency.DAILY:
                return tuple(
                    Period(newest.start - n * DAY, newest.end - n * DAY)
                    for n in reversed(range(TRAILING_DAYS))
                )
            case Frequency.MONTH_TO_DATE:
                closed = Period(first_of_previous_month(newest.start), newest.start)
                return (closed, newest) if newest.end < closed.end + BILL_OPEN_FOR else (newest,)
            case _:
                return (self.period_before(newest), newest)

    def period_before(self, period: Period) -> Period:
        """What a period is compared with: the one before it, or as many days of the month before."""
        if self in {Frequency.DAILY, Frequency.WEEKLY}:
            return Period(period.start - (period.end - period.start), period.start)
        first = first_of_previous_month(period.start)
        if period.is_whole_month:
            return Period(first, period.start)
        return Period(first, min(first + (period.end - period.start), period.start))


def first_of_next_month(day: date) -> date:
    """The 1st of the month after the one that ``day`` is in."""
    return (day.replace(day=28) + 4 * DAY).replace(day=1)


def a_month_before(day: date) -> date:
    """The same day of the month before, or that month's last."""
    first = first_of_previous_month(day)
    return first.replace(day=min(day.day, (first_of_next_month(first) - DAY).day))


def first_of_previous_month(day: date) -> date:
    """The 1st of the month before the one that ``day`` is in."""
    return (day.replace(day=1) - DAY).replace(day=1)
