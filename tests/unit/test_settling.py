"""What is said of a period while it waits for AWS."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from domain.periods import Period
from domain.settling import Seen, Settling, lag_of, looks_whole
from tests.doubles.fakes.histories import daily, day

SUNDAY = day("2026-11-22")
MIDNIGHT = datetime(2026, 11, 23, tzinfo=UTC)


@pytest.mark.parametrize(("days", "share"), [(1, Decimal("0.5")), (7, None)])
def test_how_much_is_usually_there_is_said_of_a_day_only(days: int, share: Decimal | None) -> None:
    """Half of the last day is not half of a week."""
    settling = Settling(timedelta(hours=24), MIDNIGHT, lag=timedelta(hours=12))
    period = Period(SUNDAY.end - timedelta(days), SUNDAY.end)
    assert settling.pending(MIDNIGHT + timedelta(hours=12), period).share == share


@pytest.mark.parametrize(
    ("usual", "spend", "is_whole"),
    [
        ("40", "39", True),
        ("40", "20", False),
        ("-40", "-41", True),
        ("-40", "-39", True),
        ("-40", "-20", False),
        ("-40", "5", False),
        ("0", "0", True),
        ("-0.0000000001", "-0.0000000003", True),
    ],
)
def test_a_part_of_a_day_is_nearer_to_zero(usual: str, spend: str, *, is_whole: bool) -> None:
    """Whether usage or credits make up most of it; where both cancel out there is nothing to miss."""
    history = daily("2026-11-23", *[usual] * 35, spend)
    assert looks_whole(history, SUNDAY) is is_whole


@pytest.mark.parametrize("sign", ["", "-"])
def test_a_day_of_credits_is_expected_to_grow_as_any_other(sign: str) -> None:
    """Twelve hours later it is whole, unless it grows as steadily as a day that still lacks some."""
    noon = MIDNIGHT + timedelta(hours=12)
    history = daily("2026-11-23", *[f"{sign}40"] * 35, f"{sign}44")
    for amount, is_whole in (("43", True), ("14", False)):
        seen = Seen(MIDNIGHT, Decimal(f"{sign}{amount}"), noon, Decimal(f"{sign}44"))
        settling = Settling(timedelta(hours=24), noon, seen=seen)
        assert settling.is_whole(history, SUNDAY) is is_whole
        assert seen.has_grown_to(Decimal(f"{sign}44.4")) is False
        assert seen.has_grown_to(Decimal(f"{sign}45")) is True
    assert lag_of(history, SUNDAY, noon) == timedelta(hours=12)


@pytest.mark.parametrize("sign", ["", "-"])
def test_how_late_an_account_is_shows_in_its_share(sign: str) -> None:
    """A quarter is missing: six hours more."""
    history = daily("2026-11-23", *[f"{sign}40"] * 35, f"{sign}30")
    assert lag_of(history, SUNDAY, MIDNIGHT + timedelta(hours=3)) == timedelta(hours=9)
