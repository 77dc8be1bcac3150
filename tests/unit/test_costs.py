"""What AWS has published is summed exactly; what it has not is absent, never zero."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from domain.costs import CostHistory
from domain.money import Money
from domain.periods import Period
from tests.fakes.histories import AMOUNTS, daily, day

THREE_DAYS = Period(day("2026-11-20").start, day("2026-11-22").end)


def test_the_spend_is_the_sum_over_the_period() -> None:
    """All services, all days inside, none outside."""
    history = daily("2026-11-24", "1", {"EC2": "2", "S3": "0.02"}, "3", "4", "100")
    assert history.spend(THREE_DAYS) == Money(Decimal("9.02"))
    assert history.services(THREE_DAYS) == {"EC2": Decimal(9), "S3": Decimal("0.02")}


@given(st.lists(st.dictionaries(st.sampled_from("abcdef"), AMOUNTS, min_size=1), min_size=3, max_size=3))
def test_the_services_add_up_to_the_spend(days: list[dict[str, Decimal]]) -> None:
    """No digit gets lost between the parts and the whole."""
    history = daily("2026-11-23", *days)
    spend = history.spend(THREE_DAYS)
    assert spend is not None
    assert sum(history.services(THREE_DAYS).values()) == spend.amount


def test_what_is_not_published_has_no_spend() -> None:
    """An empty or absent day is None, not $0; a day of zeros is $0."""
    history = daily("2026-11-23", "1", None, {"EC2": "0"})
    assert history.spend(day("2026-11-21")) is None
    assert history.spend(day("2026-11-23")) is None
    assert history.spend(day("2026-11-22")) == Money(Decimal())


def test_a_credit_may_make_a_day_negative() -> None:
    """A refund is a figure like any other."""
    assert daily("2026-11-23", {"EC2": "1", "Credit": "-5"}).spend(day("2026-11-22")) == Money(Decimal(-4))


def test_published_from_and_until_are_the_days_with_costs() -> None:
    """Empty entries at either end do not count."""
    history = daily("2026-11-24", None, "1", None, "2", None)
    assert history.published_from == day("2026-11-20").start
    assert history.published_until == day("2026-11-22").end


def test_a_period_is_covered_once_its_last_day_is_published() -> None:
    """A gap in the middle stays uncovered by nothing: AWS fills in the oldest days first."""
    history = daily("2026-11-24", "1", None, "2", None)
    assert history.covers(THREE_DAYS)
    assert not history.covers(day("2026-11-23"))


def test_an_empty_history_knows_nothing() -> None:
    """A new account has no figures at all."""
    empty = CostHistory(())
    assert (empty.published_from, empty.published_until, empty.spend(THREE_DAYS)) == (None, None, None)
    assert not empty.covers(THREE_DAYS)


def test_the_currency_is_the_one_that_aws_names() -> None:
    """Yuan stay yuan."""
    spend = daily("2026-11-23", "7", currency="CNY").spend(day("2026-11-22"))
    assert spend == Money(Decimal(7), "CNY")
