"""What was answered 202 is answered in its channel, whatever happens to the process."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.doubles.kills import ENGINES, play
from tests.doubles.storm import storm

BURSTS = {"sqlite": (3, 100), "postgresql": (2, 100), "nats": (2, 120), "sqs+dynamodb": (2, 25)}
"""Rounds and ticks by engine; ``make soak`` plays twenty rounds."""

DICE = random.Random(20)  # noqa: S311  # the same kills every time, as far as two processes can


@pytest.mark.parametrize("engine", ENGINES)
async def test_no_kill_loses_what_was_accepted(
    engine: str, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    """Bursts of ticks, each cut short by SIGKILL: none lost, and doubled only for want of a record."""
    rounds, burst = BURSTS[engine]
    async with storm() as outside, ENGINES[engine](tmp_path) as opened:
        outcome = await play(opened, tmp_path, outside, rounds=rounds, burst=burst, dice=DICE)
    record_property(
        "said",
        f"{engine}, {rounds} kills: {outcome.accepted} ticks accepted, {len(outcome.lost)} lost, "
        f"{outcome.doubled} told twice",
    )
    assert (outcome.lost, outcome.unexcused, outcome.given_up) == (set(), [], 0)
