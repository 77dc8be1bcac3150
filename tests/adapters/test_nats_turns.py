"""Which ticks a worker takes out of a crowd."""

from __future__ import annotations

import pytest

from adapters.state.nats.turns import AGAIN_SECONDS, Turns


class Watch:
    """Seconds that pass when a test says so."""

    def __init__(self) -> None:
        self.seconds = 100.0

    def __call__(self) -> float:
        """Read it."""
        return self.seconds


@pytest.fixture
def watch() -> Watch:
    """A watch of the test's own."""
    return Watch()


@pytest.fixture
def turns(watch: Watch) -> Turns:
    """Nobody has had a turn."""
    return Turns(watch)


def test_each_channel_once_is_no_crowd(turns: Turns) -> None:
    """Different channels stand in nobody's way."""
    assert not turns.crowded("abc")


def test_a_channel_twice_is_a_crowd(turns: Turns) -> None:
    """One of the two may be standing before somebody."""
    assert turns.crowded("aba")


def test_a_channel_that_has_just_had_its_turn_is_a_crowd(turns: Turns, watch: Watch) -> None:
    """For a second, whether it comes in one batch or in the next makes no difference."""
    turns.take("a")
    just_now = turns.crowded("a")
    watch.seconds += AGAIN_SECONDS
    assert (just_now, turns.crowded("a")) == (True, False)


def test_others_go_first(turns: Turns) -> None:
    """Every channel's first tick comes before any channel's second, and so on."""
    choice = turns.choose("aaabac", 4, more=False)
    assert choice.taken == [0, 3, 5, 1]


def test_who_has_had_a_turn_stands_back(turns: Turns) -> None:
    """Those who have had none go first, in the order of arrival."""
    turns.take("a")
    assert turns.choose("aabc", 3, more=False).taken == [2, 3, 0]


def test_a_lone_channel_gets_all_the_room(turns: Turns) -> None:
    """When nobody else is there, nobody is waited for."""
    assert turns.choose("aaaa", 3, more=False).taken == [0, 1, 2]


def test_the_later_its_turn_the_longer_a_tick_is_set_aside(turns: Turns) -> None:
    """What is next to be taken comes back at once."""
    assert turns.choose("aaab", 2, more=False).aside == [(1, 1), (2, 2)]


def test_while_others_may_stand_behind_only_first_turns_are_taken(turns: Turns) -> None:
    """A long queue of one channel is passed through quickly."""
    assert turns.choose("aaaab", 4, more=True).taken == [0, 4]


def test_at_least_one_is_taken(turns: Turns) -> None:
    """However crowded it is, the work goes on."""
    turns.take("a")
    assert turns.choose("aaaa", 4, more=True).taken == [0]
