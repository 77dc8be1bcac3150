"""How often a channel is told of what it never asked before."""

from __future__ import annotations

from datetime import timedelta

from application.answer import Outcome
from application.aws_errors import AccessKeyUnknown
from application.ports.dead_letters import TickState
from application.ports.work_queue import Why
from tests.doubles.fakes.world import KEY, World, bill, settings

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


async def spam(world: World, count: int) -> list[Outcome]:
    """Anybody who knows the return_url sends so many different settings that are wrong."""
    return [(await world.tick(settings(threshold=f"junk {number}"))).outcome for number in range(count)]


async def test_a_channel_is_not_spammed() -> None:
    """Sixty new questions are answered in an hour; the others wait."""
    world = World()
    outcomes = await spam(world, 70)
    assert (outcomes.count(Outcome.FAILURE_TOLD), outcomes.count(Outcome.RETRY)) == (60, 10)
    assert {entry.why for entry in await world.inbox.entries()} == {Why.TURN}


async def test_its_own_question_is_answered_meanwhile() -> None:
    """What the channel is told about every day is told today too."""
    world = World()
    await world.tick()
    world.clock.move(DAY)
    world.account.bill = bill(world.today)
    await spam(world, 70)
    assert (await world.tick()).outcome is Outcome.TOLD


async def test_its_own_failure_is_told_meanwhile() -> None:
    """A key that is withdrawn while somebody spams is heard of."""
    world = World()
    await world.tick()
    world.clock.move(DAY)
    await spam(world, 70)
    world.aws.fail(KEY, AccessKeyUnknown())
    assert (await world.tick()).outcome is Outcome.FAILURE_TOLD


async def test_the_others_are_answered_later() -> None:
    """Whoever has to wait is told within some hours."""
    world = World()
    await spam(world, 70)
    answers = await world.work_for(3 * HOUR)
    assert [answer.outcome for answer in answers][-10:] == [Outcome.FAILURE_TOLD] * 10


async def test_what_waits_for_too_long_is_given_up() -> None:
    """The rest of hundreds is not told for days."""
    world = World()
    world.answer_tick.hourly_limit.most = 1
    await spam(world, 20)
    await world.work_for(DAY)
    entries = await world.inbox.entries()
    assert {entry.state for entry in entries} == {TickState.GIVEN_UP}
    assert len(entries) + len(world.texts) == 20


async def test_others_are_not_slowed_down() -> None:
    """Another channel has a pace of its own."""
    world = World()
    await spam(world, 70)
    other = await world.tick(settings(threshold="junk"), return_url="https://example.com/other")
    assert other.outcome is Outcome.FAILURE_TOLD


async def test_nothing_is_remembered_for_long() -> None:
    """Channels that were told nothing for an hour are forgotten."""
    world = World()
    for number in range(50):
        await world.tick(settings(threshold="junk"), return_url=f"https://example.com/{number}")
    world.clock.move(2 * HOUR)
    for number in range(50):
        await world.tick(settings(threshold="junk"), return_url=f"https://example.org/{number}")
    assert len(world.answer_tick.hourly_limit._told) == 50
