"""What moved a spend, and that its parts add up to it."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.costs import CostHistory
from domain.money import Money, round_together
from domain.movers import Part, parts_of, top, with_rest
from domain.periods import a_month_before
from tests.doubles.fakes.histories import AMOUNTS, daily, day

NOW, BEFORE = day("2026-11-22"), day("2026-11-21")
SERVICES = st.dictionaries(st.sampled_from("abcdefghij"), AMOUNTS, min_size=1)


@given(SERVICES, SERVICES, st.integers(1, 5))
def test_the_parts_sum_exactly_to_the_total(
    before: dict[str, Decimal], now: dict[str, Decimal], named: int
) -> None:
    """Amounts to the spend, changes to the change of it, also with the others taken together."""
    history = daily("2026-11-23", before, now)
    parts = parts_of(history, NOW, BEFORE)
    for shown in (parts, top(parts, named)):
        assert sum(part.amount for part in shown) == sum(now.values())
        assert sum(part.before or 0 for part in shown) == sum(before.values())
        assert sum(part.change or 0 for part in shown) == sum(now.values()) - sum(before.values())


@given(SERVICES, SERVICES)
def test_those_that_moved_the_most_come_first(before: dict[str, Decimal], now: dict[str, Decimal]) -> None:
    """By money, up or down."""
    parts = parts_of(daily("2026-11-23", before, now), NOW, BEFORE)
    changes = [abs(part.change or Decimal()) for part in parts]
    assert changes == sorted(changes, reverse=True)


def test_a_service_that_is_gone_moved_too() -> None:
    """What stopped costing is part of the change."""
    history = daily("2026-11-23", {"EC2": "9", "S3": "1"}, {"S3": "1.5"})
    assert parts_of(history, NOW, BEFORE) == (
        Part("EC2", Decimal(0), Decimal(9)),
        Part("S3", Decimal("1.5"), Decimal(1)),
    )


def test_without_a_period_before_the_largest_come_first() -> None:
    """There is no change to speak of, not a change from zero."""
    history = daily("2026-11-23", {"S3": "1", "EC2": "9", "Credit": "-20"})
    assert parts_of(history, NOW, None) == (
        Part("Credit", Decimal(-20)),
        Part("EC2", Decimal(9)),
        Part("S3", Decimal(1)),
    )


def test_what_costs_nothing_is_no_part() -> None:
    """AWS lists services at $0; they are not counted among the others."""
    history = daily("2026-11-23", {"EC2": "1", "Glue": "0"}, {"EC2": "1", "Glue": "0"})
    assert [part.name for part in parts_of(history, NOW, BEFORE)] == ["EC2"]


def test_three_are_named_and_one_more_needs_no_others() -> None:
    """The line that would say that there is one other can as well name it."""
    four = tuple(Part(name, Decimal(1)) for name in "abcd")
    five = (*four, Part("e", Decimal(2)))
    assert top(four) == list(four)
    assert top(five) == [*five[:3], Part("and 2 others", Decimal(3))]
    assert top(()) == []


@given(SERVICES, SERVICES, AMOUNTS, AMOUNTS)
def test_what_was_asked_for_at_another_moment_adds_up_with_its_rest(
    before: dict[str, Decimal], now: dict[str, Decimal], spend: Decimal, spend_before: Decimal
) -> None:
    """To the last digit, and so in the cents that are shown; what agrees has no rest."""
    parts = parts_of(daily("2026-11-23", before, now), NOW, BEFORE)
    whole = with_rest(parts, spend, spend_before)
    assert sum(part.amount for part in whole) == spend
    assert sum(part.before or 0 for part in whole) == spend_before
    assert sum(round_together([part.amount for part in top(whole, 5)])) == Money(spend).in_cents()
    total, total_before = sum(now.values(), Decimal()), sum(before.values(), Decimal())
    assert with_rest(parts, total, total_before) == parts


class TestNewServices:
    """A service is new when it cost nothing as far back as is known, for a month at least."""

    def test_the_first_spend_after_a_month_is_new(self) -> None:
        """A service at $0 was not used."""
        history = daily("2026-11-23", *[{"EC2": "1", "Bedrock": "0"}] * 31, {"EC2": "1", "Bedrock": "5"})
        assert new_names(history) == ["Bedrock"]

    @pytest.mark.parametrize("days_ago", [1, 30, 31, 40])
    def test_any_spend_before_makes_it_known(self, days_ago: int) -> None:
        """However long ago: Cost Explorer shows it in the same view."""
        today = {"EC2": "1", "Bedrock": "5"}
        assert new_names(daily("2026-11-23", *["1"] * 10, today, *["1"] * (days_ago - 1), today)) == []

    def test_in_a_young_account_nothing_is_new(self) -> None:
        """Everything would be, until its costs go back a whole month."""
        today = {"EC2": "1", "Bedrock": "5"}
        assert new_names(daily("2026-11-23", *["1"] * 30, today)) == []
        assert new_names(daily("2026-11-23", *["1"] * 31, today)) == ["Bedrock"]

    @pytest.mark.parametrize("first", ["2026-11-01", "2026-12-01", "2026-03-01"])
    def test_what_falls_due_once_a_month_is_not_new(self, first: str) -> None:
        """On the 1st the support plan is charged, as on the 1st before."""
        due = day(first)
        days_between = (due.start - a_month_before(due.start)).days
        charged = {"EC2": "1", "AWS Support": "29"}
        history = daily(str(due.end), "1", charged, *["1"] * (days_between - 1), charged)
        assert [part.name for part in parts_of(history, due, None) if part.is_new] == []

    def test_a_credit_is_no_new_service(self) -> None:
        """Nothing was spent on it."""
        assert new_names(daily("2026-11-23", *["1"] * 31, {"EC2": "1", "Credit": "-5"})) == []

    @settings(max_examples=30)  # whole months of services take long to make up
    @given(st.lists(st.one_of(st.none(), SERVICES), min_size=34, max_size=62))
    def test_what_is_new_is_so_by_what_is_known(self, days: list[dict[str, Decimal] | None]) -> None:
        """Never from the absence of data: a month of it was looked at, and nothing compared with shows it."""
        history = daily("2026-11-23", *[dict(one) if one else None for one in days])
        for part in parts_of(history, NOW, BEFORE):
            if part.is_new:
                assert history.published_from is not None
                assert history.published_from <= a_month_before(NOW.start)
                assert not part.before
                assert not any(entry.services.get(part.name) for entry in history.entries[:-1])


def new_names(history: CostHistory) -> list[str]:
    """The names marked new on the newest day."""
    return [part.name for part in parts_of(history, NOW, BEFORE) if part.is_new]
