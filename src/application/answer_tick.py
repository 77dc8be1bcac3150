"""Answer a tick: check the spend, tell the channel what is new, remember what was said."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from enum import StrEnum
from functools import partial

from application.accept_tick import unpack
from application.check_spend import CheckSpend, SpendChecked
from application.errors import (
    AwsBusy,
    AwsRefused,
    AwsUnavailable,
    ChannelBusy,
    ChannelRefused,
    ChannelToldEnough,
    ChannelUnavailable,
    ReturnUrlForbidden,
    SettingsRejected,
    SomeoneElseSpeaks,
    SpendMonitorError,
    TickUnreadable,
    WatchUnknown,
)
from application.fire_watches import SAID, watch_page
from application.let_in import LetIn
from application.monitor import Monitor
from application.notice import FailureNotice, Notice, SpendNotice
from application.pace import Pace
from application.patience import (
    FOR_A_FILE,
    FOR_A_ROLE,
    FOR_A_TURN,
    FOR_AWS,
    FOR_STRANGERS,
    FOR_TELEX,
    Patience,
)
from application.ports.channel import Channel
from application.ports.clock import Clock
from application.ports.inbox import Inbox, Lease, Why
from application.ports.ledger import Claim, Ledger, Page
from application.ports.reports import Reports
from application.ports.settings import SettingsReader
from application.ports.vault import Vault
from application.ports.watches import NoWatches, Watches
from application.role_errors import RoleRefused
from domain.periods import Frequency, Period
from domain.reports import Report

CLAIM_OUTLIVES_LEASE = timedelta(minutes=1)
"""So that a tick whose record failed comes back, and records, before another tick may say the same."""

KEPT_PERIODS = 40
"""Per page: more than any check reads again."""


KEPT_SETTINGS = 5
"""Per page: several settings may ask about one account and threshold."""


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
        cause: The code of the error behind it, or the verdict told last; empty when there is nothing to name.
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


Note = Callable[[Page], Page]
"""Adds to a page what has just been said."""


@dataclass(frozen=True, slots=True)
class _OpenTick:
    """A leased tick, unsealed."""

    lease: Lease
    return_url: str = field(repr=False)
    settings: bytes = field(repr=False)
    watch: str = ""
    """Of the operator's own: its name."""

    @property
    def id(self) -> str:
        return self.lease.tick.id

    @property
    def channel(self) -> str:
        return self.lease.tick.channel

    @property
    def day(self) -> date:
        """The UTC day of its acceptance: that day's question is answered, whenever this runs."""
        return self.lease.tick.accepted_at.date()


@dataclass(frozen=True, slots=True)
class AnswerTick:
    """The way of a leased tick, to its acknowledgement, its next try, or its end."""

    inbox: Inbox
    ledger: Ledger
    vault: Vault
    settings: SettingsReader
    check_spend: CheckSpend
    channel: Channel
    reports: Reports
    clock: Clock
    let_in: LetIn
    watches: Watches = field(default_factory=NoWatches)
    jitter: Callable[[], float] = random.random
    pace: Pace = field(default_factory=Pace)
    unrecorded: dict[tuple[str, str], tuple[str, Note]] = field(default_factory=dict, repr=False)
    """By channel and topic, what was delivered while the storage fails to keep that, and by which tick."""

    async def execute(self, lease: Lease) -> Answer:
        """Work on the tick once; the inbox knows the result when this returns.

        Raises:
            StorageUnavailable: The result could not be stored; the lease lapses and the tick comes back.
        """
        answer = Answer()
        try:
            await self._answer(lease, answer)
        except (RoleRefused, WatchUnknown) as missing:
            return await self._look_again(lease, answer, missing)
        except (AwsBusy, ChannelBusy, ChannelToldEnough) as busy:
            return await self._wait_for_turn(lease, answer, busy)
        except AwsUnavailable as error:
            channel_knows = answer.cause == error.code
            return await self._try_again(lease, answer, error, FOR_TELEX if channel_knows else FOR_AWS)
        except ChannelUnavailable as error:
            known = await self.ledger.knows(lease.tick.channel)
            patience = FOR_TELEX if known else FOR_STRANGERS
            return await self._try_again(lease, answer, error, patience, error.retry_after)
        except (TickUnreadable, ReturnUrlForbidden, ChannelRefused) as error:
            return await self._give_up(lease, answer, error)
        await self.inbox.acknowledge(lease)
        return answer

    async def postpone(self, lease: Lease, error: SpendMonitorError) -> Answer:
        """Try a tick again later that could not be worked on to its end, or give it up after a day."""
        return await self._try_again(lease, Answer(), error, FOR_TELEX)

    async def _answer(self, lease: Lease, answer: Answer) -> None:
        tick = _OpenTick(lease, *unpack(self.vault.open(lease.tick.payload, context=lease.tick.id)))
        await self._record_delivered(tick.channel)
        monitor = None
        with self.channel.lane(tick.return_url):
            try:
                monitor = self._monitor(tick)
                answer.period = str(monitor.frequency.period_on(tick.day))
                checked = await self.check_spend.execute(monitor, tick.day, tick.channel)
            except SettingsRejected as failure:
                await self._tell_failure(tick, monitor, failure, answer)
            except AwsRefused as failure:
                answer.account_id, answer.paid_requests = failure.account_id, failure.paid_requests
                await self._tell_failure(tick, monitor, failure, answer)
                if isinstance(failure, RoleRefused) and failure.owners:
                    raise
            except AwsUnavailable as failure:
                answer.account_id, answer.paid_requests = failure.account_id, failure.paid_requests
                now = self.clock.now()
                if FOR_AWS.ends(lease.progress.failed(now), now):
                    await self._tell_failure(tick, monitor, failure, answer)
                raise
            else:
                await self._tell_news(tick, monitor, checked, answer)

    def _monitor(self, tick: _OpenTick) -> Monitor:
        """What is watched: by the tick's own settings or, if the operator's file set it off, by that file."""
        if not tick.watch:
            self.channel.check(tick.return_url)
            return self.let_in.named(self.settings.read(tick.settings), tick.return_url)
        watch = self.watches.find(tick.watch)
        if watch is None or tick.return_url not in watch.destinations:
            raise WatchUnknown(f"no watch here is called {tick.watch} and tells this destination")
        self.channel.check(tick.return_url, own=True)
        return self.let_in.named_for_watch(watch.monitor, tick.watch)

    async def _tell_news(
        self, tick: _OpenTick, monitor: Monitor, checked: SpendChecked, answer: Answer
    ) -> None:
        answer.account_id = checked.account_id
        answer.paid_requests = checked.paid_requests
        topic, page = monitor.topic(checked.account_id), checked.page
        for report in checked.reports:
            notice = SpendNotice.of(tick.id, self.clock.now(), monitor, checked, report)
            note = partial(_note_report, report, tick.lease.tick.asks)
            page = await self._tell(tick, topic, page, notice, note, own=bool(page.told))
            answer.outcome, answer.cause = Outcome.TOLD, report.verdict
        if not page.told and page.since is None:
            # Nothing is said, but from now on a breach that shows only later is one to tell of.
            since = monitor.frequency.period_on(tick.day).start
            await self.ledger.update(tick.channel, topic, partial(_note_since, since))

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
        page = await self.ledger.read(tick.channel, topic)
        # A tick that comes late, of an older period, has nothing to add either.
        if page.failures.get(failure.code, "") >= period.start.isoformat():
            return
        note = partial(_note_failure, failure.code, period)
        way_in = self.let_in.way_in(monitor, failure) if monitor else None
        notice = FailureNotice.of(tick.id, self.clock.now(), failure, period, way_in)
        await self._tell(tick, topic, page, notice, note, own=bool(page.failures))
        answer.outcome = Outcome.FAILURE_TOLD

    async def _tell(
        self, tick: _OpenTick, topic: str, page: Page, notice: Notice, note: Note, *, own: bool
    ) -> Page:
        """Claim the ledger's page and keep what is told, post, record.

        A kill between post and record is the one way to say it twice. What the channel was never told about
        before, and so is not its ``own``, comes at a bounded pace: anybody who knows the return_url may ask.
        """
        if not (own or tick.watch):
            await self._keep_pace(tick)
        told, _ = await asyncio.gather(self.reports.keep(notice), self._claim(tick, topic, page))
        await self.channel.post(tick.return_url, told)
        page = await self._record(tick.channel, topic, tick.id, note)
        if tick.watch:
            await self.ledger.update(watch_page(self.vault, tick.watch), SAID, note)
        return page

    async def _keep_pace(self, tick: _OpenTick) -> None:
        try:
            self.pace.take_turn(tick.channel, self.clock.now())
        except ChannelToldEnough:
            if not await self.ledger.knows(tick.channel, tick.lease.tick.asks):
                raise

    async def _claim(self, tick: _OpenTick, topic: str, read: Page) -> Page:
        now = self.clock.now()
        claim = Claim(tick.id, max(now, tick.lease.expires_at) + CLAIM_OUTLIVES_LEASE)

        def change(page: Page) -> Page:
            if page.claim and page.claim.tick_id != tick.id and page.claim.until > now:
                wait = (page.claim.until - now).total_seconds()
                raise SomeoneElseSpeaks("another tick of this channel is saying it", retry_after=wait)
            if (page.told, page.failures) != (read.told, read.failures):
                raise SomeoneElseSpeaks("another tick of this channel has said something meanwhile")
            return replace(page, claim=claim)

        return await self.ledger.update(tick.channel, topic, change)

    async def _record(self, channel: str, topic: str, tick_id: str, note: Note) -> Page:
        def change(page: Page) -> Page:
            mine = page.claim is not None and page.claim.tick_id == tick_id
            return replace(note(page), claim=None if mine else page.claim)

        self.unrecorded[channel, topic] = tick_id, note
        page = await self.ledger.update(channel, topic, change)
        self.unrecorded.pop((channel, topic), None)
        return page

    async def _record_delivered(self, channel: str) -> None:
        """Record what was delivered before the storage failed, so that the check finds it said."""
        for topic in [topic for other, topic in self.unrecorded if other == channel]:
            if delivered := self.unrecorded.get((channel, topic)):
                await self._record(channel, topic, *delivered)

    async def _try_again(
        self,
        lease: Lease,
        answer: Answer,
        error: SpendMonitorError,
        patience: Patience,
        retry_after: float | None = None,
    ) -> Answer:
        now = self.clock.now()
        progress = lease.progress.failed(now)
        if patience.ends(progress, now):
            return await self._give_up(lease, answer, error)
        answer.outcome, answer.cause, answer.reason = Outcome.RETRY, error.code, str(error)
        until = patience.next_try(progress.failures, now, self.jitter(), retry_after)
        await self.inbox.pause(lease, until, f"{error.code}: {error}", Why.FAILURE, progress)
        return answer

    async def _look_again(self, lease: Lease, answer: Answer, missing: RoleRefused | WatchUnknown) -> Answer:
        """Look again without a further tick, and then let it be.

        Whoever makes the role hears at once that it works. Of a watch another process may have a newer file.
        """
        patience, why = FOR_A_FILE, Why.TURN
        if isinstance(missing, RoleRefused):
            patience, why = FOR_A_ROLE, Why.NEWS
        now = self.clock.now()
        progress = lease.progress.failed(now)
        answer.cause, answer.reason = missing.code, str(missing)
        if patience.ends(progress, now):
            await self.inbox.acknowledge(lease)
            return answer
        if answer.outcome is Outcome.SILENT:
            answer.outcome = Outcome.RETRY
        until = patience.next_try(progress.failures, now, self.jitter())
        await self.inbox.pause(lease, until, f"{missing.code}: {missing}", why, progress)
        return answer

    async def _wait_for_turn(
        self, lease: Lease, answer: Answer, busy: AwsBusy | ChannelBusy | ChannelToldEnough
    ) -> Answer:
        if isinstance(busy, ChannelToldEnough):
            return await self._wait_for_pace(lease, answer, busy)
        answer.outcome, answer.cause, answer.reason = Outcome.RETRY, busy.code, str(busy)
        progress = lease.progress.waits()
        until = FOR_A_TURN.next_try(progress.turns, self.clock.now(), self.jitter(), busy.retry_after)
        await self.inbox.pause(lease, until, f"{busy.code}: {busy}", Why.TURN, progress)
        return answer

    async def _wait_for_pace(self, lease: Lease, answer: Answer, error: ChannelToldEnough) -> Answer:
        now = self.clock.now()
        if now - lease.tick.accepted_at >= FOR_STRANGERS.total:
            return await self._give_up(lease, answer, error)
        answer.outcome, answer.cause, answer.reason = Outcome.RETRY, error.code, str(error)
        until = now + timedelta(seconds=error.wait * (1 + self.jitter()))
        await self.inbox.pause(lease, until, f"{error.code}: {error}", Why.TURN, lease.progress.waits())
        return answer

    async def _give_up(self, lease: Lease, answer: Answer, error: SpendMonitorError) -> Answer:
        answer.outcome, answer.cause, answer.reason = Outcome.GIVEN_UP, error.code, str(error)
        await self.inbox.give_up(lease, f"{error.code}: {error}")
        return answer


def _note_report(report: Report, asks: str, page: Page) -> Page:
    """Without what is too old to be read again, so that a page does not grow for ever."""
    told = sorted({**page.told, report.period: report.told()}.items())
    asked = dict.fromkeys((asks, *page.asks) if asks else page.asks)
    return replace(page, told=dict(told[-KEPT_PERIODS:]), asks=tuple(asked)[:KEPT_SETTINGS])


def _note_since(since: date, page: Page) -> Page:
    return page if page.told or page.since else replace(page, since=since)


def _note_failure(code: str, period: Period, page: Page) -> Page:
    return replace(page, failures={**page.failures, code: period.start.isoformat()})
