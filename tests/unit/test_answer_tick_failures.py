"""What happens when settings are wrong, AWS says no, AWS is away, or the channel is."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from application.answer import Outcome
from application.aws_errors import (
    AwsRefused,
    AwsUnavailable,
    CostExplorerOff,
    PaidRequestsCapped,
    PermissionMissing,
)
from application.credentials import AccessKey
from application.errors import ChannelGone, ChannelRefused, ChannelUnavailable
from application.ports.dead_letters import TickState
from tests.doubles.fakes.aws import FakeAws, FakeCostSource
from tests.doubles.fakes.world import DAY, KEY, URL, World, bill, settings

SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)
WRONG = settings(credentials=AccessKey("AKIAWRONGWRONGWRONGW", "wrong+secret"))


class TestSettings:
    """Settings that cannot be used are told to the channel."""

    @pytest.mark.parametrize(
        "raw", [settings(threshold="ten"), settings(frequency="hourly"), b"[]", b"not JSON", b"\xff"]
    )
    async def test_they_are_told_in_red_and_aws_is_not_asked(self, raw: bytes) -> None:
        """The channel reads what is wrong, and nothing is paid for."""
        world = World()
        answer = await world.tick(raw)
        assert (answer.outcome, answer.cause) == (Outcome.FAILURE_TOLD, "settings-rejected")
        assert [message.good for message in world.channel.messages] == [False]
        assert world.aws.identified == []
        assert await world.inbox.entries() == []

    async def test_the_sentence_of_the_setting_is_told(self) -> None:
        """The channel reads which setting it is."""
        world = World()
        await world.tick(settings(threshold="-5"))
        assert "threshold" in world.texts[0]

    async def test_they_are_told_once_a_period(self) -> None:
        """A broken setting is said once a day, not at every tick."""
        world = World()
        for _ in range(3):
            await world.tick(settings(threshold="ten"))
        world.clock.move(DAY)
        await world.tick(settings(threshold="ten"))
        assert len(world.texts) == 2

    async def test_other_wrong_settings_are_told_at_once(self) -> None:
        """Who mends one setting hears at once that another is wrong."""
        world = World()
        await world.tick(settings(threshold="ten"))
        await world.tick(settings(threshold="twelve"))
        assert len(world.texts) == 2


class TestRefusal:
    """AWS says no."""

    async def test_it_is_told_at_once_with_its_remedy(self) -> None:
        """Wrong keys are no figure: the channel reads what to do, in red."""
        world = World()
        answer = await world.tick(WRONG)
        assert (answer.outcome, answer.cause) == (Outcome.FAILURE_TOLD, "access-key-unknown")
        assert [message.good for message in world.channel.messages] == [False]
        assert "access key ID" in world.texts[0]

    async def test_it_is_told_once_a_period(self) -> None:
        """A crontab of every minute does not repeat it all day."""
        world = World()
        await world.tick(WRONG)
        world.clock.move(MINUTE)
        answer = await world.tick(WRONG)
        assert (answer.outcome, answer.cause) == (Outcome.WAITS, "access-key-unknown")
        assert len(world.texts) == 1

    async def test_it_is_told_again_in_the_next_period(self) -> None:
        """What is still wrong on the next day is said again."""
        world = World()
        await world.tick(WRONG)
        world.clock.move(DAY)
        await world.tick(WRONG)
        assert len(world.texts) == 2

    @pytest.mark.parametrize("frequency", ["Weekly", "Monthly"])
    async def test_the_period_is_the_monitors(self, frequency: str) -> None:
        """A weekly or monthly check that cannot be made is not told every day."""
        world = World()
        raw = settings(frequency=frequency, credentials=AccessKey("AKIAWRONGWRONGWRONGW", "wrong"))
        for _ in range(4):
            await world.tick(raw)
            world.clock.move(DAY)
        assert len(world.texts) == 1

    async def test_another_cause_is_told_too(self) -> None:
        """Once the first trouble is mended, the next one is news."""
        world = World()
        for refusal in (PermissionMissing(), CostExplorerOff(), PermissionMissing()):
            world.aws.fail(KEY, refusal)
            await world.tick()
        assert len(world.texts) == 2

    async def test_changed_settings_that_are_refused_are_told_at_once(self) -> None:
        """Who types the key again hears at once that it is still wrong."""
        world = World()
        await world.tick(WRONG)
        await world.tick(settings(credentials=AccessKey("AKIAWRONGWRONGWRONGW", "wrong+again")))
        assert len(world.texts) == 2

    async def test_mended_keys_give_a_report_at_once(self) -> None:
        """A failure that was told keeps no report back."""
        world = World()
        world.aws.fail(KEY, PermissionMissing())
        await world.tick()
        world.aws.fail(KEY, None)
        answer = await world.tick()
        assert answer.outcome is Outcome.TOLD
        assert world.channel.messages[-1].good

    async def test_a_late_tick_of_an_older_period_does_not_repeat_it(self) -> None:
        """Ticks out of order, after an outage, do not make the channel hear it once for each."""
        world = World()
        await world.accept(WRONG)
        [yesterdays] = await world.lease()
        world.clock.move(DAY)
        await world.tick(WRONG)
        await world.answer_tick.execute(yesterdays)
        await world.tick(WRONG)
        assert len(world.texts) == 1

    @pytest.mark.parametrize("refusal", [PermissionMissing(), PaidRequestsCapped()])
    async def test_what_was_paid_in_vain_is_known(self, refusal: AwsRefused) -> None:
        """The log line of a refused check says what it cost."""
        world, bills = World(), FakeAws()
        bills.fail(KEY, refusal)
        check_spend = replace(world.check_spend, cost_source=FakeCostSource(bills))
        world.answer_tick = replace(world.answer_tick, check_spend=check_spend)
        assert (await world.tick()).paid_requests == 1


class TestAwsAway:
    """AWS is throttling, away or broken."""

    async def test_it_is_tried_again_with_growing_pauses(self) -> None:
        """Seconds at first, then minutes; meanwhile the channel hears nothing."""
        world = World()
        world.aws.fail(KEY, AwsUnavailable("AWS did not answer in time."))
        await world.accept()
        pauses = []
        for _ in range(8):
            [answer] = await world.work()
            assert (answer.outcome, answer.cause) == (Outcome.RETRY, "aws-unavailable")
            [entry] = await world.inbox.entries()
            pauses.append((entry.at - world.clock.now()) / SECOND)
            world.clock.move_to(entry.at)
        assert pauses == [2, 4, 8, 16, 32, 64, 120, 120]
        assert world.texts == []

    async def test_the_reason_can_be_read_in_the_inbox(self) -> None:
        """Who lists the inbox sees why a tick waits."""
        world = World()
        world.aws.fail(KEY, AwsUnavailable("AWS did not answer in time."))
        await world.tick()
        [entry] = await world.inbox.entries()
        assert entry.state is TickState.PAUSED
        assert entry.reason == "aws-unavailable: AWS did not answer in time."

    async def test_the_channel_is_told_once_after_about_15_minutes(self) -> None:
        """A channel that waits for its report learns why there is none."""
        world = World()
        world.aws.fail(KEY, AwsUnavailable("AWS did not answer in time."))
        await world.accept()
        await world.work_for(14 * MINUTE)
        assert world.texts == []
        await world.work_for(4 * MINUTE)
        assert [message.good for message in world.channel.messages] == [False]
        await world.work_for(23 * HOUR)
        assert len(world.texts) == 1

    async def test_the_report_follows_when_aws_is_back(self) -> None:
        """Having been told of the outage, the channel still gets the day's report."""
        world = World()
        world.aws.fail(KEY, AwsUnavailable("AWS did not answer in time."))
        await world.accept()
        await world.work_for(5 * HOUR)
        world.aws.fail(KEY, None)
        answers = await world.work_for(2 * HOUR)
        assert answers[-1].outcome is Outcome.TOLD
        assert [message.good for message in world.channel.messages] == [False, True]
        assert await world.inbox.entries() == []

    async def test_it_is_given_up_after_a_day(self) -> None:
        """What could not be checked for a day is kept aside with its reason, after few tries an hour."""
        world = World()
        world.aws.fail(KEY, AwsUnavailable("AWS did not answer in time."))
        await world.accept()
        answers = await world.work_for(2 * DAY)
        assert answers[-1].outcome is Outcome.GIVEN_UP
        assert len(answers) < 50
        [entry] = await world.inbox.entries()
        assert (entry.state, entry.reason.split(":")[0]) == (TickState.GIVEN_UP, "aws-unavailable")
        assert DAY <= entry.at - entry.accepted_at <= DAY + HOUR

    async def test_a_tick_that_slept_through_it_is_still_tried(self) -> None:
        """A tick that is found old, after a stop of the service, gets its tries before anybody is told."""
        world = World()
        world.aws.fail(KEY, AwsUnavailable("AWS did not answer in time."))
        await world.accept()
        world.clock.move(8 * HOUR)
        [answer] = await world.work()
        assert answer.outcome is Outcome.RETRY
        assert world.texts == []


class TestChannelAway:
    """The channel cannot be reached, asks for patience, or will not take the message."""

    @pytest.mark.parametrize(("known", "patience"), [(True, DAY), (False, 6 * HOUR)])
    async def test_it_is_tried_for_a_day_and_then_given_up_with_the_reason(
        self, *, known: bool, patience: timedelta
    ) -> None:
        """A dead channel costs few tries, fewer if nothing was ever delivered; what it missed can be seen."""
        world = World()
        if known:
            await world.tick()
            world.clock.move(DAY)
            world.account.bill = bill(world.today)
        world.channel.failures.extend([ChannelUnavailable("The channel answered HTTP 503.")] * 100)
        await world.accept()
        answers = await world.work_for(2 * DAY)
        assert {answer.outcome for answer in answers[:-1]} == {Outcome.RETRY}
        assert answers[-1].outcome is Outcome.GIVEN_UP
        assert len(answers) < 50
        [entry] = await world.inbox.entries()
        assert entry.state is TickState.GIVEN_UP
        assert entry.reason == "channel-unavailable: The channel answered HTTP 503."
        assert patience <= entry.at - entry.accepted_at <= patience + HOUR

    async def test_a_channel_that_is_gone_is_not_called_again(self) -> None:
        """Whatever is asked of it, and AWS is not asked for it either; until the operator wants that."""
        world = World()
        world.channel.is_mortal = True
        world.channel.failures.append(ChannelGone("The channel answered HTTP 410: this URL is gone."))
        assert (await world.tick()).outcome is Outcome.GIVEN_UP
        asked = len(world.aws.asked)
        world.clock.move(DAY)
        for raw in (settings(), settings("50"), settings("a hundred")):
            answer = await world.tick(raw)
            assert (answer.outcome, answer.cause) == (Outcome.GIVEN_UP, "channel-gone")
        assert len(world.aws.asked) == asked
        assert world.texts == []
        reasons = [entry.reason for entry in await world.inbox.entries()]
        assert all("answered on 2026-11-23 that its URL is gone" in reason for reason in reasons[1:])
        other = await world.tick(return_url="https://ping.telex.im/v1/return/another")
        assert other.outcome is Outcome.TOLD

    async def test_a_revived_tick_is_delivered_for_its_day(self) -> None:
        """What was given up on and put back is told for the day it was sent for."""
        world = World()
        world.channel.failures.extend([ChannelUnavailable("Away.")] * 100)
        await world.accept()
        await world.work_for(2 * DAY)
        world.channel.failures.clear()
        await world.inbox.revive()
        [answer] = await world.work()
        assert answer.outcome is Outcome.TOLD
        assert "Sun 22 Nov 2026" in world.texts[0]

    @pytest.mark.parametrize(
        ("asked", "pause"), [(None, 2), (1, 2), (90, 90), (1e9, 3600), (float("inf"), 3600)]
    )
    async def test_retry_after_is_honoured_up_to_an_hour(self, asked: float | None, pause: float) -> None:
        """A channel that asks for patience gets it, but cannot put its report off for ever."""
        world = World()
        world.channel.failures.append(ChannelUnavailable("The channel answered HTTP 429.", asked))
        await world.tick()
        [entry] = await world.inbox.entries()
        assert entry.at - world.clock.now() == pause * SECOND

    async def test_a_report_that_was_not_delivered_is_not_taken_for_told(self) -> None:
        """The try that gets through delivers it, and the ledger knows of one report."""
        world = World()
        world.channel.failures.extend([ChannelUnavailable("Away.")] * 3)
        await world.accept()
        answers = await world.work_for(HOUR)
        assert answers[-1].outcome is Outcome.TOLD
        assert len(world.texts) == 1
        assert len((await world.page()).told) == 1

    async def test_a_failure_message_waits_for_the_channel_too(self) -> None:
        """What is wrong with the settings is told when the channel is back."""
        world = World()
        world.channel.failures.append(ChannelUnavailable("Away."))
        await world.accept(WRONG)
        await world.work_for(HOUR)
        assert len(world.texts) == 1

    async def test_a_refusal_is_given_up_at_once(self) -> None:
        """What the channel will not take is not sent again; its reason can be read."""
        world = World()
        world.channel.failures.append(ChannelRefused("The channel refused the message: username is missing."))
        answer = await world.tick()
        assert (answer.outcome, answer.cause) == (Outcome.GIVEN_UP, "channel-refused")
        [entry] = await world.inbox.entries()
        assert (entry.state, entry.attempts) == (TickState.GIVEN_UP, 1)
        assert "username is missing" in entry.reason

    async def test_a_return_url_that_became_forbidden_is_given_up_without_asking_aws(self) -> None:
        """What was accepted under other rules is not called, and not paid for."""
        world = World()
        await world.accept()
        world.channel.forbidden = frozenset({URL})
        [answer] = await world.work()
        assert (answer.outcome, answer.cause) == (Outcome.GIVEN_UP, "return-url-forbidden")
        assert world.aws.identified == []
        assert world.channel.posts == []
