"""Exceeded means more than the threshold."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.costs import CostEntry, CostHistory
from domain.money import Money
from domain.periods import DAY, Period
from domain.thresholds import Threshold, Verdict

DAY_1 = Period(date(2026, 11, 21), date(2026, 11, 22))
DAY_2 = Period(date(2026, 11, 22), date(2026, 11, 23))
BOTH = Period(DAY_1.start, DAY_2.end)


def history(first: str | None, second: str | None = None) -> CostHistory:
    """Two days: an amount, "" for a day without costs, None for an absent day."""
    costs = [(DAY_1, first), (DAY_2, second)]
    return CostHistory(
        tuple(
            CostEntry(day, {"EC2": Decimal(amount)} if amount else {})
            for day, amount in costs
            if amount is not None
        )
    )


@pytest.mark.parametrize(
    ("spend", "verdict"),
    [
        ("100.0000000001", Verdict.EXCEEDED),
        ("100", Verdict.WITHIN),
        ("99.9999999999", Verdict.WITHIN),
        ("0", Verdict.WITHIN),
        ("-5", Verdict.WITHIN),
    ],
)
def test_equal_is_within_budget(spend: str, verdict: Verdict) -> None:
    """One ten-billionth of a dollar over is over; the threshold itself is not."""
    assert Threshold(Decimal(100)).judge(history("1", spend), DAY_2) is verdict


@given(st.decimals(0, 10**9, places=6), st.decimals(-(10**9), 10**9, places=10))
def test_a_published_period_is_judged_by_its_sum(threshold: Decimal, spend: Decimal) -> None:
    """There is no rounding between a spend and its verdict."""
    verdict = Threshold(threshold).judge(history(str(spend)), DAY_1)
    assert verdict is (Verdict.EXCEEDED if spend > threshold else Verdict.WITHIN)


@pytest.mark.parametrize("second", [None, ""])
def test_a_day_without_data_is_not_judged(second: str | None) -> None:
    """Absent or empty: no data is not $0."""
    assert Threshold(Decimal(0)).judge(history("5", second), DAY_2) is Verdict.NOT_PUBLISHED


def test_a_period_published_in_part_is_within_budget_only_while_it_is_open() -> None:
    """A closed week with a missing day is unknown; a month that is running is judged so far."""
    threshold = Threshold(Decimal(10))
    assert threshold.judge(history("5"), BOTH) is Verdict.NOT_PUBLISHED
    assert threshold.judge(history("5"), BOTH, still_open=True) is Verdict.WITHIN
    assert threshold.judge(history(None), BOTH, still_open=True) is Verdict.NOT_PUBLISHED


def test_what_is_over_already_is_exceeded_however_much_is_missing() -> None:
    """A breach does not wait for the last day."""
    assert Threshold(Decimal(4)).judge(history("5"), BOTH) is Verdict.EXCEEDED


@pytest.mark.parametrize("amount", ["-0.01", "NaN", "sNaN", "Infinity"])
def test_a_threshold_is_zero_or_a_positive_number(amount: str) -> None:
    """Anything else would never, or always, be exceeded."""
    with pytest.raises(ValueError, match="zero or a positive number"):
        Threshold(Decimal(amount))


def test_the_excess_is_what_is_over() -> None:
    """In the currency of the spend; negative when under."""
    threshold = Threshold(Decimal(100))
    assert threshold.excess(Money(Decimal(142), "CNY")) == Money(Decimal(42), "CNY")
    assert threshold.excess(Money(Decimal(90))) == Money(Decimal(-10))


def test_a_day_later_the_day_before_is_judged_alone() -> None:
    """The neighbours' costs do not leak into a period."""
    costs = history("500", "1")
    assert Threshold(Decimal(100)).judge(costs, DAY_2) is Verdict.WITHIN
    assert Threshold(Decimal(100)).judge(costs, Period(DAY_2.end, DAY_2.end + DAY)) is Verdict.NOT_PUBLISHED
