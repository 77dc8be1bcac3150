"""Posts whose answer is lost, kills between record and acknowledgement, and ticks that end their process."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from application.answer import Outcome
from application.errors import ChannelUnavailable
from application.notice import Notice
from application.quarantine import DEATHS, DEATHS_AT_MOST
from tests.doubles.fakes.channel import FakeChannel
from tests.doubles.fakes.world import LEASE, World, settings

SOON = timedelta(seconds=5)

HOUR = timedelta(hours=1)


async def die_with(world: World, times: int) -> None:
    """Let so many processes end with all that can be leased in flight."""
    for _ in range(times):
        await world.lease()
        world.clock.move(LEASE)


class Breaks(FakeChannel):
    """Takes a message, and breaks off before it answers."""

    def __init__(self) -> None:
        super().__init__()
        self.breaks = 1

    async def post(self, return_url: str, notice: Notice) -> None:
        """Take it."""
        await super().post(return_url, notice)
        if self.breaks:
            self.breaks -= 1
            raise ChannelUnavailable("The channel broke off.")


class TestOnce:
    """What is known to have been said is not said again; what nobody can know is."""

    async def test_a_post_whose_answer_is_lost_is_said_again(self) -> None:
        """At least once: the same message, with the same id, and then never again."""
        world = World()
        world.channel = Breaks()
        world.restart()
        await world.accept()
        await world.work_for(HOUR)
        await world.tick()
        ids = [notice.id for _, notice in world.channel.posts]
        assert (len(ids), len(set(ids))) == (2, 1)

    @pytest.mark.parametrize("notify", ["Once per period", "Every check"])
    async def test_a_kill_between_record_and_acknowledgement(self, notify: str) -> None:
        """The page knows that this tick has spoken: nothing is said, or asked, again."""
        world = World()
        await world.accept(settings(notify=notify))
        [lease] = await world.lease()
        await world.answer_tick.execute(replace(lease, token=object()))  # the acknowledgement gets lost
        asked = len(world.aws.asked)
        world.restart()
        [answer] = await world.work_for(LEASE)
        assert (answer.outcome, len(world.texts), len(world.aws.asked)) == (Outcome.SILENT, 1, asked)
        assert await world.inbox.entries() == []

    async def test_a_tick_that_ends_processes_is_set_aside(self) -> None:
        """First it is tried alone; when that ends processes, too, it is given up on, and not worked on."""
        world = World()
        await world.accept()
        await die_with(world, DEATHS)
        [answer] = await world.work()
        assert (answer.outcome, answer.cause, world.aws.identified) == (Outcome.RETRY, "quarantined", [])
        world.clock.move(SOON)
        await die_with(world, DEATHS_AT_MOST - DEATHS)
        [answer] = await world.work()
        assert (answer.outcome, answer.cause, world.aws.identified) == (Outcome.GIVEN_UP, "worker-died", [])
        [entry] = await world.inbox.entries()
        assert "10 times in a row the process ended" in entry.reason
        await world.inbox.revive(entry.id)
        assert [answer.outcome for answer in await world.work()] == [Outcome.TOLD]

    async def test_those_that_died_with_it_are_answered(self) -> None:
        """One at a time, so that a process that ends takes no other suspect with it."""
        world = World()
        for channel in "abc":
            await world.accept(return_url=f"https://ping.telex.im/v1/return/{channel}")
        await die_with(world, DEATHS)
        assert [answer.cause for answer in await world.work()] == ["quarantined"] * 3
        world.clock.move(SOON)
        for _ in range(DEATHS_AT_MOST - DEATHS - 1):
            alone, *others = await world.lease()
            with world.answer_tick.quarantine.place(alone):
                for other in others:
                    assert (await world.answer_tick.execute(other)).cause == "quarantined"
            world.clock.move(LEASE)
        told = 0
        while told < 3:
            told += [answer.outcome for answer in await world.work_for(SOON)].count(Outcome.TOLD)
        assert await world.inbox.entries() == []

    async def test_a_storage_that_fails_sets_nothing_aside(self) -> None:
        """A process that has seen the storage fail knows that the tick has done it no harm."""
        world = World()
        await world.accept()
        for _ in range(2 * DEATHS_AT_MOST):
            leases = await world.lease()
            world.channel.places = 0
            world.disk.break_after(2)  # the page is read and claimed; to put the tick back fails
            with pytest.raises(Exception, match="disk is full"):
                await world.answer_tick.execute(leases[0])
            world.disk.mend()
            world.clock.move(LEASE)
        world.channel.places = 1
        world.clock.move(LEASE)
        assert [answer.outcome for answer in await world.work()] == [Outcome.TOLD]
