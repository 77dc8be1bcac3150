"""Ticks that wait: for AWS to publish, or for somebody to mend something; and in which order they come."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from adapters.aws.frugal import frugal
from adapters.state.memory import MemoryStore
from application.answer import Outcome
from application.aws_errors import PaidRequestsCapped, PermissionMissing
from application.check_spend import CheckSpend
from application.errors import ChannelUnavailable
from application.ports.dead_letters import TickState
from application.ports.work_queue import Why
from domain.periods import Frequency, Period
from domain.thresholds import Verdict
from tests.doubles.fakes.aws import FakeCostSource, FakeIdentity
from tests.doubles.fakes.world import DAY, KEY, LEASE, URL, World, bill, settings

HOUR = timedelta(hours=1)
MIDNIGHT = datetime(2026, 11, 25, tzinfo=UTC)


def world_at_midnight() -> World:
    """Wednesday, a channel that has had its first report, and an AWS that has published half of Tuesday."""
    world = World()
    world.clock.move_to(MIDNIGHT)
    half_a_day(world)
    return world


def half_a_day(world: World) -> None:
    """The newest day is published in part."""
    world.account.bill = bill(world.today, d1="5")


async def known(world: World) -> World:
    """The channel has been told of an earlier day."""
    world.account.bill = bill(world.today)
    await world.tick()
    world.clock.move(DAY)
    half_a_day(world)
    return world


class TestNotPublished:
    """A part of a day is no day."""

    async def test_a_part_within_budget_waits_in_the_inbox(self) -> None:
        """The channel hears nothing; who lists the inbox reads what the tick waits for, and until when."""
        world = await known(world_at_midnight())
        answer = await world.tick()
        assert (answer.outcome, answer.waits_for, len(world.texts)) == (Outcome.WAITS, "not-settled", 1)
        [entry] = await world.inbox.entries()
        assert (entry.state, entry.why, entry.attempts) == (TickState.PAUSED, Why.NEWS, 1)
        assert entry.reason == (
            "AWS has not published all of 2026-11-25 yet; told at the latest on 2026-11-27 00:01 UTC"
        )
        assert entry.at.replace(minute=0, second=0) == world.clock.now() + 12 * HOUR

    async def test_the_whole_is_told_when_it_is_there(self) -> None:
        """One message, with the day's own figure, compared with whole days."""
        world = await known(world_at_midnight())
        await world.accept()
        await world.work_for(HOUR)
        world.account.bill = bill(world.today, d1="11", d8="12")
        await world.work_for(12 * HOUR)
        assert len(world.texts) == 2
        assert "Within Budget" in world.texts[1]
        assert "up $1.00" in world.texts[1]
        assert await world.inbox.entries() == []

    async def test_a_day_that_grows_and_is_dearer_than_its_like_is_no_whole_yet(self) -> None:
        """Most of a dear day would be told within budget, and be over by midnight."""
        world = await known(world_at_midnight())
        await world.accept()
        await world.work_for(HOUR)
        world.account.bill = bill(world.today, d1="99")
        await world.work_for(12 * HOUR)
        assert len(world.texts) == 1
        world.account.bill = bill(world.today, d1="101")
        await world.work_for(12 * HOUR)
        assert [("Exceeded" in text, "Within" in text) for text in world.texts[1:]] == [(True, False)]

    async def test_a_part_over_budget_is_told_at_once_and_compared_with_nothing(self) -> None:
        """What is still to come only adds; half a day beside a whole one would only mislead."""
        world = await known(world_at_midnight())
        world.account.bill = bill(world.today, d1="5")
        answer = await world.tick(settings(threshold="4"))
        assert answer.outcome is Outcome.TOLD
        assert "Exceeded" in world.texts[-1]
        assert "$5.00 so far" in world.texts[-1]
        assert not any(word in world.texts[-1] for word in ("down", "up $", "usually", "Back within"))

    async def test_the_same_tick_again_looks_at_once(self) -> None:
        """The tick is not stored; the one that waits goes on, and its plan stays."""
        world = await known(world_at_midnight())
        await world.tick()
        [before] = await world.inbox.entries()
        world.clock.move(HOUR)
        accepted = await world.accept()
        [answer] = await world.work()
        assert (accepted.stored, answer.outcome) == (False, Outcome.WAITS)
        [after] = await world.inbox.entries()
        assert (before.id, before.at) == (after.id, after.at)
        world.account.bill = bill(world.today)
        assert (await world.tick()).outcome is Outcome.TOLD

    async def test_after_settle_hours_what_is_there_is_told(self) -> None:
        """A day that stays cheap is within budget in the end; no third day is needed for that."""
        world = await known(world_at_midnight())
        await world.accept()
        await world.work_for(25 * HOUR)
        assert "Within Budget" in world.texts[1]
        assert "so far" in world.texts[1]
        assert "AWS may not have published all of it yet." in world.texts[1]
        assert await world.inbox.entries() == []

    async def test_a_day_that_never_comes_is_given_up_on_once(self) -> None:
        """After its own look and three more the channel reads that nothing is published; the tick ends."""
        world = await known(world_at_midnight())
        world.account.bill = bill(world.today - DAY)
        before = len(world.aws.asked)
        await world.accept()
        await world.work_for(4 * DAY)
        assert len(world.aws.asked) - before == 4
        assert len(world.texts) == 2
        assert "Not Published Yet" in world.texts[1]
        assert await world.inbox.entries() == []

    async def test_without_settle_hours_it_is_as_it_was(self) -> None:
        """SETTLE_HOURS=0: what is there is judged at once."""
        world = World(settle=timedelta())
        await known(world)
        answer = await world.tick()
        assert (answer.outcome, answer.cause, answer.until) == (Outcome.TOLD, Verdict.WITHIN, None)

    async def test_every_check_speaks_at_every_tick(self) -> None:
        """And says what is missing; a look of its own, in between, says nothing."""
        world, raw = world_at_midnight(), settings(notify="Every check")
        for _ in range(3):
            await world.tick(raw)
            world.clock.move(HOUR)
        assert len(world.texts) == 3
        await world.work_for(11 * HOUR)
        assert len(world.texts) == 3

    async def test_every_check_is_not_every_look(self) -> None:
        """A week's bill is looked at until it is final; the last of these looks is no tick either."""
        world = World()
        await world.tick(settings(threshold="100", frequency="Weekly", notify="Every check"))
        await world.work_for(30 * DAY)
        assert await world.inbox.entries() == []
        assert len(world.texts) == 1


class TestMending:
    """Somebody has to mend something first."""

    async def test_the_report_comes_when_the_policy_is_mended(self) -> None:
        """Told once, looked at again seldom; and the report still comes."""
        world = World()
        world.aws.fail(KEY, PermissionMissing("You may not"))
        answer = await world.tick()
        assert (answer.outcome, answer.waits_for) == (Outcome.FAILURE_TOLD, "permission-missing")
        assert answer.reason.endswith("AWS says: You may not. AWS is asked again until 2026-11-25.")
        await world.work_for(20 * HOUR)
        assert len(world.texts) == 1
        assert len(world.aws.identified) <= 8
        world.aws.fail(KEY, None)
        await world.work_for(4 * HOUR)
        assert [message.good for message in world.channel.messages] == [False, True]
        assert await world.inbox.entries() == []

    async def test_a_channel_that_fails_then_has_all_patience(self) -> None:
        """What AWS refused before is no failure of the channel's."""
        world = World()
        world.aws.fail(KEY, PermissionMissing())
        await world.accept()
        await world.work_for(30 * HOUR)
        world.aws.fail(KEY, None)
        world.channel.failures.append(ChannelUnavailable("Away."))
        answers = await world.work_for(4 * HOUR)
        assert [answer.outcome for answer in answers] == [Outcome.RETRY, Outcome.TOLD]

    @pytest.mark.parametrize(
        ("frequency", "at_least", "at_most"), [("Daily", 1, 2), ("Weekly", 5, 7), ("Monthly", 37, 40)]
    )
    async def test_it_waits_as_long_as_the_report_is_of_use(
        self, frequency: str, at_least: int, at_most: int
    ) -> None:
        """A day's for two days, a week's for a week, a month's until the next month's end."""
        world = World()
        world.clock.move_to(datetime(2026, 12, 1 if frequency == "Monthly" else 7, tzinfo=UTC))
        world.aws.fail(KEY, PermissionMissing())
        begun = world.clock.now()
        await world.accept(settings(frequency=frequency))
        answers, days = await world.work(), 0.0
        while await world.inbox.entries():
            answers += await world.work_for(DAY / 4)
            days = (world.clock.now() - begun) / DAY
        longest = 31 if frequency == "Monthly" else at_most + 0.5
        assert min(at_least, 30) <= days <= longest
        assert len(world.texts) == 1

    async def test_the_daily_cap_goes_on_after_midnight(self) -> None:
        """The channel is told once, and has its report on the next UTC day, without a tick."""
        world = World()
        bills = FakeCostSource(world.aws)

        class Capped(FakeCostSource):
            async def costs(self, *args: object) -> object:  # type: ignore[override]
                if world.today == datetime(2026, 11, 23, tzinfo=UTC).date():
                    raise PaidRequestsCapped
                return await bills.costs(*args)  # type: ignore[arg-type]

        check_spend = replace(world.check_spend, cost_source=Capped(world.aws))
        world.answer_tick = replace(world.answer_tick, check_spend=check_spend)
        answer = await world.tick()
        assert answer.until == datetime(2026, 11, 24, tzinfo=UTC)
        await world.work_for(13 * HOUR)
        assert [message.good for message in world.channel.messages] == [False, True]


class TestOrder:
    """No period is lost, in whatever order ticks are answered."""

    @pytest.mark.parametrize("threshold_changes", [False, True])
    async def test_a_breach_is_told_though_the_next_day_was_answered_first(
        self, *, threshold_changes: bool
    ) -> None:
        """Telex was away over midnight: the older tick comes second, and still tells its own day."""
        world = World()
        world.account.bill = bill(world.today, d1="300")
        await world.accept(settings(threshold="99"))
        [older] = await world.lease()
        world.clock.move(DAY)
        world.account.bill = bill(world.today, d2="300")
        await world.tick(settings(threshold="98" if threshold_changes else "99"))
        assert [message.good for message in world.channel.messages] == [True]
        await world.answer_tick.execute(replace(older, expires_at=world.clock.now() + LEASE))
        assert [message.good for message in world.channel.messages] == [True, False]
        assert "2026-11-22" in world.texts[1]


class TestPatience:
    """Turns are no failures, and one failure is no reason to give up."""

    async def test_an_old_backlog_and_one_429(self) -> None:
        """A tick that waited two days for its turn, and then fails once, is tried again."""
        world = World()
        await world.tick()
        world.clock.move(DAY)
        await world.accept()
        world.channel.places = 0
        world.clock.move(2 * DAY)
        world.account.bill = bill(world.today)
        await world.work_for(HOUR)
        world.channel.places = 1
        world.channel.failures.append(ChannelUnavailable("The channel answered HTTP 429.", 60))
        answers = await world.work_for(HOUR)
        assert [answer.outcome for answer in answers[:2]] == [Outcome.RETRY, Outcome.TOLD]

    async def test_a_dead_channel_is_not_paid_for_again(self) -> None:
        """Retries for a day take the answer that the look was given, without any cache."""
        world = World()
        paid: list[int] = []
        identity, source = frugal(
            FakeIdentity(world.aws),
            FakeCostSource(world.aws),
            MemoryStore(world.clock),
            world.vault,
            world.clock,
            ttl=timedelta(),
            daily_cap=0,
            on_paid=paid.append,
        )
        check_spend = CheckSpend(world.access, identity, source)
        world.answer_tick = replace(world.answer_tick, check_spend=check_spend)
        await world.tick()
        world.clock.move(DAY)
        world.account.bill = bill(world.today)
        world.channel.failures.extend([ChannelUnavailable("Away.")] * 100)
        await world.accept()
        answers = await world.work_for(2 * DAY)
        assert (answers[-1].outcome, sum(paid)) == (Outcome.GIVEN_UP, 2)
        assert len(answers) > 20


async def test_a_weekly_report_is_looked_at_until_its_bill_is_final() -> None:
    """A charge that comes in days later is told as a correction, though no tick comes."""
    world = World()
    week = Frequency.WEEKLY.period_on(world.today)
    answer = await world.tick(settings(threshold="100", frequency="Weekly"))
    assert (answer.outcome, answer.waits_for) == (Outcome.TOLD, "not-final")
    assert answer.reason == f"looks at {week} again until its bill is final, on 2026-12-06"
    world.account.bill = bill(world.today, d3="90")
    await world.work_for(4 * DAY)
    assert [message.good for message in world.channel.messages] == [True, False]
    assert (await world.page("100", Frequency.WEEKLY)).told[week].verdicts[-1] is Verdict.EXCEEDED
    await world.work_for(30 * DAY)
    assert await world.inbox.entries() == []
    assert isinstance(week, Period)
    assert {url for url, _ in world.channel.posts} == {URL}
