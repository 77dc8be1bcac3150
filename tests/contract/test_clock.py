"""What every clock must do."""

from __future__ import annotations

from datetime import timedelta

import pytest

from adapters.clock import SystemClock
from application.ports.clock import Clock
from tests.doubles.fakes.clock import FixedClock


@pytest.mark.parametrize("clock", [SystemClock(), FixedClock()], ids=["system", "fixed"])
def test_now_is_in_utc(clock: Clock) -> None:
    """The day of a tick is the UTC day, wherever the machine stands."""
    assert timedelta(0) == clock.now().utcoffset()
