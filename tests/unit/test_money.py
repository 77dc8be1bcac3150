"""Amounts are exact until they are shown, and shown as people write them."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.money import CENT, Money, round_together

AMOUNTS = st.decimals(-(10**12), 10**12, places=10)


@pytest.mark.parametrize(
    ("amount", "shown"),
    [
        ("0", "$0.00"),
        ("-0", "$0.00"),
        ("2.02", "$2.02"),
        ("100", "$100.00"),
        ("1234.5", "$1,234.50"),
        ("1234567.891", "$1,234,567.89"),
        ("0.005", "$0.01"),
        ("0.0049999999", "under $0.01"),
        ("0.0000000001", "under $0.01"),
        ("-0.0000000001", "under $0.01 in credit"),
        ("-3", "-$3.00"),
        ("-1234.567", "-$1,234.57"),
        ("99.995", "$100.00"),
        ("1e3", "$1,000.00"),
        ("12345678901234567890123456.789", "$12,345,678,901,234,567,890,123,456.79"),
    ],
)
def test_dollars_have_two_decimals_and_thousands_separators(amount: str, shown: str) -> None:
    """An amount is never shown as nothing when it is something."""
    assert str(Money(Decimal(amount))) == shown


def test_other_currencies_are_named() -> None:
    """China bills in yuan; a yuan is not a dollar."""
    assert str(Money(Decimal("-1234.5"), "CNY")) == "-1,234.50 CNY"
    assert str(Money(Decimal("0.001"), "CNY")) == "under 0.01 CNY"


@given(AMOUNTS)
def test_what_is_shown_is_within_half_a_cent(amount: Decimal) -> None:
    """Rounding happens in text only, and by less than a cent."""
    text = str(Money(amount))
    if text.startswith("under"):
        assert 0 < abs(amount) < Decimal("0.005")
    else:
        shown = Decimal(text.replace("$", "").replace(",", ""))
        assert abs(shown - amount) <= Decimal("0.005")


@given(AMOUNTS, AMOUNTS)
def test_sums_and_differences_are_exact(one: Decimal, other: Decimal) -> None:
    """Adding and taking away again loses no digit."""
    assert Money(one) + Money(other) - Money(other) == Money(one)


@pytest.mark.parametrize("amount", ["NaN", "sNaN", "Infinity", "-Infinity"])
def test_what_is_no_number_is_no_money(amount: str) -> None:
    """NaN would make every comparison false, and so hide a breach."""
    with pytest.raises(ValueError, match="finite"):
        Money(Decimal(amount))


def test_money_has_a_currency() -> None:
    """An amount without a currency means nothing."""
    with pytest.raises(ValueError, match="currency"):
        Money(Decimal(1), "")


def test_currencies_are_not_mixed() -> None:
    """Dollars and yuan do not add up, nor can one be taken from the other."""
    with pytest.raises(ValueError, match="USD with CNY"):
        Money(Decimal(1)) + Money(Decimal(1), "CNY")
    with pytest.raises(ValueError, match="CNY with USD"):
        Money(Decimal(1), "CNY") - Money(Decimal(1))


@given(st.lists(AMOUNTS, min_size=1, max_size=8))
def test_parts_are_rounded_so_that_they_add_up_to_the_rounded_sum(amounts: list[Decimal]) -> None:
    """Whoever adds up what is shown gets the total that is shown, and no part is off by a cent."""
    rounded = round_together(amounts)
    assert sum(rounded) == Money(sum(amounts, Decimal())).in_cents()
    assert all(
        abs(shown - amount) < CENT and shown == shown.quantize(CENT)
        for shown, amount in zip(rounded, amounts, strict=True)
    )


def test_what_rounding_leaves_over_goes_to_those_that_lost_the_most() -> None:
    """Three thirds of a dollar are a dollar."""
    thirds = [Decimal("0.333"), Decimal("0.333"), Decimal("0.334")]
    assert round_together(thirds) == [Decimal("0.33"), Decimal("0.33"), Decimal("0.34")]
    assert round_together([]) == []
