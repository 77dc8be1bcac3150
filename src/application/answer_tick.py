"""Answer a tick: check the spend, tell the channel what is new, remember what was said."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import partial

from application.accept_tick import unpack
from application.answer import Answer, Outcome
from application.aws_errors import AwsBusy, AwsError, AwsRefused, AwsUnavailable
from application.check_spend import Asker, CheckSpend, Costs
from application.errors import (
    ChannelBusy,
    ChannelRefused,
    ChannelToldEnough,
    ChannelUnavailable,
    Quarantined,
    ReturnUrlForbidden,
    SettingsRejected,
    SomeoneElseSpeaks,
    SpendMonitorError,
    StorageUnavailable,
    TickUnreadable,
    WatchUnknown,
    WorkerDied,
)
from application.fire_watches import SAID, watch_page
from application.hourly_limit import HourlyLimit
from application.let_in import LetIn
from application.monitor import Monitor
from application.notes import note_failure, note_since, note_told
from application.notice import FailureNotice, Notice, SpendNotice
from application.patience import (
    FOR_AWS,
    FOR_CHANNELS,
    FOR_STRANGERS,
)
from application.plan_looks import Plan, PlanLooks
from application.ports.clock import Clock
from application.ports.ledger import Page
from application.ports.settings import SettingsReader
from application.ports.vault import Vault
from application.ports.watches import NoWatches, Watches
from application.ports.work_queue import Lease, WorkQueue
from application.put_back import PutBack, Wait, Work
from application.quarantine import Quarantine
from application.say_once import Note, SayOnce
from domain.notify import Notify
from domain.periods import Frequency, Period
from domain.restated import restated_in
from domain.thresholds import Verdict
from domain.usual import usual_for

SHARED_FOR = timedelta(minutes=30)
"""A planned look takes an answer that another channel was given so shortly before."""


@dataclass(frozen=True, slots=True)
class AnswerTick:
    """The way of a leased tick, to its acknowledgement, its next look, its next try, or its end."""

    inbox: WorkQueue
    vault: Vault
    settings: SettingsReader
    check_spend: CheckSpend
    say_once: SayOnce
    plan_looks: PlanLooks
    clock: Clock
    let_in: LetIn
    watches: Watches = field(default_factory=NoWatches)
    jitter: Callable[[], float] = random.random
    hourly_limit: HourlyLimit = field(default_factory=HourlyLimit)
    quarantine: Quarantine = field(default_factory=Quarantine)
    at_work: set[str] = field(default_factory=set, repr=False)
    """Ticks that this process is working on."""

    @property
    def _put_back(self) -> PutBack:
        return PutBack(self.inbox, self.clock, self.jitter)

    async def execute(self, lease: Lease) -> Answer:
        """Work on the tick once; the inbox knows the result when this returns.

        Raises:
            StorageUnavailable: The result could not be stored; the lease lapses and the tick comes back.
        """
        work = Work(lease, "", b"", "", lease.progress, Answer())
        try:
            await self._work_on(work)
        except StorageUnavailable:
            self.quarantine.excused.add(lease.tick.id)
            raise
        self.quarantine.excused.discard(lease.tick.id)
        return work.answer

    async def postpone(self, lease: Lease, error: SpendMonitorError) -> Answer:
        """Try a tick again later that could not be worked on to its end, or give it up after a day."""
        work = Work(lease, "", b"", "", lease.progress, Answer())
        await self._put_back.after_a_failure(work, error, FOR_CHANNELS)
        return work.answer

    @contextmanager
    def _not_twice(self, tick_id: str) -> Iterator[None]:
        """A lease can run out during the work, as when the clock jumps; it must not speak beside itself."""
        if tick_id in self.at_work:
            raise SomeoneElseSpeaks("this process is still working on it")
        self.at_work.add(tick_id)
        try:
            yield
        finally:
            self.at_work.remove(tick_id)

    async def _work_on(self, work: Work) -> None:
        try:
            with self._not_twice(work.lease.tick.id), self.quarantine.place(work.lease):
                wait = await self._check_and_tell(self._open(work))
        except Quarantined as error:
            await self._put_back.until_tried_alone(work, error)
        except WatchUnknown as error:
            await self._put_back.until_the_file_is_read(work, error)
        except (AwsBusy, ChannelBusy) as busy:
            await self._put_back.until_its_turn(work, busy)
        except ChannelToldEnough as error:
            await self._put_back.until_told_less(work, error)
        except AwsUnavailable as error:
            patience = FOR_CHANNELS if self._aws_is_away(work) else FOR_AWS
            await self._put_back.after_a_failure(work, error, patience)
        except ChannelUnavailable as error:
            is_known = await self.say_once.ledger.knows(work.lease.tick.channel)
            patience = FOR_CHANNELS if is_known else FOR_STRANGERS
            await self._put_back.after_a_failure(work, error, patience, error.retry_after)
        except (TickUnreadable, ReturnUrlForbidden, ChannelRefused, WorkerDied) as error:
            await self._put_back.give_up(work, error)
        else:
            await self._put_back.finish(work, wait)

    def _open(self, work: Work) -> Work:
        tick = work.lease.tick
        work.return_url, work.settings, work.watch = unpack(self.vault.open(tick.payload, context=tick.id))
        return work

    def _monitor(self, work: Work) -> Monitor:
        """What is watched: by the tick's own settings or, if the operator's file set it off, by that file."""
        if not work.watch:
            self.say_once.channel.check(work.return_url)
            return self.let_in.named(self.settings.read(work.settings), work.return_url)
        watch = self.watches.find(work.watch)
        if watch is None or work.return_url not in watch.destinations:
            raise WatchUnknown(f"no watch here is called {work.watch} and tells this destination")
        self.say_once.channel.check(work.return_url, own=True)
        return self.let_in.named_for_watch(watch.monitor, work.watch)

    async def _check_and_tell(self, work: Work) -> Wait | None:
        """Tell the channel what is new to it; return what the tick waits for then, if anything."""
        await self.say_once.check_not_gone(work.lease, work.return_url)
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
                plan = self._plan_as_told(work, monitor, asker, period, page)
                if plan.settled or plan.next_look:
                    return self._goes_on(work, period, plan)
            costs = await self._ask(work, monitor, asker, page)
        except AwsRefused as refusal:
            wait = self._put_back.until_mended(work, monitor.frequency, period, refusal)
            await self._tell_failure(work, monitor, refusal, wait)
            return wait
        except AwsUnavailable as failure:
            if self._aws_is_away(work):
                await self._tell_failure(work, monitor, failure)
            raise
        plan = await self.plan_looks.after(monitor, costs, work.progress, self.clock.now())
        await self._tell_news(work, monitor, asker, costs, page, plan)
        return self._goes_on(work, period, plan)

    async def _ask(self, work: Work, monitor: Monitor, asker: Asker, page: Page) -> Costs:
        now, progress = self.clock.now(), work.progress
        # A try that failed after its look asks what that look asked, be it yesterday.
        at, since = progress.looked_at or now, progress.looked_at
        if since and page.as_of and since < page.as_of <= now:
            at, since = now, page.as_of  # an old answer would take back what was told since
        elif since is None and progress.next_look and now >= progress.next_look:
            since = progress.next_look - SHARED_FOR
        costs = await self.check_spend.costs(monitor, asker, work.day, at, since)
        work.answer.account_id, work.answer.paid_requests = costs.account_id, costs.paid_requests
        # AWS has answered: what failed before that is behind the tick, and the channel's failures count anew.
        work.progress = replace(
            progress if progress.looked_at else progress.goes_on(), looked_at=costs.asked_at
        )
        return costs

    async def _tell_news(
        self, work: Work, monitor: Monitor, asker: Asker, costs: Costs, page: Page, plan: Plan
    ) -> None:
        is_first = not page.told and page.since is None
        speaks_at_ticks = monitor.notify is Notify.EVERY_CHECK  # and so has been told before any later look
        is_due = work.is_wanted(self.clock.now()) if speaks_at_ticks else plan.next_look is None
        checked = await self.check_spend.reports(
            monitor,
            asker,
            costs,
            page,
            plan.settling,
            at_once=is_first or is_due,
        )
        work.answer.paid_requests = checked.paid_requests
        period, topic = monitor.frequency.period_on(work.day), monitor.topic(costs.account_id)
        if checked.reports:
            *also, newest = checked.reports
            is_pending = newest.period == period and newest.verdict is Verdict.NOT_PUBLISHED
            if is_pending:
                usual = usual_for(costs.history, period) if is_first else None
                newest = replace(newest, pending=plan.pending(period, usual))
            reported = [report.period for report in checked.reports]
            notice = SpendNotice.of(
                work.lease.tick.id,
                self.clock.now(),
                monitor,
                checked,
                newest,
                idle=monitor.idle if is_first else (),
                also=tuple(also),
                restated=restated_in(monitor.frequency, costs.history, page.told, but=reported),
            )
            note = partial(note_told, notice, work.lease.tick, work.progress.looks, costs.asked_at)
            page = await self._say(work, topic, page, notice, note, own=bool(page.told))
            work.answer.outcome, work.answer.cause = Outcome.TOLD, newest.verdict
        if not page.told and page.since is None:
            # Nothing is said, but from now on a breach that shows only later is one to tell of.
            note = partial(note_since, period.start)
            await self.say_once.ledger.update(work.lease.tick.channel, topic, note)

    async def _tell_failure(
        self,
        work: Work,
        monitor: Monitor | None,
        failure: SettingsRejected | AwsRefused | AwsUnavailable,
        wait: Wait | None = None,
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
        notice = replace(
            FailureNotice.of(
                tick.id, self.clock.now(), failure, period, way_in, monitor.name if monitor else ""
            ),
            again_at=wait.until if wait else None,
            watch=work.watch,
        )
        note = partial(note_failure, failure.code, period)
        await self._say(work, topic, page, notice, note, own=bool(page.failures))
        answer.outcome = Outcome.FAILURE_TOLD

    async def _say(
        self, work: Work, topic: str, page: Page, notice: Notice, note: Note, *, own: bool
    ) -> Page:
        """Say it once, to a watch's page too.

        What the channel was never told about before, and so is not its ``own``, comes so many times an hour:
        anybody who knows the return_url may ask.
        """
        if not (own or work.watch):
            await self._keep_limit(work.lease)
        page = await self.say_once.say(work.lease, topic, page, work.return_url, notice, note)
        if work.watch:
            await self.say_once.ledger.update(watch_page(self.vault, work.watch), SAID, note)
        return page

    async def _keep_limit(self, lease: Lease) -> None:
        try:
            self.hourly_limit.take_turn(lease.tick.channel, self.clock.now())
        except ChannelToldEnough:
            if not await self.say_once.ledger.knows(lease.tick.channel, lease.tick.asks):
                raise

    def _aws_is_away(self, work: Work) -> bool:
        """Whether it has been for so long that the channel is told."""
        now = self.clock.now()
        return FOR_AWS.ends(work.progress.failed(now), now)

    def _plan_as_told(self, work: Work, monitor: Monitor, asker: Asker, period: Period, page: Page) -> Plan:
        """A tick that has spoken, and comes back as that was not acknowledged, has nothing to ask."""
        told, now = page.told.get(period), self.clock.now()
        return self.plan_looks.as_told(monitor, asker.account_id, period, told, work.progress, now)

    def _goes_on(self, work: Work, period: Period, plan: Plan) -> Wait | None:
        if plan.next_look is None:
            return None
        progress = work.progress.looked(self.clock.now(), plan.next_look, plan.settling.seen)
        cause = "not-final" if plan.settled else "not-settled"
        return Wait(plan.next_look, cause, plan.reason(period), progress)
