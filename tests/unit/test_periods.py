"""Periods are counted as Cost Explorer counts: whole UTC days, half-open."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.periods import (
    DAY,
    Frequency,
    Period,
    first_of_next_month,
    first_of_previous_month,
)

DAYS = st.dates(date(2000, 3, 1), date(2100, 12, 31))


def period(start: str, end: str) -> Period:
    """Make one from ISO dates."""
    return Period(date.fromisoformat(start), date.fromisoformat(end))


@pytest.mark.parametrize(
    ("today", "daily", "month_to_date", "monthly"),
    [
        ("2026-11-23", "2026-11-22", "2026-11-01 to 2026-11-22", "October 2026"),
        ("2026-01-01", "2025-12-31", "December 2025", "December 2025"),
        ("2026-01-02", "2026-01-01", "2026-01-01", "December 2025"),
        ("2024-02-29", "2024-02-28", "2024-02-01 to 2024-02-28", "January 2024"),
        ("2024-03-01", "2024-02-29", "February 2024", "February 2024"),
        ("2023-03-01", "2023-02-28", "February 2023", "February 2023"),
        ("2026-10-31", "2026-10-30", "2026-10-01 to 2026-10-30", "September 2026"),
        ("2026-12-31", "2026-12-30", "2026-12-01 to 2026-12-30", "November 2026"),
        ("2000-03-01", "2000-02-29", "February 2000", "February 2000"),
    ],
)
def test_the_newest_period_of_each_frequency(
    today: str, daily: str, month_to_date: str, monthly: str
) -> None:
    """Leap days, year ends, the 1st and the 31st fall where the calendar has them."""
    day = date.fromisoformat(today)
    assert str(Frequency.DAILY.period_on(day)) == daily
    assert str(Frequency.MONTH_TO_DATE.period_on(day)) == month_to_date
    assert str(Frequency.MONTHLY.period_on(day)) == monthly


@pytest.mark.parametrize("weekday", range(7))
def test_a_week_is_the_last_full_iso_week(weekday: int) -> None:
    """From every weekday the same Monday to Sunday is looked back at."""
    monday = date(2026, 11, 23)
    assert Frequency.WEEKLY.period_on(monday + weekday * DAY) == period("2026-11-16", "2026-11-23")


def test_a_week_may_span_two_years() -> None:
    """ISO week 53 of 2026 ends in 2027."""
    assert Frequency.WEEKLY.period_on(date(2027, 1, 4)) == period("2026-12-28", "2027-01-04")


@given(DAYS)
def test_daily_is_yesterday(today: date) -> None:
    """[D-1, D)."""
    assert Frequency.DAILY.period_on(today) == Period(today - DAY, today)


@given(DAYS)
def test_weekly_is_a_whole_week_that_has_closed(today: date) -> None:
    """Monday to Monday, and the newest such."""
    week = Frequency.WEEKLY.period_on(today)
    assert (week.start.isoweekday(), week.end - week.start) == (1, timedelta(days=7))
    assert week.end <= today < week.end + timedelta(days=7)


@given(DAYS)
def test_monthly_is_the_calendar_month_before(today: date) -> None:
    """From its 1st up to the 1st of the month that is running."""
    month = Frequency.MONTHLY.period_on(today)
    assert month.end == today.replace(day=1)
    assert month.start == (month.end - DAY).replace(day=1)
    assert month.is_whole_month


@given(DAYS)
def test_month_to_date_holds_the_closed_days_of_one_month(today: date) -> None:
    """Every closed day of the running month and none else; on the 1st the month that has just closed."""
    window = Frequency.MONTH_TO_DATE.period_on(today)
    assert window.end == today
    assert window.start == (today - DAY).replace(day=1)


@given(st.sampled_from(Frequency), DAYS)
def test_from_one_day_to_the_next_no_closed_day_is_left_out(frequency: Frequency, today: date) -> None:
    """A channel that checks every day hears about every period."""
    now, then = frequency.period_on(today), frequency.period_on(today + DAY)
    assert then.start <= now.end <= then.end


@given(st.sampled_from(Frequency), DAYS)
def test_what_is_reviewed_ends_with_the_newest_in_order(frequency: Frequency, today: date) -> None:
    """Oldest first, none twice, all closed, the newest last."""
    reviewed = frequency.periods_reviewed_on(today)
    assert reviewed[-1] == frequency.period_on(today)
    assert all(one < other and one.end <= other.end for one, other in pairwise(reviewed))
    assert all(one.end <= today for one in reviewed)


def test_a_daily_check_reads_the_trailing_week_again() -> None:
    """Cost Explorer fills days in late, so seven days are looked at."""
    reviewed = Frequency.DAILY.periods_reviewed_on(date(2026, 3, 3))
    assert [one.start for one in reviewed] == [date(2026, 2, 24) + n * DAY for n in range(7)]


def test_a_weekly_and_a_monthly_check_read_the_period_before_again() -> None:
    """At midnight after its end a period is never complete: the next check must look again."""
    today = date(2026, 11, 23)
    assert Frequency.WEEKLY.periods_reviewed_on(today) == (
        period("2026-11-09", "2026-11-16"),
        period("2026-11-16", "2026-11-23"),
    )
    assert [str(month) for month in Frequency.MONTHLY.periods_reviewed_on(today)] == [
        "September 2026",
        "October 2026",
    ]


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        (1, ["October 2026"]),
        (2, ["October 2026", "2026-11-01"]),
        (5, ["October 2026", "2026-11-01 to 2026-11-04"]),
        (6, ["2026-11-01 to 2026-11-05"]),
    ],
)
def test_month_to_date_reads_the_closed_month_until_its_bill_is_final(day: int, expected: list[str]) -> None:
    """Until about the 5th AWS still changes the month before."""
    reviewed = Frequency.MONTH_TO_DATE.periods_reviewed_on(date(2026, 11, day))
    assert [str(one) for one in reviewed] == expected


@pytest.mark.parametrize(
    ("frequency", "now", "before"),
    [
        (Frequency.DAILY, ("2026-03-01", "2026-03-02"), ("2026-02-28", "2026-03-01")),
        (Frequency.WEEKLY, ("2027-01-04", "2027-01-11"), ("2026-12-28", "2027-01-04")),
        (Frequency.MONTHLY, ("2024-03-01", "2024-04-01"), ("2024-02-01", "2024-03-01")),
        (Frequency.MONTH_TO_DATE, ("2026-11-01", "2026-11-22"), ("2026-10-01", "2026-10-22")),
        (Frequency.MONTH_TO_DATE, ("2026-03-01", "2026-03-31"), ("2026-02-01", "2026-03-01")),
        (Frequency.MONTH_TO_DATE, ("2026-02-01", "2026-03-01"), ("2026-01-01", "2026-02-01")),
    ],
)
def test_a_period_is_compared_with_its_like(
    frequency: Frequency, now: tuple[str, str], before: tuple[str, str]
) -> None:
    """Days with days, whole months with whole months, part of a month with as many days of the last."""
    assert frequency.period_before(period(*now)) == period(*before)


@given(st.sampled_from(Frequency), DAYS)
def test_the_period_before_does_not_overlap(frequency: Frequency, today: date) -> None:
    """No cost is on both sides of a comparison."""
    newest = frequency.period_on(today)
    assert frequency.period_before(newest).end <= newest.start


@given(DAYS)
def test_first_of_a_month(day: date) -> None:
    """The month after follows the month, the month before precedes it."""
    assert first_of_next_month(day) > day
    assert first_of_previous_month(first_of_next_month(day)) == day.replace(day=1)
    assert first_of_next_month(first_of_previous_month(day)) == day.replace(day=1)


def test_a_period_holds_its_days() -> None:
    """From the first up to, and without, the end."""
    leap = period("2024-02-28", "2024-03-02")
    assert list(leap.days()) == [date(2024, 2, 28), date(2024, 2, 29), date(2024, 3, 1)]
    assert leap.last_day == date(2024, 3, 1)


def test_a_period_contains_what_lies_inside_it_only() -> None:
    """Both ends count; an overlap is not enough."""
    week = period("2026-11-16", "2026-11-23")
    assert period("2026-11-16", "2026-11-23") in week
    assert period("2026-11-22", "2026-11-23") in week
    assert period("2026-11-22", "2026-11-24") not in week
    assert period("2026-11-15", "2026-11-17") not in week


@pytest.mark.parametrize("end", ["2026-11-22", "2026-11-21"])
def test_a_period_holds_at_least_a_day(end: str) -> None:
    """Cost Explorer refuses a window whose end is not after its start."""
    with pytest.raises(ValueError, match="is not after"):
        period("2026-11-22", end)


@pytest.mark.parametrize(
    ("start", "end", "name"),
    [
        ("2026-11-22", "2026-11-23", "2026-11-22"),
        ("2026-10-01", "2026-11-01", "October 2026"),
        ("2025-12-01", "2026-01-01", "December 2025"),
        ("2026-11-16", "2026-11-23", "2026-11-16 to 2026-11-22"),
        ("2026-11-01", "2026-11-30", "2026-11-01 to 2026-11-29"),
    ],
)
def test_a_period_says_its_days(start: str, end: str, name: str) -> None:
    """A day is a date, a month has its name, the rest shows its first and last day."""
    assert str(period(start, end)) == name
