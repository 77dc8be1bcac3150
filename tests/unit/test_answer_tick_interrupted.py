"""Stops, stale answers and moved clocks between the looks of a tick: its last word is true all the same."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from adapters.aws.frugal import frugal
from adapters.state.memory import MemoryStore
from application.answer import Outcome
from application.aws_errors import AwsUnavailable, PermissionMissing
from application.check_spend import CheckSpend, LinkedAccounts
from application.drill_down import DrillDown
from application.errors import ChannelUnavailable
from domain.periods import DAY, HOUR, Period
from domain.thresholds import Verdict
from tests.doubles.fakes.aws import FakeCostSource, FakeIdentity
from tests.doubles.fakes.world import KEY, LEASE, World, bill, settings


class PaidWorld(World):
    """A world in which each of AWS's answers is paid for, and kept for the tick that asked only.

    Attributes:
        paid: Requests, in cents.
    """

    def restart(self) -> None:
        """Likewise."""
        super().restart()
        self.paid = 0
        identity, source = frugal(
            FakeIdentity(self.aws),
            FakeCostSource(self.aws),
            MemoryStore(self.clock),
            self.vault,
            self.clock,
            ttl=timedelta(),
            daily_cap=0,
            on_paid=self.pay,
        )
        accounts, cause = LinkedAccounts.ALWAYS, DrillDown(source)
        check_spend = CheckSpend(self.access, identity, source, accounts, cause)
        self.answer_tick = replace(self.answer_tick, check_spend=check_spend)

    def pay(self, count: int) -> None:
        """Count."""
        self.paid += count


async def test_a_breach_pays_once_for_its_cause_and_its_accounts_however_often_it_is_tried() -> None:
    """A dead channel is tried for a day, and each try would ask three things."""
    world = PaidWorld()
    await world.tick()
    world.clock.move(DAY)
    world.account.bill = bill(world.today, d1="250")
    world.channel.failures.extend([ChannelUnavailable("Away.")] * 100)
    world.paid = 0
    await world.accept()
    tries = len(await world.work_for(20 * HOUR))
    assert (tries > 20, world.paid <= 3) == (True, True)


async def test_an_old_answer_never_takes_back_a_newer_word() -> None:
    """Two days' reports wait for a dead channel; a charge comes in between their looks."""
    world = PaidWorld()
    await world.tick()
    world.clock.move(DAY)
    world.account.bill = bill(world.today)
    day = Period(world.today - DAY, world.today)
    world.channel.failures.extend([ChannelUnavailable("Away.")] * 100)
    await world.accept()
    await world.work_for(DAY - HOUR / 2)
    world.clock.move(HOUR / 2)
    world.account.bill = bill(world.today, d2="250")
    world.channel.failures.clear()
    await world.accept()
    leases = sorted(await world.lease(), key=lambda lease: lease.tick.accepted_at, reverse=True)
    [newer] = [await world.answer_tick.execute(lease) for lease in leases]
    assert newer.outcome is Outcome.TOLD
    await world.work_for(2 * HOUR)
    assert (await world.page()).told[day].verdicts == (Verdict.EXCEEDED,)
    assert [message.good for message in world.channel.messages] == [True, False]


async def test_a_clock_that_was_set_back_pays_for_no_retries() -> None:
    """The channel was told from an answer of a moment that is still to come: no answer is newer."""
    world = PaidWorld()
    world.clock.move(9 * HOUR)
    await world.tick()
    world.clock.move(-9 * HOUR)
    world.account.bill = bill(world.today, d1="250")
    world.channel.failures.extend([ChannelUnavailable("Away.")] * 100)
    world.paid = 0
    await world.accept()
    tries = len(await world.work_for(5 * HOUR))
    assert (tries > 10, world.paid <= 3) == (True, True)


async def test_days_of_refusals_do_not_use_up_the_patience_with_a_failure() -> None:
    """A key that AWS refused for two weeks is mended, and then AWS is away for a minute."""
    world = World()
    await world.tick(settings(frequency="Monthly"))
    world.aws.fail(KEY, PermissionMissing())
    world.clock.move_to(datetime(2026, 12, 2, 12, tzinfo=UTC))
    world.account.bill = bill(world.today)
    await world.accept(settings(frequency="Monthly"))
    await world.work_for(14 * DAY)
    world.aws.fail(KEY, AwsUnavailable("AWS is away."))
    due = await world.next_due()
    assert due
    world.clock.move_to(due.at)
    [answer] = await world.work()
    assert answer.outcome is Outcome.RETRY
    world.aws.fail(KEY, None)
    world.account.bill = bill(world.today)
    answers = await world.work_for(HOUR)
    assert answers[-1].outcome is Outcome.TOLD


async def test_a_long_stop_after_the_first_word_ends_no_tick_untold() -> None:
    """The first word was that the day is not there yet; the process was killed, and away for days."""
    world = World()
    world.account.bill = bill(world.today - DAY)
    await world.accept()
    [lease] = await world.lease()
    await world.answer_tick.execute(replace(lease, token=object()))
    day = Period(world.today - DAY, world.today)
    world.account.bill = bill(world.today, d1="250")
    world.clock.move(3 * DAY)
    world.restart()
    await world.work_for(LEASE)
    assert (await world.page()).told[day].verdicts[-1] is Verdict.EXCEEDED
    assert await world.inbox.entries() == []
