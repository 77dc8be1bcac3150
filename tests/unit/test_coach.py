"""What a threshold would have said lately, and which one would say less."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.coach import Coaching, coach
from domain.money import Money
from domain.periods import Frequency
from domain.thresholds import UNLIMITED, Threshold
from tests.doubles.fakes.histories import by_period, daily, month

TODAY = date(2026, 11, 23)


def coached(threshold: str, *costs: str | None) -> Coaching | None:
    """What is said of a threshold for days."""
    return coach(Frequency.DAILY, daily("2026-11-23", *costs), Threshold(Decimal(threshold)), TODAY)


def test_a_threshold_that_rings_daily_is_bettered() -> None:
    """It would have fired on 27 of 30 days; 165 on two."""
    costs = ["90", "95", "100", *["150"] * 23, "162.50", "164.10", "170", "400"]
    assert coached("100", *costs) == Coaching(30, 27, Money(Decimal(165)), 2)


def test_a_threshold_that_fires_seldom_is_left_alone() -> None:
    """There is nothing to better."""
    assert coached("160", *["150"] * 28, "170", "180") == Coaching(30, 2)


@pytest.mark.parametrize("costs", [["10"] * 13, [None] * 20 + ["10"] * 13, []])
def test_of_a_young_account_nothing_is_said(costs: list[str | None]) -> None:
    """Two weeks at least."""
    assert coached("5", *costs) is None


def test_only_published_days_are_counted() -> None:
    """What is not there yet would have fired on nothing."""
    assert coached("5", *["10"] * 20, None) == Coaching(20, 20, Money(Decimal(10)), 0)


def test_months_are_looked_at_for_a_year() -> None:
    """Whole ones: the running month is not."""
    months = {month(f"2025-{n:02}-01"): "90" for n in range(10, 13)}
    months |= {month(f"2026-{n:02}-01"): "120" for n in range(1, 11)}
    coaching = coach(Frequency.MONTHLY, by_period(months), Threshold(Decimal(100)), date(2026, 11, 5))
    assert coaching == Coaching(12, 10, Money(Decimal(120)), 0)


@pytest.mark.parametrize("frequency", [Frequency.WEEKLY, Frequency.MONTH_TO_DATE])
def test_of_other_frequencies_nothing_is_said(frequency: Frequency) -> None:
    """The answer at hand does not hold enough of them."""
    assert coach(frequency, daily("2026-11-23", *["10"] * 60), Threshold(Decimal(5)), TODAY) is None


def test_budgets_alone_need_no_advice() -> None:
    """There is no threshold to better."""
    assert coach(Frequency.DAILY, daily("2026-11-23", *["10"] * 60), UNLIMITED, TODAY) is None


@given(st.lists(st.decimals(-50, 5000, places=4), min_size=14, max_size=40), st.decimals(0, 10**4, places=2))
def test_a_suggestion_fires_seldom(costs: list[Decimal], threshold: Decimal) -> None:
    """On two of thirty days at most, counted as the verdict counts."""
    history = daily("2026-11-23", *[str(cost) for cost in costs])
    coaching = coach(Frequency.DAILY, history, Threshold(threshold), TODAY)
    assert coaching is not None
    last = costs[-30:]
    assert (coaching.periods, coaching.fired) == (len(last), sum(cost > threshold for cost in last))
    if coaching.suggestion:
        assert coaching.would_fire == sum(cost > coaching.suggestion.amount for cost in last)
        assert coaching.would_fire <= max(len(last) // 15, 1)
