"""Answer a tick: check the spend, tell the channel what is new, remember what was said."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from enum import StrEnum

from application.accept_tick import unpack
from application.check_spend import CheckSpend, SpendChecked
from application.errors import (
    AwsRefused,
    AwsUnavailable,
    ChannelBusy,
    ChannelRefused,
    ChannelUnavailable,
    ReturnUrlForbidden,
    SettingsRejected,
    SpendMonitorError,
    TickUnreadable,
)
from application.messages import Message, failure_message, report_message
from application.monitor import Monitor
from application.patience import FOR_AWS, FOR_TELEX, Patience
from application.ports.channel import Channel
from application.ports.clock import Clock
from application.ports.inbox import Inbox, Lease
from application.ports.ledger import Claim, Ledger, Page
from application.ports.settings import SettingsReader
from application.ports.vault import Vault
from domain.periods import Frequency, Period
from domain.reports import Told

CLAIM_LASTS = timedelta(minutes=2)
"""Longer than a delivery can take; a claim whose worker died lapses after this."""

BUSY_PAUSE = timedelta(seconds=1)

KEPT_PERIODS = 40
"""Per page: more than any check reads again."""


class Outcome(StrEnum):
    """How a tick ended, or did not."""

    TOLD = "told"
    SILENT = "silent"
    FAILURE_TOLD = "failure-told"
    RETRY = "retry"
    GIVEN_UP = "given-up"


@dataclass(slots=True)
class Answer:
    """What became of a tick: what logs and metrics are made of. It holds no secret.

    Args:
        outcome: How it ended.
        cause: The code of the error behind it, or the verdicts told; empty when there is nothing to name.
        account_id: Whose spend, once known.
        period: The newest period checked, once known.
        paid_requests: Cost Explorer requests made for it, at $0.01 each.
        reason: For a retry or a giving up, why.
    """

    outcome: Outcome = Outcome.SILENT
    cause: str = ""
    account_id: str = ""
    period: str = ""
    paid_requests: int = 0
    reason: str = ""


@dataclass(frozen=True, slots=True)
class _OpenTick:
    """A leased tick, unsealed. ``day`` is the UTC day of its acceptance: that day's question is answered."""

    lease: Lease
    return_url: str = field(repr=False)
    settings: bytes = field(repr=False)
    day: date


class SomeoneElseSpeaks(ChannelBusy):
    """Another tick of the same channel is telling the same topic just now."""

    code = "someone-else-speaks"


@dataclass(frozen=True, slots=True)
class AnswerTick:
    """The way of a leased tick, to its acknowledgement, its next try, or its end."""

    inbox: Inbox
    ledger: Ledger
    vault: Vault
    settings: SettingsReader
    check_spend: CheckSpend
    channel: Channel
    clock: Clock
    jitter: Callable[[], float] = random.random
    posted: set[tuple[str, str]] = field(default_factory=set)
    """Delivered, but not yet recorded: if the storage fails in between, the retry only records."""

    async def execute(self, lease: Lease) -> Answer:
        """Work on the tick once; the inbox knows the result when this returns.

        Raises:
            StorageUnavailable: The result could not be stored; the lease lapses and the tick comes back.
        """
        answer = Answer()
        try:
            await self._answer(lease, answer)
        except ChannelBusy as busy:
            pause = BUSY_PAUSE * (0.5 + self.jitter())
            return await self._retry(lease, answer, busy, self.clock.now() + pause)
        except AwsUnavailable as error:
            return await self._try_again(lease, answer, error, FOR_AWS)
        except ChannelUnavailable as error:
            return await self._try_again(lease, answer, error, FOR_TELEX, error.retry_after)
        except (TickUnreadable, ReturnUrlForbidden, ChannelRefused) as error:
            return await self._give_up(lease, answer, error)
        await self.inbox.acknowledge(lease)
        return answer

    async def postpone(self, lease: Lease, error: SpendMonitorError) -> Answer:
        """Try a tick again later that could not be worked on to its end, or give it up after a day."""
        return await self._try_again(lease, Answer(), error, FOR_TELEX)

    async def _answer(self, lease: Lease, answer: Answer) -> None:
        return_url, settings = unpack(self.vault.open(lease.tick.payload, context=lease.tick.id))
        tick = _OpenTick(lease, return_url, settings, lease.tick.accepted_at.date())
        monitor = None
        with self.channel.lane(return_url):
            try:
                monitor = self.settings.read(settings)
                answer.period = str(monitor.frequency.period_on(tick.day))
                checked = await self.check_spend.execute(monitor, tick.day, lease.tick.channel)
            except (SettingsRejected, AwsRefused) as failure:
                await self._tell_failure(tick, monitor, failure, answer)
            except AwsUnavailable as failure:
                if not FOR_AWS.ends(lease, self.clock.now()):
                    raise
                await self._tell_failure(tick, monitor, failure, answer)
            else:
                await self._tell_news(tick, monitor, checked, answer)

    async def _tell_news(
        self, tick: _OpenTick, monitor: Monitor, checked: SpendChecked, answer: Answer
    ) -> None:
        answer.account_id = checked.account_id
        answer.paid_requests = checked.paid_requests
        topic, page = monitor.topic(checked.account_id), checked.page
        for report in checked.reports:
            message = report_message(checked.account_id, report)
            after = replace(page, told=_newest({**page.told, report.period: report.told()}))
            page = await self._tell(tick, topic, message, page, after)
            answer.outcome, answer.cause = Outcome.TOLD, report.verdict

    async def _tell_failure(
        self,
        tick: _OpenTick,
        monitor: Monitor | None,
        failure: SettingsRejected | AwsRefused | AwsUnavailable,
        answer: Answer,
    ) -> None:
        """Once per settings, cause and period: whoever changes a setting hears at once what is wrong now."""
        answer.cause, answer.reason = failure.code, str(failure)
        period = (monitor.frequency if monitor else Frequency.DAILY).period_on(tick.day)
        topic = self.vault.fingerprint("settings", tick.settings)
        page = await self.ledger.read(tick.lease.tick.channel, topic)
        if page.failures.get(failure.code) == period.start.isoformat():
            return
        after = replace(page, failures={**page.failures, failure.code: period.start.isoformat()})
        await self._tell(tick, topic, failure_message(failure, period), page, after)
        answer.outcome = Outcome.FAILURE_TOLD

    async def _tell(self, tick: _OpenTick, topic: str, message: Message, page: Page, after: Page) -> Page:
        """Claim the page, post, record. A kill between post and record is the one way to say it twice."""
        now, tick_id, channel = self.clock.now(), tick.lease.tick.id, tick.lease.tick.channel
        if page.claim and page.claim.tick_id != tick_id and page.claim.until > now:
            raise SomeoneElseSpeaks("another tick of this channel is saying it")
        claim = Claim(tick_id, now + CLAIM_LASTS)
        claimed = await self.ledger.write(channel, topic, replace(page, claim=claim))
        if claimed is None:
            raise SomeoneElseSpeaks("another tick of this channel has said it")
        if (tick_id, message.text) not in self.posted:
            await self.channel.post(tick.return_url, message)
            self.posted.add((tick_id, message.text))
        recorded = await self.ledger.write(
            channel, topic, replace(after, claim=None, revision=claimed.revision)
        )
        if recorded is None:
            raise SomeoneElseSpeaks("the claim on this channel's page has lapsed")
        self.posted.discard((tick_id, message.text))
        return recorded

    async def _try_again(
        self,
        lease: Lease,
        answer: Answer,
        error: SpendMonitorError,
        patience: Patience,
        retry_after: float | None = None,
    ) -> Answer:
        now = self.clock.now()
        if patience.ends(lease, now):
            return await self._give_up(lease, answer, error)
        at = patience.next_try(lease, now, self.jitter(), retry_after)
        return await self._retry(lease, answer, error, at)

    async def _retry(self, lease: Lease, answer: Answer, error: SpendMonitorError, at: datetime) -> Answer:
        answer.outcome, answer.cause, answer.reason = Outcome.RETRY, error.code, str(error)
        await self.inbox.retry(lease, at, f"{error.code}: {error}")
        return answer

    async def _give_up(self, lease: Lease, answer: Answer, error: SpendMonitorError) -> Answer:
        answer.outcome, answer.cause, answer.reason = Outcome.GIVEN_UP, error.code, str(error)
        await self.inbox.give_up(lease, f"{error.code}: {error}")
        return answer


def _newest(told: dict[Period, Told]) -> dict[Period, Told]:
    """Drop what is too old to be read again, so that a page does not grow for ever."""
    return dict(sorted(told.items())[-KEPT_PERIODS:])
