"""What moved a spend, and that its parts add up to it."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from domain.costs import CostHistory
from domain.movers import Part, parts_of, top
from tests.fakes.histories import AMOUNTS, daily, day

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


class TestNewServices:
    """A service is new when it cost something now and nothing in the 30 days before."""

    def test_spend_after_thirty_days_without_is_new(self) -> None:
        """However long it was used before that."""
        old = {"EC2": "1", "Bedrock": "5"}
        history = daily("2026-11-23", old, *[{"EC2": "1", "Bedrock": "0"}] * 30, old)
        assert new_names(history) == ["Bedrock"]

    def test_spend_within_the_thirty_days_is_not_new(self) -> None:
        """The thirtieth day before still counts."""
        old = {"EC2": "1", "Bedrock": "5"}
        assert new_names(daily("2026-11-23", old, *["1"] * 29, old)) == []

    def test_in_a_young_account_nothing_is_new(self) -> None:
        """Everything would be."""
        today = {"EC2": "1", "Bedrock": "5"}
        assert new_names(daily("2026-11-23", *["1"] * 13, today)) == []
        assert new_names(daily("2026-11-23", *["1"] * 14, today)) == ["Bedrock"]

    def test_a_credit_is_no_new_service(self) -> None:
        """Nothing was spent on it."""
        assert new_names(daily("2026-11-23", *["1"] * 31, {"EC2": "1", "Credit": "-5"})) == []


def new_names(history: CostHistory) -> list[str]:
    """The names marked new on the newest day."""
    return [part.name for part in parts_of(history, NOW, BEFORE) if part.is_new]
