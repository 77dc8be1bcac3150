"""What a channel hears, and when it hears nothing."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from adapters.chats.amounts import when
from application.answer import Outcome
from application.errors import InternalError
from application.ports.dead_letters import TickState
from domain.money import Money
from domain.periods import Frequency, Period
from domain.thresholds import Verdict
from tests.doubles.fakes.vault import FakeVault
from tests.doubles.fakes.world import ACCOUNT, DAY, KEY, URL, World, bill, settings

HOUR = timedelta(hours=1)


def yesterday(world: World) -> Period:
    """The daily period of the clock's day."""
    return Period(world.today - DAY, world.today)


@pytest.mark.parametrize(("amount", "good"), [("10", True), ("100", True), ("100.01", False)])
async def test_the_newest_period_is_told(amount: str, *, good: bool) -> None:
    """A channel reads whose account, how much, and in green or red whether that is over."""
    world = World()
    world.account.bill = bill(world.today, d1=amount)
    answer = await world.tick()
    assert answer.outcome is Outcome.TOLD
    [(return_url, _)], [message] = world.channel.posts, world.channel.messages
    assert return_url == URL
    assert message.good is good
    assert ACCOUNT in message.text
    assert f"${float(amount):.2f}" in message.text
    assert when(yesterday(world)) in message.text


async def test_the_answer_is_what_a_log_line_needs() -> None:
    """Account, period, verdict and price are known, and nothing waits any more."""
    world = World()
    answer = await world.tick()
    assert (answer.account_id, answer.period) == (ACCOUNT, str(yesterday(world)))
    assert (answer.cause, answer.reason) == (Verdict.WITHIN, "")
    assert answer.paid_requests == 1
    assert await world.inbox.entries() == []


async def test_the_ledger_knows_what_was_told() -> None:
    """The verdict and the figure are kept for the period, and nobody is about to speak."""
    world = World()
    await world.tick()
    page = await world.page()
    assert {period: told.verdicts for period, told in page.told.items()} == {
        yesterday(world): (Verdict.WITHIN,)
    }
    assert page.claim is None


async def test_a_second_tick_of_the_period_is_silent() -> None:
    """Whatever the crontab, a period is told once."""
    world = World()
    await world.tick()
    world.clock.move(HOUR)
    answer = await world.tick()
    assert answer.outcome is Outcome.SILENT
    assert len(world.texts) == 1
    assert await world.inbox.entries() == []


async def test_every_channel_and_every_threshold_is_told() -> None:
    """What one channel has heard is no news to that channel on that threshold only."""
    world = World()
    await world.tick()
    await world.tick(return_url=URL + "-2")
    await world.tick(settings(threshold="5"))
    assert [url for url, _ in world.channel.posts] == [URL, URL + "-2", URL]
    assert [message.good for message in world.channel.messages] == [True, True, False]


async def test_the_next_day_is_told_again() -> None:
    """Each closed day has its own report."""
    world = World()
    await world.tick()
    world.clock.move(DAY)
    world.account.bill = bill(world.today)
    await world.tick()
    assert len(world.texts) == 2
    assert when(yesterday(world)) in world.texts[1]


async def test_a_changed_verdict_is_told_again_and_only_once() -> None:
    """Costs that come in late turn the verdict over: that is news, with the figure told before."""
    world = World()
    await world.tick()
    world.account.bill = bill(world.today, d1="250")
    world.clock.move(6 * HOUR)
    await world.tick()
    world.clock.move(HOUR)
    await world.tick()
    assert [message.good for message in world.channel.messages] == [True, False]
    assert "$250.00" in world.texts[1]
    assert "$10.00" in world.texts[1]


async def test_an_older_day_is_corrected_beside_the_new_one() -> None:
    """In one message, which is red: a red and a green one in the same second would be two minds."""
    world = World()
    monday = yesterday(world)
    await world.tick()
    world.clock.move(2 * DAY)
    world.account.bill = bill(world.today, d3="300")
    answer = await world.tick()
    assert answer.outcome is Outcome.TOLD
    assert [message.good for message in world.channel.messages] == [True, False]
    lines = world.texts[1].splitlines()
    assert lines[0] == "🔔 AWS Spend Alert"
    assert lines[1] == (
        f"Correction: {when(monday)} was told as within budget at $10.00; now exceeded at $300.00."
    )
    assert lines[3] == f"💰 Current Spend: $10.00 ({when(yesterday(world))})"
    assert (await world.page()).told[monday].verdicts == (Verdict.WITHIN, Verdict.EXCEEDED)


async def test_a_breach_on_a_day_without_a_tick_is_told_later() -> None:
    """A day that nobody asked about is still told when it exceeded."""
    world = World()
    await world.tick()
    world.clock.move(3 * DAY)
    world.account.bill = bill(world.today, d2="300")
    await world.tick()
    assert [message.good for message in world.channel.messages] == [True, False]
    tuesday = Period(world.today - 2 * DAY, world.today - DAY)
    assert (
        world.texts[1]
        .splitlines()[1]
        .startswith(f"{when(tuesday)} exceeded at $300.00, which was not told before.")
    )


async def test_what_aws_has_changed_is_told_once_whatever_the_verdict() -> None:
    """In the next message, as a line of it."""
    world = World()
    await world.tick()
    changed = yesterday(world)
    for _ in range(2):
        world.clock.move(DAY)
        world.account.bill = bill(world.today, **{f"d{(world.today - changed.start).days}": "30"})
        await world.tick()
    assert len(world.texts) == 3
    line = f"• {when(changed)} $10.00 → $30.00"
    assert [line in text.splitlines() for text in world.texts] == [False, True, False]
    assert (await world.page()).told[changed].spend == Money(Decimal(30))


async def test_an_unpublished_day_is_said_to_be_so_and_told_when_it_is_there() -> None:
    """No data is not $0: the channel is told what is missing, once, and the figure at a later tick."""
    world = World()
    world.account.bill = bill(world.today - DAY)
    await world.tick()
    await world.tick()
    assert len(world.texts) == 1
    assert "$0" not in world.texts[0].splitlines()[3]
    world.account.bill = bill(world.today)
    world.clock.move(HOUR)
    await world.tick()
    assert len(world.texts) == 2
    assert "$10.00" in world.texts[1]


async def test_a_silent_first_check_is_remembered() -> None:
    """A channel that only wants breaches hears of a late one of the first day that was checked, too."""
    world, raw = World(), settings(notify="Only when exceeded")
    monday = yesterday(world)
    assert (await world.tick(raw)).outcome is Outcome.SILENT
    assert world.texts == []
    world.clock.move(2 * DAY)
    world.account.bill = bill(world.today, d3="300", d4="300")
    await world.tick(raw)
    assert len(world.texts) == 1
    assert when(monday) in world.texts[0]


@pytest.mark.parametrize(("time", "day"), [("23:59:52", 24), ("23:59:30", 23), ("00:00", 23)])
async def test_a_clock_that_is_a_bit_slow_takes_no_tick_for_the_day_before(time: str, day: int) -> None:
    """Or it would say nothing, as yesterday is told, and today would be told tomorrow, if at all."""
    world = World()
    world.clock.move_to(datetime.fromisoformat(f"2026-11-24 {time}+00:00"))
    world.account.bill = bill(world.today)
    assert (await world.tick()).period == f"2026-11-{day}"


@pytest.mark.parametrize("lateness", [HOUR, 13 * HOUR, 3 * DAY])
async def test_a_tick_is_answered_for_the_day_of_its_acceptance(lateness: timedelta) -> None:
    """A tick that waited over midnight, or for days, reports the day that it was sent for."""
    world = World()
    asked_for = yesterday(world)
    await world.accept()
    world.clock.move(lateness)
    world.account.bill = bill(world.today)
    [answer] = await world.work()
    assert answer.period == str(asked_for)
    assert when(asked_for) in world.texts[0]


async def test_every_day_is_answered_after_an_outage_over_several_midnights() -> None:
    """The ticks of all days that the worker was away are answered, each for its own."""
    world = World()
    world.clock.move_to(datetime(2026, 11, 23, 23, 59, tzinfo=UTC))
    days = []
    for _ in range(4):
        days.append(yesterday(world))
        await world.accept()
        world.clock.move(DAY)
    world.account.bill = bill(world.today)
    answers = await world.work_for(HOUR)
    assert [answer.period for answer in answers] == [str(day) for day in days]
    assert set((await world.page()).told) >= set(days)
    assert len(world.texts) == 4


@pytest.mark.parametrize("frequency", list(Frequency))
async def test_every_frequency_tells_its_own_period_once(frequency: Frequency) -> None:
    """Daily, weekly, monthly or month-to-date: one message, about the period of that name."""
    world = World()
    raw = settings(threshold="1000", frequency=frequency)
    await world.tick(raw)
    world.clock.move(HOUR)
    await world.tick(raw)
    assert len(world.texts) == 1
    assert frequency.period_on(world.today) in (await world.page("1000", frequency)).told


async def test_ledger_pages_do_not_grow_for_ever() -> None:
    """After months of daily reports a page holds what may be read again, and little more."""
    world = World()
    for _ in range(60):
        await world.tick()
        world.clock.move(DAY)
        world.account.bill = bill(world.today)
    page = await world.page()
    assert len(world.texts) == 60
    assert len(page.told) == 40
    assert max(page.told) == Period(world.today - 2 * DAY, world.today - DAY)


async def test_one_check_is_one_paid_request() -> None:
    """Whatever there is to say, AWS is asked who this is for nothing and what it cost for one cent."""
    world = World()
    world.account.bill = bill(world.today, d1="250", d2="300")
    await world.tick()
    assert world.aws.identified == [KEY]
    assert len(world.aws.asked) == 1


class TestDefects:
    """What cannot be worked on at all."""

    async def test_a_tick_that_no_key_opens_is_given_up(self) -> None:
        """It stays visible with the reason, so that the right key can be brought back."""
        world = World()
        await world.accept()
        world.vault = FakeVault("another key")
        world.restart()
        [answer] = await world.work()
        assert (answer.outcome, answer.cause) == (Outcome.GIVEN_UP, "tick-unreadable")
        [entry] = await world.inbox.entries()
        assert entry.state is TickState.GIVEN_UP

    async def test_a_tick_that_makes_us_crash_is_postponed_and_given_up_in_the_end(self) -> None:
        """A defect neither loses a tick nor keeps the worker busy for ever."""
        world, outcomes = World(), []
        await world.accept()
        while leases := await world.lease():
            answer = await world.answer_tick.postpone(leases[0], InternalError("KeyError"))
            outcomes.append(answer.outcome)
            world.clock.move(DAY / 2)
        assert outcomes == [Outcome.RETRY] * 3 + [Outcome.GIVEN_UP]
        [entry] = await world.inbox.entries()
        assert entry.reason == "internal-error: KeyError"
