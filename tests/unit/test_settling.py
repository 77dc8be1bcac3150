"""What is said of a period while it waits for AWS."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from domain.periods import Period
from domain.settling import Settling
from tests.doubles.fakes.histories import day

SUNDAY = day("2026-11-22")
MIDNIGHT = datetime(2026, 11, 23, tzinfo=UTC)


@pytest.mark.parametrize(("days", "share"), [(1, Decimal("0.5")), (7, None)])
def test_how_much_is_usually_there_is_said_of_a_day_only(days: int, share: Decimal | None) -> None:
    """Half of the last day is not half of a week."""
    settling = Settling(timedelta(hours=24), MIDNIGHT, lag=timedelta(hours=12))
    period = Period(SUNDAY.end - timedelta(days), SUNDAY.end)
    assert settling.pending(MIDNIGHT + timedelta(hours=12), period).share == share
