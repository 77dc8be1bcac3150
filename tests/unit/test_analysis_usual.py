"""What a weekday usually costs, and what is far above it."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from statistics import median

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.costs import CostHistory
from domain.money import Money
from domain.periods import WEEK, Period
from domain.usual import SpikeRule, Usual, usual_for
from tests.doubles.fakes.histories import AMOUNTS, by_period, day

TODAY = day("2026-11-22")


def weeks_before(n: int) -> Period:
    """The same weekday, n weeks earlier."""
    return Period(TODAY.start - n * WEEK, TODAY.end - n * WEEK)


def sundays(*amounts: str | None) -> CostHistory:
    """The Sundays before today, the last one first."""
    return by_period({weeks_before(n): amount for n, amount in enumerate(amounts, 1)})


def usual_of(*amounts: str) -> Usual:
    """What those Sundays make usual."""
    usual = usual_for(sundays(*amounts), TODAY)
    assert usual is not None
    return usual


def test_usual_is_the_median_of_the_last_four_same_weekdays() -> None:
    """One odd week does not move it, and a fifth week is too long ago."""
    usual = usual_of("80", "70", "900", "78", "1")
    assert usual.median == Money(Decimal(79))
    assert (usual.lowest, usual.highest) == (Money(Decimal(70)), Money(Decimal(900)))
    assert [one for one, _ in usual.days] == [date(2026, 11, day) for day in (15, 8, 1)] + [
        date(2026, 10, 25)
    ]


@given(st.lists(AMOUNTS, min_size=3, max_size=4))
def test_the_median_lies_in_the_spread(amounts: list[Decimal]) -> None:
    """And is the median of exactly these amounts."""
    usual = usual_of(*(str(amount) for amount in amounts))
    assert usual.median.amount == median(amounts)
    assert usual.lowest.amount <= usual.median.amount <= usual.highest.amount


@pytest.mark.parametrize("amounts", [(), ("1",), ("1", "1"), (None, None, "1", "1")])
def test_with_fewer_than_three_nothing_is_said(amounts: tuple[str | None, ...]) -> None:
    """What is not published does not count as zero either."""
    assert usual_for(sundays(*amounts), TODAY) is None


def test_three_of_four_are_enough() -> None:
    """One week may lack figures."""
    assert usual_for(sundays(None, "1", "2", "3"), TODAY) is not None


@pytest.mark.parametrize(
    ("usual", "spend", "is_spike"),
    [
        ("100", "140", True),
        ("100", "139.99", False),
        ("10", "29.99", False),
        ("10", "30", True),
        ("1000", "1399", False),
        ("0", "20", True),
        ("-50", "0", True),
        ("100", "100", False),
        ("100", "50", False),
    ],
)
def test_a_spike_is_both_the_percentage_and_the_amount_above(
    usual: str, spend: str, *, is_spike: bool
) -> None:
    """40 % of a small sum is not worth a word, nor is $20 on a large one."""
    rule = SpikeRule(Decimal(40), Decimal(20))
    assert rule.is_spike(Money(Decimal(spend)), usual_of(usual, usual, usual)) is is_spike


def test_even_the_weakest_rule_needs_more_than_the_usual() -> None:
    """0 % and $0 is every day above it, not every day."""
    rule = SpikeRule(Decimal(0), Decimal(0))
    assert not rule.is_spike(Money(Decimal(10)), usual_of("10", "10", "10"))
    assert rule.is_spike(Money(Decimal("10.01")), usual_of("10", "10", "10"))


def test_a_longer_period_has_no_weekday() -> None:
    """A week's sum under "a Monday usually costs" would be seven times what a Monday does."""
    week = Period(TODAY.start, TODAY.start + WEEK)
    weeks = {Period(week.start - n * WEEK, week.end - n * WEEK): "70" for n in range(1, 5)}
    assert usual_for(by_period(weeks), week) is None
