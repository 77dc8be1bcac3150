"""Nothing is said twice: two ticks at once, dead workers, and storage that fails between post and record."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from application.answer import Outcome
from application.aws_errors import AwsBusy
from application.errors import StorageUnavailable
from application.notice import Notice
from application.ports.dead_letters import TickState
from application.ports.work_queue import Lease
from tests.doubles.fakes.channel import FakeChannel
from tests.doubles.fakes.world import DAY, KEY, LEASE, URL, World, bill, settings

SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)
ALIKE = [settings(), settings(interval="5 0 * * *")]
"""Two installations' settings that differ in bytes and make one monitor."""

POST_DONE = 2
"""Accesses of the disk before the record of a told tick: read the page, claim it."""

RECORD_DONE = 3
"""Accesses before its acknowledgement."""


class SlowChannel(FakeChannel):
    """Holds the first post until the test lets it go."""

    def __init__(self) -> None:
        super().__init__()
        self.reached, self.open = asyncio.Event(), asyncio.Event()

    async def post(self, return_url: str, notice: Notice) -> None:
        """Deliver; the first one only when it is let go."""
        if not self.reached.is_set():
            self.reached.set()
            await self.open.wait()
        await super().post(return_url, notice)


class TestTwoTicks:
    """Ticks of one monitor that are worked on at the same time."""

    async def test_one_speaks_and_the_other_finds_it_said(self) -> None:
        """However they interleave, the channel reads one message, and both ticks end."""
        world = World()
        for raw in ALIKE:
            await world.accept(raw)
        answers = [*await world.work_at_once(), *await world.work_for(HOUR)]
        assert [answer.outcome for answer in answers] == [Outcome.TOLD, Outcome.RETRY, Outcome.SILENT]
        assert answers[1].cause == "someone-else-speaks"
        assert len(world.texts) == 1
        assert await world.inbox.entries() == []

    async def test_while_one_is_speaking_the_other_waits(self) -> None:
        """A tick that comes while the message is on its way does not send another."""
        world, channel = World(), SlowChannel()
        world.channel = channel
        world.restart()
        await world.accept(ALIKE[0])
        [lease] = await world.lease()
        speaking = asyncio.create_task(world.answer_tick.execute(lease))
        await channel.reached.wait()
        other = await world.tick(ALIKE[1])
        assert (other.outcome, other.cause) == (Outcome.RETRY, "someone-else-speaks")
        channel.open.set()
        assert (await speaking).outcome is Outcome.TOLD
        assert [answer.outcome for answer in await world.work_for(HOUR)] == [Outcome.SILENT]
        assert len(world.texts) == 1

    async def test_a_lease_that_runs_out_while_the_tick_speaks(self) -> None:
        """The clock jumps, and the inbox hands the same tick out once more: it is said once."""
        world, channel = World(), SlowChannel()
        world.channel = channel
        world.restart()
        await world.accept()
        [lease] = await world.lease()
        speaking = asyncio.create_task(world.answer_tick.execute(lease))
        await channel.reached.wait()
        [again] = await lease_again(world)
        assert (await world.answer_tick.execute(again)).cause == "someone-else-speaks"
        channel.open.set()
        assert (await speaking).outcome is Outcome.TOLD
        assert [answer.outcome for answer in await world.work_for(HOUR)] == [Outcome.SILENT]
        assert (len(world.texts), await world.inbox.entries()) == (1, [])

    async def test_waiting_for_the_other_costs_little(self) -> None:
        """While a dead worker's claim stands, AWS is not asked every second."""
        world = World()
        await claimed_and_dead(world)
        await world.accept(ALIKE[1])
        before = len(world.aws.asked)
        await world.work_for(4 * MINUTE)
        assert len(world.aws.asked) - before <= 4 * MINUTE / (2.5 * SECOND)

    async def test_failures_are_told_once_too(self) -> None:
        """Two ticks with the same wrong settings, of two days, give one message."""
        world = World()
        await world.accept(settings(threshold="ten"))
        world.clock.move(DAY)
        await world.accept(settings(threshold="ten"))
        await world.work_at_once()
        await world.work_for(HOUR)
        assert len(world.texts) <= 2
        assert len(set(world.texts)) == len(world.texts)
        assert await world.inbox.entries() == []

    async def test_different_channels_do_not_wait_for_each_other(self) -> None:
        """A claim holds for one channel's page."""
        world = World()
        await world.accept()
        await world.accept(return_url=URL + "-2")
        assert [answer.outcome for answer in await world.work_at_once()] == [Outcome.TOLD, Outcome.TOLD]


class TestDeadWorker:
    """A process that was killed while it worked on a tick."""

    async def test_its_tick_goes_on_in_spite_of_its_claim(self) -> None:
        """The claim is the tick's, not the worker's: whoever gets it next may speak."""
        world = World()
        await claimed_and_dead(world)
        world.clock.move(LEASE)
        [answer] = await world.work()
        assert answer.outcome is Outcome.TOLD
        assert len(world.texts) == 1

    async def test_other_ticks_speak_once_its_claim_has_lapsed(self) -> None:
        """A claim whose tick never comes back silences nobody for long."""
        world = World()
        await claimed_and_dead(world)
        await world.inbox.give_up((await lease_again(world))[0], "a test")
        await world.accept(ALIKE[1])
        answers = await world.work_for(10 * MINUTE)
        assert answers[-1].outcome is Outcome.TOLD
        assert len(world.texts) == 1

    async def test_a_kill_between_post_and_record_may_say_it_twice_but_loses_nothing(self) -> None:
        """This is the one way to hear a report twice; a third time there is not."""
        world = World()
        await delivered_but_not_recorded(world)
        world.restart()
        await world.work_for(HOUR)
        await world.tick()
        assert len(world.texts) == 2


class TestStorageFails:
    """The disk is full for a while."""

    @pytest.mark.parametrize("accesses", range(RECORD_DONE + 1))
    async def test_it_is_told_once_and_recorded_whenever_the_disk_fails(self, accesses: int) -> None:
        """Wherever storage fails, the tick comes back, and the same process says nothing twice."""
        world = World()
        await world.accept()
        [lease] = await world.lease()
        world.disk.break_after(accesses)
        with pytest.raises(StorageUnavailable):
            await world.answer_tick.execute(lease)
        world.disk.mend()
        await world.work_for(HOUR)
        assert len(world.texts) == 1
        assert len((await world.page()).told) == 1
        assert await world.inbox.entries() == []

    async def test_what_was_delivered_is_recorded_even_if_the_figures_change_meanwhile(self) -> None:
        """The figure told is the one that counts later as told; nothing is said anew for a few cents."""
        world = World()
        await delivered_but_not_recorded(world)
        world.account.bill = bill(world.today, d1="11")
        [answer] = await world.work_for(LEASE)
        assert answer.outcome is Outcome.SILENT
        assert len(world.texts) == 1
        [told] = (await world.page()).told.values()
        assert told.spend is not None
        assert str(told.spend) == "$10.00"

    async def test_another_tick_waits_until_the_first_has_recorded(self) -> None:
        """What one tick has delivered, and could not record, no other says in between."""
        world = World()
        await delivered_but_not_recorded(world)
        await world.accept(ALIKE[1])
        await world.work_for(HOUR)
        assert len(world.texts) == 1
        assert await world.inbox.entries() == []

    async def test_another_process_waits_too(self) -> None:
        """A claim outlives its tick's lease, so that the process that has delivered can record first."""
        world = World()
        await delivered_but_not_recorded(world)
        here, elsewhere = (
            world.answer_tick,
            replace(world.answer_tick, say_once=replace(world.answer_tick.say_once, unrecorded={})),
        )
        world.clock.move(LEASE - SECOND)
        await world.accept(ALIKE[1])
        world.answer_tick = elsewhere
        assert [answer.outcome for answer in await world.work()] == [Outcome.RETRY]
        world.clock.move(SECOND)
        world.answer_tick = here
        assert [answer.outcome for answer in await world.work()] == [Outcome.SILENT]
        world.answer_tick = elsewhere
        assert [answer.outcome for answer in await world.work_for(HOUR)] == [Outcome.SILENT]
        assert len(world.texts) == 1

    async def test_a_told_failure_is_recorded_too(self) -> None:
        """Wrong settings are not told again because the disk was full."""
        world = World()
        await delivered_but_not_recorded(world, settings(threshold="ten"))
        await world.work_for(HOUR)
        assert len(world.texts) == 1

    async def test_nothing_stays_in_memory(self) -> None:
        """Once it is recorded, a delivery is forgotten."""
        world = World()
        await delivered_but_not_recorded(world)
        await world.work_for(HOUR)
        assert world.answer_tick.say_once.unrecorded == {}


class TestBusy:
    """The channel's host has as many deliveries in flight as it has earned."""

    async def test_the_tick_comes_back_soon_with_the_answer_that_it_has(self) -> None:
        """What AWS has said is not asked, or paid for, again: the place was all that was missing."""
        world = World()
        world.channel.places = 0
        answer = await world.tick()
        assert (answer.outcome, answer.cause) == (Outcome.RETRY, "channel-busy")
        [entry] = await world.inbox.entries()
        assert entry.at - world.clock.now() <= SECOND
        asked_at = world.clock.now()
        world.channel.places = 1
        await world.work_for(MINUTE)
        assert len(world.texts) == 1
        assert world.aws.since == [None, asked_at]

    async def test_it_is_never_given_up_for_lack_of_a_place(self) -> None:
        """However long the queue, each tick gets its turn; and it does not ask for it every second."""
        world = World()
        world.channel.places = 0
        await world.accept()
        answers = await world.work_for(HOUR)
        assert {answer.outcome for answer in answers} == {Outcome.RETRY}
        assert len(answers) < HOUR / (2.5 * SECOND)
        world.clock.move(3 * DAY)
        await world.work_for(MINUTE)
        [entry] = await world.inbox.entries()
        assert entry.state is TickState.PAUSED

    @pytest.mark.parametrize(("asked", "pause"), [(0, 1), (5, 5), (3600, 5)])
    async def test_when_aws_is_not_asked_just_now_the_tick_comes_back_soon(
        self, asked: float, pause: float
    ) -> None:
        """Another asks the same already: its answer will do, and the channel hears nothing of it."""
        world = World()
        world.aws.fail(KEY, AwsBusy("The same question is under way.", asked))
        answer = await world.tick()
        assert (answer.outcome, answer.cause) == (Outcome.RETRY, "aws-busy")
        [entry] = await world.inbox.entries()
        assert entry.at - world.clock.now() == pause * SECOND
        await world.work_for(HOUR)
        assert world.texts == []


async def delivered_but_not_recorded(world: World, raw: bytes = ALIKE[0]) -> None:
    """A tick's message is posted, and the disk fails before that is recorded, for a moment."""
    await world.accept(raw)
    [lease] = await world.lease()
    world.disk.break_after(POST_DONE)
    with pytest.raises(StorageUnavailable):
        await world.answer_tick.execute(lease)
    world.disk.mend()
    assert len(world.texts) == 1


async def claimed_and_dead(world: World) -> None:
    """A tick is accepted, claims its page, and its worker is killed before it posts."""
    channel, healthy = SlowChannel(), world.channel
    world.channel = channel
    world.restart()
    await world.accept(ALIKE[0])
    [lease] = await world.lease()
    worker = asyncio.create_task(world.answer_tick.execute(lease))
    await channel.reached.wait()
    worker.cancel()
    await asyncio.wait([worker])
    assert worker.cancelled()
    world.channel = healthy
    world.restart()


async def lease_again(world: World) -> list[Lease]:
    """Take the dead worker's tick once its lease has expired."""
    world.clock.move(LEASE)
    return list(await world.lease())
