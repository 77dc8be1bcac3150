"""What AWS has published is summed exactly; what it has not is absent, never zero."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from domain.costs import CostHistory, found_once
from domain.money import Money
from domain.periods import DAY, Period
from tests.doubles.fakes.histories import AMOUNTS, daily, day

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
    """Empty after the newest day with costs, or absent: None, not $0; a day of zeros is $0."""
    history = daily("2026-11-23", "1", {"EC2": "0"}, None)
    assert history.spend(day("2026-11-22")) is None
    assert history.spend(day("2026-11-23")) is None
    assert history.spend(day("2026-11-21")) == Money(Decimal())


def test_an_empty_day_before_one_with_costs_cost_nothing() -> None:
    """AWS fills in the oldest days first: it has passed that one."""
    history = daily("2026-11-23", "1", None, "2")
    assert history.spend(day("2026-11-21")) == Money(Decimal())
    assert history.covers(day("2026-11-21"))


def test_before_the_first_costs_nothing_is_known() -> None:
    """The account may not have existed, or AWS may not show its earlier days."""
    assert daily("2026-11-23", None, "2").spend(day("2026-11-21")) is None


def test_what_was_not_asked_for_is_not_known() -> None:
    """A sum over half a period would be a wrong figure."""
    history = CostHistory(daily("2026-11-23", "1", "2").entries[-1:])
    assert history.spend(Period(day("2026-11-21").start, day("2026-11-22").end)) is None


@given(st.lists(st.sampled_from([None, "0", "1", "-1"]), max_size=8))
def test_every_day_is_known_or_not_by_one_rule(costs: list[str | None]) -> None:
    """From the first day with costs to the last each has a figure, and no other has."""
    history = daily("2026-11-23", *costs)
    first = next((n for n, cost in enumerate(costs) if cost), len(costs))
    last = next((n for n in reversed(range(len(costs))) if costs[n]), -1)
    start = day("2026-11-23").start - len(costs) * DAY
    known = [history.spend(Period(start + n * DAY, start + (n + 1) * DAY)) for n in range(len(costs))]
    assert [spend and spend.amount for spend in known] == [
        Decimal(cost or 0) if first <= n <= last else None for n, cost in enumerate(costs)
    ]


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


def test_what_a_rule_has_found_is_found_once_for_each_history_and_question() -> None:
    """Channels of one account share what is found; another account's history has its own."""
    asked: list[str] = []

    @found_once
    def dearest(history: CostHistory, on: Period) -> str:
        asked.append(str(on))
        return max(history.services(on), key=history.services(on).__getitem__)

    here, there = daily("2026-11-23", {"EC2": "1", "S3": "2"}), daily("2026-11-23", {"EC2": "3", "S3": "2"})
    assert [dearest(history, day("2026-11-22")) for history in (here, here, there)] == ["S3", "S3", "EC2"]
    assert asked == ["2026-11-22", "2026-11-22"]
    assert here == daily("2026-11-23", {"EC2": "1", "S3": "2"})  # what is remembered is none of its costs
