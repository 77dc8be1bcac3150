"""Parts of a bill find their budgets; known movements are muted for a while."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from domain.muting import NOT_MUTED, Mute
from domain.parts import NO_BUDGETS, Budgets, fits
from domain.thresholds import Threshold


@pytest.mark.parametrize(
    ("pattern", "name", "expected"),
    [
        ("production", "Production", True),
        ("production", "production-2", False),
        ("*", "", True),
        ("sandbox-*", "sandbox-anna", True),
        ("sandbox-*", "the sandbox-anna", False),
        ("*-dev", "web-dev", True),
        ("a*a", "a", False),
        ("a*b*c", "axxbyyc", True),
        ("a*b*c", "acb", False),
        ("a**b", "ab", True),
        ("*web*", "the web team", True),
    ],
)
def test_an_asterisk_stands_for_any_letters(pattern: str, name: str, *, expected: bool) -> None:
    """Without case; everything else is meant as it is written."""
    assert fits(pattern, name) is expected


def test_the_first_entry_that_fits_a_part_holds() -> None:
    """Whatever fits later: the order is the user's. An account fits by its number or its name."""
    few, many = Threshold(Decimal(15)), Threshold(Decimal(40))
    budgets = Budgets((("sandbox-*", few), ("*-anna", many), ("111122223333", many)))
    assert budgets.of("sandbox-anna") == few
    assert budgets.of("web", "111122223333") == many
    assert budgets.of("web") is None
    assert not NO_BUDGETS


def test_what_is_muted_rings_again_on_its_day() -> None:
    """The day that is named is the first that is told again."""
    mute = Mute(until=date(2026, 12, 31))
    assert mute.holds_on(date(2026, 12, 30))
    assert not mute.holds_on(date(2026, 12, 31))
    assert Mute(("Amazon EC2",)).holds_on(date(2030, 1, 1))
    assert not NOT_MUTED.holds_on(date(2026, 1, 1))
