"""How long, and with which pauses, something is tried again."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from application.patience import FOR_AWS, FOR_TELEX, Patience
from application.ports.inbox import Lease, SealedTick
from tests.fakes.clock import NOON

SECOND, MINUTE, HOUR, DAY = (timedelta(**{unit: 1}) for unit in ("seconds", "minutes", "hours", "days"))
PATIENCE = Patience(2 * SECOND, longest=MINUTE, total=HOUR, attempts=4)


def lease(attempt: int) -> Lease:
    """A tick accepted at noon, on its n-th attempt."""
    return Lease(SealedTick("t", "c", "w", NOON, b""), attempt, NOON + DAY, token=None)


@pytest.mark.parametrize(
    ("attempt", "longest_pause"), [(1, 2), (2, 4), (3, 8), (4, 16), (5, 32), (6, 60), (7, 60), (10**9, 60)]
)
def test_pauses_double_up_to_the_longest(attempt: int, longest_pause: int) -> None:
    """Each failure waits twice as long as the one before, and none longer than the longest."""
    now = NOON + HOUR
    assert PATIENCE.next_try(lease(attempt), now, jitter=1) == now + longest_pause * SECOND


def test_leases_that_only_waited_for_a_turn_make_no_long_pauses() -> None:
    """A young tick cannot have failed often, however often it was leased."""
    now = NOON + 3 * SECOND
    assert FOR_TELEX.next_try(lease(1000), now, jitter=1) == now + 12 * SECOND


@given(attempt=st.integers(1, 100), jitter=st.floats(0, 1))
def test_jitter_spreads_a_pause_over_its_second_half(attempt: int, jitter: float) -> None:
    """Ticks that failed together do not come back together, and none comes back at once."""
    longest = PATIENCE.next_try(lease(attempt), NOON, jitter=1) - NOON
    assert longest / 2 <= PATIENCE.next_try(lease(attempt), NOON, jitter) - NOON <= longest


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
    assert PATIENCE.next_try(lease(1), NOON, jitter=1, retry_after=asked) == NOON + expected * SECOND


@pytest.mark.parametrize(
    ("age", "attempt", "ends"),
    [
        (HOUR - SECOND, 4, False),
        (HOUR - SECOND, 1000, False),
        (HOUR, 3, False),
        (HOUR, 4, True),
        (DAY, 1, False),
        (DAY, 4, True),
    ],
)
def test_it_ends_when_the_tick_is_old_and_was_tried(age: timedelta, attempt: int, *, ends: bool) -> None:
    """A tick that waited long while the service was down still gets its attempts."""
    assert PATIENCE.ends(lease(attempt), NOON + age) is ends


@pytest.mark.parametrize(
    ("patience", "earliest", "latest", "most_attempts"),
    [(FOR_AWS, 15 * MINUTE, 17 * MINUTE, 22), (FOR_TELEX, DAY, DAY + HOUR, 65)],
)
@pytest.mark.parametrize("jitter", [0, 0.5, 1])
def test_the_two_policies_end_when_they_are_said_to(
    patience: Patience, earliest: timedelta, latest: timedelta, most_attempts: int, jitter: float
) -> None:
    """AWS is given about 15 minutes, Telex a day, and neither is hammered meanwhile."""
    attempt, now = lease(1), NOON
    while not patience.ends(attempt, now):
        now = patience.next_try(attempt, now, jitter)
        attempt = replace(attempt, attempt=attempt.attempt + 1)
    assert earliest <= now - NOON <= latest
    assert attempt.attempt <= most_attempts
