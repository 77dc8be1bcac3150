from __future__ import annotations

from contextlib import ExitStack

import pytest

from entrypoints.door import CROWD, LONGEST_SECONDS, Door


class Watch:
    """Seconds that a test lets pass."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        """The present one."""
        return self.now


@pytest.fixture
def watch() -> Watch:
    """Time that stands still."""
    return Watch()


def crowd_of(door: Door, count: int = CROWD) -> ExitStack:
    """So many ticks on their way in until it is closed."""
    crowd = ExitStack()
    for _ in range(count):
        crowd.enter_context(door.taking_in())
    return crowd


def seconds_crowded(door: Door, watch: Watch, seconds: int) -> int:
    """For how many of the seconds the worker makes way, looking four times in each."""
    crowded = 0
    for _ in range(4 * seconds):
        crowded += door.is_crowded
        watch.now += 0.25
    return crowded // 4


def test_eight_at_a_moment_are_a_crowd(watch: Watch) -> None:
    """Fewer are not, and when they are gone it is none."""
    door = Door(watch)
    with crowd_of(door, CROWD - 1):
        assert not door.is_crowded
        with door.taking_in():
            assert door.is_crowded
    assert not door.is_crowded


def test_a_burst_has_the_door_to_itself(watch: Watch) -> None:
    """What midnight brings is let in first."""
    door = Door(watch)
    with crowd_of(door):
        assert seconds_crowded(door, watch, 25) == 25


def test_who_crowds_for_longer_holds_the_worker_down_no_more(watch: Watch) -> None:
    """Over an hour that a dozen connections crowd the door, the worker makes way for half a minute."""
    door = Door(watch)
    with crowd_of(door):
        assert seconds_crowded(door, watch, 3600) <= LONGEST_SECONDS + 1


def test_who_crowds_now_and_then_gains_little(watch: Watch) -> None:
    """In turns of ten seconds, too, the worker has its places most of the time."""
    door = Door(watch)
    crowded = 0
    for _ in range(180):
        with crowd_of(door):
            crowded += seconds_crowded(door, watch, 10)
        seconds_crowded(door, watch, 10)
    assert crowded < 3600 / 8


def test_the_next_midnight_has_the_door_to_itself_again(watch: Watch) -> None:
    """What was held against the door is forgotten in minutes."""
    door = Door(watch)
    with crowd_of(door):
        seconds_crowded(door, watch, 60)
    assert not door.is_crowded
    watch.now += 600
    with crowd_of(door):
        assert seconds_crowded(door, watch, 25) == 25
