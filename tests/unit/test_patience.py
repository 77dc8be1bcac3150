"""How long, and with which pauses, something is tried again."""

from __future__ import annotations

import math
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from application.patience import FOR_AWS, FOR_CHANNELS, Patience
from application.ports.work_queue import Progress
from tests.doubles.fakes.clock import NOON

SECOND, MINUTE, HOUR, DAY = (timedelta(**{unit: 1}) for unit in ("seconds", "minutes", "hours", "days"))
PATIENCE = Patience(2 * SECOND, longest=MINUTE, total=HOUR, attempts=4)


@pytest.mark.parametrize(
    ("failures", "longest_pause"), [(1, 2), (2, 4), (3, 8), (4, 16), (5, 32), (6, 60), (7, 60), (10**9, 60)]
)
def test_pauses_double_up_to_the_longest(failures: int, longest_pause: int) -> None:
    """Each failure waits twice as long as the one before, and none longer than the longest."""
    now = NOON + HOUR
    assert PATIENCE.next_try(failures, now, jitter=1) == now + longest_pause * SECOND


@given(failures=st.integers(1, 100), jitter=st.floats(0, 1))
def test_jitter_spreads_a_pause_over_its_second_half(failures: int, jitter: float) -> None:
    """Ticks that failed together do not come back together, and none comes back at once."""
    longest = PATIENCE.next_try(failures, NOON, jitter=1) - NOON
    assert longest / 2 <= PATIENCE.next_try(failures, NOON, jitter) - NOON <= longest


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        (None, 2),
        (0, 2),
        (1, 2),
        (30, 30),
        (59.5, 59.5),
        (61, 60),
        (1e300, 60),
        (math.inf, 60),
        (-5, 2),
        (-math.inf, 2),
        (math.nan, 2),
    ],
)
def test_a_pause_that_was_asked_for_is_kept_to_the_longest(asked: float | None, expected: float) -> None:
    """``Retry-After`` lengthens a pause, never shortens it, and cannot put a tick off for ever."""
    assert PATIENCE.next_try(1, NOON, jitter=1, retry_after=asked) == NOON + expected * SECOND


@pytest.mark.parametrize(
    ("time", "failures", "ends"),
    [
        (HOUR - SECOND, 4, False),
        (HOUR - SECOND, 1000, False),
        (HOUR, 3, False),
        (HOUR, 4, True),
        (DAY, 1, False),
        (DAY, 4, True),
    ],
)
def test_it_ends_when_it_has_failed_for_long_and_often(time: timedelta, failures: int, *, ends: bool) -> None:
    """What was seldom tried, as the service was down, still gets its attempts."""
    assert PATIENCE.ends(Progress(failures, NOON), NOON + time) is ends


def test_waiting_is_no_failing() -> None:
    """A tick that has waited for days, but never failed, has all patience before it."""
    assert not PATIENCE.ends(Progress(turns=1000, looks=3), NOON + DAY)
    assert PATIENCE.ends(Progress(turns=1000, looks=3).failed(NOON), NOON + DAY) is False


@pytest.mark.parametrize(
    ("patience", "earliest", "latest", "most_attempts"),
    [(FOR_AWS, 15 * MINUTE, 17 * MINUTE, 22), (FOR_CHANNELS, DAY, DAY + HOUR, 65)],
)
@pytest.mark.parametrize("jitter", [0, 0.5, 1])
def test_the_two_policies_end_when_they_are_said_to(
    patience: Patience, earliest: timedelta, latest: timedelta, most_attempts: int, jitter: float
) -> None:
    """AWS is given about 15 minutes, Telex a day, and neither is hammered meanwhile."""
    progress, now = Progress().failed(NOON), NOON
    while not patience.ends(progress, now):
        now = patience.next_try(progress.failures, now, jitter)
        progress = progress.failed(now)
    assert earliest <= now - NOON <= latest
    assert progress.failures <= most_attempts
