"""Answer a tick: check the spend, tell the channel what is new, remember what was said."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from functools import partial

from application.accept_tick import unpack
from application.answer import Answer, Outcome
from application.check_spend import Asker, CheckSpend, Costs
from application.errors import (
    AwsBusy,
    AwsError,
    AwsRefused,
    AwsUnavailable,
    ChannelBusy,
    ChannelRefused,
    ChannelToldEnough,
    ChannelUnavailable,
    PaidRequestsCapped,
    ReturnUrlForbidden,
    SettingsRejected,
    SpendMonitorError,
    StorageUnavailable,
    TickUnreadable,
    WatchUnknown,
    WorkerDied,
)
from application.fire_watches import SAID, watch_page
from application.let_in import LetIn
from application.monitor import Monitor
from application.notes import note_failure, note_report, note_since
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
from application.plan_looks import Plan, PlanLooks
from application.ports.clock import Clock
from application.ports.inbox import Inbox, Lease, Progress, Why
from application.ports.ledger import Page
from application.ports.settings import SettingsReader
from application.ports.vault import Vault
from application.ports.watches import NoWatches, Watches
from application.role_errors import RoleRefused
from application.say_once import Note, SayOnce
from domain.notify import Notify
from domain.periods import DAY, Frequency, Period
from domain.settling import of_use_until
from domain.thresholds import Verdict
from domain.usual import usual_for

DEATHS = 5
"""After as many leases that ended without a result a tick is set aside: it may be what ends them."""

FREE_REFUSAL, PAID_REFUSAL = timedelta(hours=3), timedelta(hours=12)
"""How long until AWS is asked again after it has said no, if to be refused costs nothing, or a cent."""


SHARED_FOR = timedelta(minutes=30)
"""A planned look takes an answer that another channel was given so shortly before."""


@dataclass(slots=True)
class _Work:
    """One try at a tick.

    Args:
        lease: The tick.
        return_url: Where its answer goes.
        settings: What it asks.
        watch: The name of the operator's watch that set it off; empty for a tick from outside.
        progress: How far it has come.
        answer: What becomes of it.
    """

    lease: Lease
    return_url: str = field(repr=False)
    settings: bytes = field(repr=False)
    watch: str
    progress: Progress
    answer: Answer

    @property
    def day(self) -> date:
        """The UTC day of its acceptance: that day's question is answered, whenever this runs."""
        return self.lease.tick.accepted_at.date()

    def is_wanted(self, now: datetime) -> bool:
        """Whether somebody has just put the tick, for the first time or again: the look was not planned."""
        return self.progress.next_look is None or now < self.progress.next_look


@dataclass(frozen=True, slots=True)
class _Wait:
    """Until when a tick waits for news, and for which, in words for whoever lists the inbox."""

    until: datetime
    cause: str
    reason: str
    progress: Progress


@dataclass(frozen=True, slots=True)
class AnswerTick:
    """The way of a leased tick, to its acknowledgement, its next look, its next try, or its end."""

    inbox: Inbox
    vault: Vault
    settings: SettingsReader
    check_spend: CheckSpend
    say_once: SayOnce
    plan_looks: PlanLooks
    clock: Clock
    let_in: LetIn
    watches: Watches = field(default_factory=NoWatches)
    jitter: Callable[[], float] = random.random
    pace: Pace = field(default_factory=Pace)
    unsettled: set[str] = field(default_factory=set, repr=False)
    """Ticks whose result this process could not store: that says nothing against them."""

    async def execute(self, lease: Lease) -> Answer:
        """Work on the tick once; the inbox knows the result when this returns.

        Raises:
            StorageUnavailable: The result could not be stored; the lease lapses and the tick comes back.
        """
        work = _Work(lease, "", b"", "", lease.progress, Answer())
        try:
            wait = await self._check_and_tell(self._open(work))
        except WatchUnknown as error:
            await self._look_for_watch(work, error)
        except (AwsBusy, ChannelBusy) as busy:
            await self._wait_for_turn(work, busy)
        except ChannelToldEnough as error:
            await self._wait_for_pace(work, error)
        except AwsUnavailable as error:
            await self._try_again(work, error, FOR_TELEX if self._aws_is_away(work) else FOR_AWS)
        except ChannelUnavailable as error:
            is_known = await self.say_once.ledger.knows(lease.tick.channel)
            await self._try_again(work, error, FOR_TELEX if is_known else FOR_STRANGERS, error.retry_after)
        except (TickUnreadable, ReturnUrlForbidden, ChannelRefused, WorkerDied) as error:
            await self._give_up(work, error)
        except StorageUnavailable:
            self.unsettled.add(lease.tick.id)
            raise
        else:
            await self._finish(work, wait)
        self.unsettled.discard(lease.tick.id)
        return work.answer

    async def postpone(self, lease: Lease, error: SpendMonitorError) -> Answer:
        """Try a tick again later that could not be worked on to its end, or give it up after a day."""
        work = _Work(lease, "", b"", "", lease.progress, Answer())
        await self._try_again(work, error, FOR_TELEX)
        return work.answer

    def _open(self, work: _Work) -> _Work:
        tick = work.lease.tick
        if work.lease.attempt > DEATHS and tick.id not in self.unsettled:
            raise WorkerDied(DEATHS)
        work.return_url, work.settings, work.watch = unpack(self.vault.open(tick.payload, context=tick.id))
        return work

    def _monitor(self, work: _Work) -> Monitor:
        """What is watched: by the tick's own settings or, if the operator's file set it off, by that file."""
        if not work.watch:
            self.say_once.channel.check(work.return_url)
            return self.let_in.named(self.settings.read(work.settings), work.return_url)
        watch = self.watches.find(work.watch)
        if watch is None or work.return_url not in watch.destinations:
            raise WatchUnknown(f"no watch here is called {work.watch} and tells this destination")
        self.say_once.channel.check(work.return_url, own=True)
        return self.let_in.named_for_watch(watch.monitor, work.watch)

    async def _check_and_tell(self, work: _Work) -> _Wait | None:
        """Tell the channel what is new to it; return what the tick waits for then, if anything."""
        try:
            monitor = self._monitor(work)
        except SettingsRejected as failure:
            await self._tell_failure(work, None, failure)
            return None
        period = monitor.frequency.period_on(work.day)
        work.answer.period = str(period)
        try:
            asker = await self.check_spend.asker(monitor)
            topic = monitor.topic(asker.account_id)
            page = await self.say_once.read(work.lease, topic)
            if page.answered.get(work.lease.tick.id) == work.progress.looks:
                return self._goes_on(work, self._plan_as_told(work, monitor, asker, period, page))
            costs = await self._ask(work, monitor, asker)
        except AwsRefused as refusal:
            await self._tell_failure(work, monitor, refusal)
            return self._until_mended(work, monitor.frequency, period, refusal)
        except AwsUnavailable as failure:
            if self._aws_is_away(work):
                await self._tell_failure(work, monitor, failure)
            raise
        plan = await self.plan_looks.after(monitor, costs, work.progress, self.clock.now())
        await self._tell_news(work, monitor, asker, costs, page, plan)
        return self._goes_on(work, plan)

    async def _ask(self, work: _Work, monitor: Monitor, asker: Asker) -> Costs:
        now, progress = self.clock.now(), work.progress
        since = progress.looked_at
        if since is None and progress.next_look and now >= progress.next_look:
            since = progress.next_look - SHARED_FOR
        # A try that failed after its look asks what that look asked, be it yesterday.
        at = progress.looked_at or now
        costs = await self.check_spend.costs(monitor, asker, work.day, at, since)
        work.answer.account_id, work.answer.paid_requests = costs.account_id, costs.paid_requests
        # AWS has answered: what failed before that is behind the tick, and the channel's failures count anew.
        work.progress = replace(
            progress if progress.looked_at else progress.goes_on(), looked_at=costs.asked_at
        )
        return costs

    async def _tell_news(
        self, work: _Work, monitor: Monitor, asker: Asker, costs: Costs, page: Page, plan: Plan
    ) -> None:
        is_first = not page.told and page.since is None
        is_every = monitor.notify is Notify.EVERY_CHECK and work.is_wanted(self.clock.now())
        checked = await self.check_spend.reports(
            monitor,
            asker,
            costs,
            page,
            plan.settling,
            at_once=is_first or is_every or plan.next_look is None,
        )
        work.answer.paid_requests = checked.paid_requests
        period, topic = monitor.frequency.period_on(work.day), monitor.topic(costs.account_id)
        for number, found in enumerate(checked.reports, start=1):
            is_pending = found.period == period and found.verdict is Verdict.NOT_PUBLISHED
            usual = usual_for(costs.history, period) if is_first else None
            report = replace(found, pending=plan.pending(period, usual) if is_pending else None)
            notice = SpendNotice.of(
                work.lease.tick.id, self.clock.now(), monitor, checked, report, is_first=is_first
            )
            is_last = number == len(checked.reports)
            note = partial(note_report, report, work.lease.tick, work.progress.looks if is_last else None)
            page = await self._say(work, topic, page, notice, note, own=bool(page.told))
            work.answer.outcome, work.answer.cause = Outcome.TOLD, report.verdict
        if not page.told and page.since is None:
            # Nothing is said, but from now on a breach that shows only later is one to tell of.
            note = partial(note_since, period.start)
            await self.say_once.ledger.update(work.lease.tick.channel, topic, note)

    async def _tell_failure(
        self,
        work: _Work,
        monitor: Monitor | None,
        failure: SettingsRejected | AwsRefused | AwsUnavailable,
    ) -> None:
        """Once per settings, cause and period: whoever changes a setting hears at once what is wrong now."""
        answer, tick = work.answer, work.lease.tick
        answer.cause, answer.reason = failure.code, str(failure)
        if isinstance(failure, AwsError):
            answer.account_id, answer.paid_requests = failure.account_id, failure.paid_requests
        period = (monitor.frequency if monitor else Frequency.DAILY).period_on(work.day)
        topic = self.vault.fingerprint("settings", work.settings)
        page = await self.say_once.read(work.lease, topic)
        # A tick that comes late, of an older period, has nothing to add either.
        if page.failures.get(failure.code, "") >= period.start.isoformat():
            return
        way_in = self.let_in.way_in(monitor, failure) if monitor else None
        notice = FailureNotice.of(tick.id, self.clock.now(), failure, period, way_in)
        note = partial(note_failure, failure.code, period)
        await self._say(work, topic, page, notice, note, own=bool(page.failures))
        answer.outcome = Outcome.FAILURE_TOLD

    async def _say(
        self, work: _Work, topic: str, page: Page, notice: Notice, note: Note, *, own: bool
    ) -> Page:
        """Say it once, to a watch's page too.

        What the channel was never told about before, and so is not its ``own``, comes at a bounded pace:
        anybody who knows the return_url may ask.
        """
        if not (own or work.watch):
            await self._keep_pace(work.lease)
        page = await self.say_once.say(work.lease, topic, page, work.return_url, notice, note)
        if work.watch:
            await self.say_once.ledger.update(watch_page(self.vault, work.watch), SAID, note)
        return page

    async def _keep_pace(self, lease: Lease) -> None:
        try:
            self.pace.take_turn(lease.tick.channel, self.clock.now())
        except ChannelToldEnough:
            if not await self.say_once.ledger.knows(lease.tick.channel, lease.tick.asks):
                raise

    def _aws_is_away(self, work: _Work) -> bool:
        """Whether it has been for so long that the channel is told."""
        now = self.clock.now()
        return FOR_AWS.ends(work.progress.failed(now), now)

    def _plan_as_told(self, work: _Work, monitor: Monitor, asker: Asker, period: Period, page: Page) -> Plan:
        """A tick that has spoken, and comes back as that was not acknowledged, has nothing to ask."""
        told, now = page.told.get(period), self.clock.now()
        return self.plan_looks.as_told(monitor, asker.account_id, period, told, work.progress, now)

    def _goes_on(self, work: _Work, plan: Plan) -> _Wait | None:
        if plan.next_look is None:
            return None
        reason = (
            f"looks at {work.answer.period} again until AWS's bill is final"
            if plan.settled
            else f"AWS has not published all of {work.answer.period} yet"
        )
        progress = work.progress.looked(self.clock.now(), plan.next_look)
        return _Wait(plan.next_look, "not-final" if plan.settled else "not-settled", reason, progress)

    def _until_mended(
        self, work: _Work, frequency: Frequency, period: Period, refusal: AwsRefused
    ) -> _Wait | None:
        """Whoever mends it still gets the report, for as long as it is of use."""
        now = self.clock.now()
        failed = work.progress.failed(now)
        if isinstance(refusal, RoleRefused) and refusal.owners and not FOR_A_ROLE.ends(failed, now):
            # Whoever has been told how to make a role may be at it, and hears at once that it works.
            until = FOR_A_ROLE.next_try(failed.failures, now, self.jitter())
        elif isinstance(refusal, PaidRequestsCapped):
            until = datetime.combine(now.date() + DAY, time(), UTC)
        else:
            until = now + (PAID_REFUSAL if refusal.paid_requests else FREE_REFUSAL)
        if until >= of_use_until(frequency, period):
            return None
        return _Wait(until, refusal.code, f"{refusal.code}: {refusal}", failed)

    async def _finish(self, work: _Work, wait: _Wait | None) -> None:
        if wait is None:
            await self.inbox.acknowledge(work.lease)
            return
        answer = work.answer
        if answer.outcome is Outcome.SILENT:
            answer.outcome, answer.cause = Outcome.WAITS, wait.cause
        answer.reason, answer.until, answer.waits_for = wait.reason, wait.until, wait.cause
        await self.inbox.pause(work.lease, wait.until, wait.reason, Why.NEWS, wait.progress)

    async def _look_for_watch(self, work: _Work, error: WatchUnknown) -> None:
        """Another process may have a newer file; a watch that nobody has is nobody's question any more."""
        now = self.clock.now()
        progress = work.progress.failed(now)
        if FOR_A_FILE.ends(progress, now):
            work.answer.cause, work.answer.reason = error.code, str(error)
            await self.inbox.acknowledge(work.lease)
            return
        until = FOR_A_FILE.next_try(progress.failures, now, self.jitter())
        await self._put_back(work, error, until, Why.TURN, progress)

    async def _wait_for_turn(self, work: _Work, busy: AwsBusy | ChannelBusy) -> None:
        progress = work.progress.waits()
        until = FOR_A_TURN.next_try(progress.turns, self.clock.now(), self.jitter(), busy.retry_after)
        await self._put_back(work, busy, until, Why.TURN, progress)

    async def _wait_for_pace(self, work: _Work, error: ChannelToldEnough) -> None:
        now = self.clock.now()
        if now - work.lease.tick.accepted_at >= FOR_STRANGERS.total:
            await self._give_up(work, error)
            return
        until = now + timedelta(seconds=error.wait * (1 + self.jitter()))
        await self._put_back(work, error, until, Why.TURN, work.progress.waits())

    async def _try_again(
        self, work: _Work, error: SpendMonitorError, patience: Patience, retry_after: float | None = None
    ) -> None:
        now = self.clock.now()
        progress = work.progress.failed(now)
        if patience.ends(progress, now):
            await self._give_up(work, error)
            return
        until = patience.next_try(progress.failures, now, self.jitter(), retry_after)
        await self._put_back(work, error, until, Why.FAILURE, progress)

    async def _put_back(
        self, work: _Work, error: SpendMonitorError, until: datetime, why: Why, progress: Progress
    ) -> None:
        answer = work.answer
        answer.outcome, answer.cause, answer.reason = Outcome.RETRY, error.code, str(error)
        answer.until = until
        await self.inbox.pause(work.lease, until, f"{error.code}: {error}", why, progress)

    async def _give_up(self, work: _Work, error: SpendMonitorError) -> None:
        answer = work.answer
        answer.outcome, answer.cause, answer.reason = Outcome.GIVEN_UP, error.code, str(error)
        await self.inbox.give_up(work.lease, f"{error.code}: {error}")
