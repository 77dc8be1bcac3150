"""What AWS has changed since it was told."""

from __future__ import annotations

from decimal import Decimal

import pytest

from domain.money import Money
from domain.periods import DAY, Frequency, Period
from domain.restated import Restated, restated_in
from domain.thresholds import Verdict
from domain.told import Told
from tests.doubles.fakes.histories import Amounts, by_period, daily, day, month

SATURDAY = day("2026-11-21")


def told(amount: str, verdict: Verdict = Verdict.WITHIN) -> Told:
    """What was said."""
    return Told((verdict,), Money(Decimal(amount)), Money(Decimal(amount)))


def restated(now: Amounts | str | None, was: Told) -> tuple[Restated, ...]:
    """Of a Saturday, seen on Monday."""
    return restated_in(Frequency.DAILY, daily("2026-11-23", "50", now, "50"), {SATURDAY: was})


@pytest.mark.parametrize(
    ("was", "now", "is_told"),
    [
        ("98.49", "38.49", True),
        ("38.49", "98.49", True),
        ("100", "105", False),
        ("100", "105.01", True),
        ("1000", "1050", False),
        ("10", "15", False),
        ("10", "15.01", True),
        ("-10", "-20", True),
    ],
)
def test_more_than_5_percent_and_5_dollars(was: str, now: str, *, is_told: bool) -> None:
    """Up or down, whatever the verdict."""
    expected = (Restated(SATURDAY, Money(Decimal(was)), Money(Decimal(now))),) if is_told else ()
    found = restated(now, told(was))
    assert [(one.period, one.was, one.now) for one in found] == [
        (one.period, one.was, one.now) for one in expected
    ]


def test_credits_that_explain_it_are_named() -> None:
    """Half of the fall is enough."""
    [one] = restated({"EC2": "98.49", "Credits": "-60"}, told("98.49"))
    assert one.credits == Money(Decimal(-60))
    [other] = restated({"EC2": "38.49", "Credits": "-0.01"}, told("98.49"))
    assert other.credits is None


def test_what_was_told_as_not_published_is_not_restated() -> None:
    """There was no figure to change."""
    assert restated("98", told("10", Verdict.NOT_PUBLISHED)) == ()
    assert restated("98", Told((Verdict.EXCEEDED,), None)) == ()


def test_what_is_not_known_any_more_is_not_restated() -> None:
    """A day that AWS was not asked for, or takes back, has not become $0."""
    assert restated_in(Frequency.DAILY, daily("2026-11-22", "50", None), {SATURDAY: told("98")}) == ()
    assert restated_in(Frequency.DAILY, daily("2026-11-23", "50"), {day("2026-01-01"): told("98")}) == ()
    assert restated_in(Frequency.DAILY, daily("2026-11-23"), {SATURDAY: told("98")}) == ()


def test_what_is_reported_anyway_has_no_line() -> None:
    """The report itself corrects it."""
    history = daily("2026-11-23", "50", "38", "50")
    assert restated_in(Frequency.DAILY, history, {SATURDAY: told("98")}, but=[SATURDAY]) == ()


def test_weeks_and_months_too() -> None:
    """But not the running month, whose figure is new every day."""
    week = Period(day("2026-11-16").start, day("2026-11-22").end)
    [one] = restated_in(Frequency.WEEKLY, daily("2026-11-23", *["10"] * 20), {week: told("50")})
    assert one.now == Money(Decimal(70))
    october = month("2026-10-01")
    [closed] = restated_in(Frequency.MONTHLY, by_period({october: "90"}), {october: told("50")})
    assert closed.period == october
    running = Period(day("2026-11-01").start, day("2026-11-20").end + DAY)
    assert (
        restated_in(Frequency.MONTH_TO_DATE, daily("2026-11-23", *["10"] * 40), {running: told("50")}) == ()
    )
