"""Where a month is heading, and when it reaches its threshold."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.costs import CostHistory
from domain.money import Money
from domain.outlook import Outlook, outlook_on
from domain.periods import Period
from domain.thresholds import Threshold
from tests.fakes.histories import by_period, daily, month

TODAY = date(2026, 11, 23)
NEVER = date.max


def look(history: CostHistory, threshold: str | Decimal | None = None, today: date = TODAY) -> Outlook:
    """The outlook, which must be there."""
    outlook = outlook_on(today, history, Threshold(Decimal(threshold)) if threshold is not None else None)
    assert outlook is not None
    return outlook


def test_the_pace_is_that_of_the_trailing_seven_published_days() -> None:
    """Neither the weeks before nor the day that AWS has not published yet."""
    outlook = look(daily("2026-11-23", *["500"] * 20, *["10"] * 7, None))
    assert outlook.until == date(2026, 11, 22)
    assert outlook.pace == Money(Decimal(10))


def test_the_pace_reaches_into_the_month_before() -> None:
    """On the 3rd there are seven days to go by all the same."""
    outlook = look(daily("2026-11-03", *["10"] * 5, "24", "66"), today=date(2026, 11, 3))
    assert outlook.spend == Money(Decimal(90))
    assert outlook.pace == Money(Decimal(20))


def test_a_young_account_has_the_pace_of_the_days_it_has() -> None:
    """Two days are not averaged over seven."""
    assert look(daily("2026-11-23", None, None, "10", "20")).pace == Money(Decimal(15))


def test_by_the_month_end_the_pace_goes_on() -> None:
    """Eight days of November are left after the 22nd."""
    outlook = look(daily("2026-11-23", *["10"] * 30))
    assert outlook.month == month("2026-11-01")
    assert outlook.spend == Money(Decimal(220))
    assert outlook.by_month_end == Money(Decimal(300))


@pytest.mark.parametrize(
    ("threshold", "reached_on"),
    [
        ("300", date(2026, 11, 30)),
        ("300.01", None),
        ("221", date(2026, 11, 23)),
        ("230", date(2026, 11, 23)),
        ("230.01", date(2026, 11, 24)),
        ("220", date(2026, 11, 22)),
        ("215", date(2026, 11, 22)),
        ("10", date(2026, 11, 1)),
        ("0", date(2026, 11, 1)),
    ],
)
def test_the_day_on_which_the_threshold_is_reached(threshold: str, reached_on: date | None) -> None:
    """Counted on from the last published day, looked up when it has passed, None when not this month."""
    assert look(daily("2026-11-23", *["10"] * 30), threshold).reached_on == reached_on


@pytest.mark.parametrize("costs", [["0"] * 30, ["-5"] * 30])
def test_what_does_not_grow_reaches_nothing(costs: list[str]) -> None:
    """A pace of nothing, or of credits."""
    assert look(daily("2026-11-23", *costs), "100").reached_on is None


def test_after_a_credit_the_threshold_is_ahead_again() -> None:
    """What was reached once and taken back is not reached."""
    outlook = look(daily("2026-11-23", *["10"] * 21, {"EC2": "10", "Credit": "-180"}), "100")
    assert outlook.spend == Money(Decimal(40))
    assert outlook.reached_on is None


DAYS = st.lists(st.decimals(-500, 2000, places=4), min_size=22, max_size=40)


@given(
    DAYS, st.lists(st.decimals(0, 500, places=4), min_size=40, max_size=40), st.decimals(0, 30_000, places=2)
)
def test_the_day_is_monotone_in_spend(days: list[Decimal], more: list[Decimal], threshold: Decimal) -> None:
    """Whoever spends more on any day reaches the threshold no later."""
    less_spent = daily("2026-11-23", *[str(cost) for cost in days])
    more_spent = daily("2026-11-23", *[str(cost + extra) for cost, extra in zip(days, more, strict=False)])
    later = look(less_spent, threshold).reached_on or NEVER
    assert (look(more_spent, threshold).reached_on or NEVER) <= later


@given(DAYS, st.decimals(0, 30_000, places=2))
def test_the_day_lies_in_the_month(days: list[Decimal], threshold: Decimal) -> None:
    """It has passed exactly when the threshold is reached by now."""
    outlook = look(daily("2026-11-23", *[str(cost) for cost in days]), threshold)
    if outlook.reached_on:
        assert outlook.month.start <= outlook.reached_on < outlook.month.end
        assert (outlook.reached_on < outlook.until) == (outlook.spend.amount >= threshold)


def test_on_the_first_there_is_no_month_to_look_at() -> None:
    """No day of it has closed."""
    assert outlook_on(date(2026, 12, 1), daily("2026-12-01", "10", "10")) is None


@pytest.mark.parametrize("costs", [[], ["1", None, None]])
def test_without_figures_of_the_month_nothing_is_said(costs: list[str | None]) -> None:
    """Nothing published is not a month of $0."""
    assert outlook_on(date(2026, 11, 3), daily("2026-11-03", *costs)) is None


def test_by_month_the_spend_is_known_and_no_pace() -> None:
    """A monthly answer holds one figure for the days of the month so far."""
    history = by_period({month("2026-10-01"): "900", Period(date(2026, 11, 1), TODAY): "400"})
    outlook = outlook_on(TODAY, history, Threshold(Decimal(1000)), by_day=False)
    assert outlook is not None
    assert (outlook.spend, outlook.pace, outlook.by_month_end) == (Money(Decimal(400)), None, None)
    assert outlook.reached_on is None
