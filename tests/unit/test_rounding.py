"""Amounts of one screen agree with each other."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from domain.money import Money
from domain.movers import Part
from entrypoints.commands.report import PARTS_SHOWN, Row, rows_of

AMOUNTS = st.lists(st.decimals("-50", "500", places=4), min_size=1, max_size=30)


def cents(row: Row) -> Decimal:
    """What is shown, as an amount."""
    tiny = "under" in row.spend
    return Decimal() if tiny else Decimal(row.spend.replace("$", "").replace(",", ""))


@given(AMOUNTS)
def test_a_column_adds_up(amounts: list[Decimal]) -> None:
    """To the sum as it is shown above it, where no more is tiny than rounding moves."""
    parts = [Part(f"service {n}", amount) for n, amount in enumerate(amounts)]
    rows = rows_of(parts, "USD")
    total = Money(sum(amounts, Decimal())).in_cents()
    movable = sum(1 for amount in amounts if Money(amount).in_cents())
    off = total - sum((Money(amount).in_cents() for amount in amounts), Decimal())
    if len(amounts) > PARTS_SHOWN or abs(off) * 100 <= movable:
        assert sum(map(cents, rows)) == total


@given(AMOUNTS)
def test_what_is_said_elsewhere_stays(amounts: list[Decimal]) -> None:
    """The service that a sentence names costs the same in the table."""
    parts = [Part(f"service {n}", amount) for n, amount in enumerate(amounts)]
    (row,) = [row for row in rows_of(parts, "USD", "service 0") if row.name == "service 0"]
    assert row.spend == str(Money(amounts[0]))
