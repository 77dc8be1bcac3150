"""How a try at a tick ends: acknowledged, put back, or given up on."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta

from application.answer import Answer, Outcome
from application.aws_errors import AwsBusy, AwsRefused, PaidRequestsCapped
from application.errors import ChannelBusy, ChannelToldEnough, Quarantined, SpendMonitorError, WatchUnknown
from application.patience import FOR_A_FILE, FOR_A_ROLE, FOR_A_TURN, FOR_STRANGERS, Patience
from application.ports.clock import Clock
from application.ports.work_queue import Lease, Progress, Why, WorkQueue
from application.role_errors import RoleRefused
from domain.periods import DAY, Frequency, Period
from domain.settling import of_use_until

FREE_REFUSAL, PAID_REFUSAL = timedelta(hours=3), timedelta(hours=12)
"""How long until AWS is asked again after it has said no, if to be refused costs nothing, or a cent."""

EARLY = timedelta(seconds=10)
"""Crontabs fire on the minute: what a clock that is a bit slow sees in a day's last seconds is midnight's."""


@dataclass(slots=True)
class Work:
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
        return (self.lease.tick.accepted_at + EARLY).date()

    def is_wanted(self, now: datetime) -> bool:
        """Whether somebody has just put the tick, for the first time or again: the look was not planned."""
        return self.progress.next_look is None or now < self.progress.next_look


@dataclass(frozen=True, slots=True)
class Wait:
    """Until when a tick waits for news, and for which, in words for whoever lists the inbox."""

    until: datetime
    cause: str
    reason: str
    progress: Progress


@dataclass(frozen=True, slots=True)
class PutBack:
    """Says to the inbox what becomes of a tick, and notes it for logs and metrics."""

    inbox: WorkQueue
    clock: Clock
    jitter: Callable[[], float] = random.random

    def until_mended(
        self, work: Work, frequency: Frequency, period: Period, refusal: AwsRefused
    ) -> Wait | None:
        """Whoever mends it still gets the report, for as long as it is of use."""
        now, progress = self.clock.now(), work.progress.refused()
        is_fresh = now - work.lease.tick.accepted_at < FOR_A_ROLE.total
        if isinstance(refusal, RoleRefused) and refusal.owners and is_fresh:
            # Whoever has been told how to make a role may be at it, and hears at once that it works.
            until = FOR_A_ROLE.next_try(progress.turns, now, self.jitter())
        elif isinstance(refusal, PaidRequestsCapped):
            until = datetime.combine(now.date() + DAY, time(), UTC)
        else:
            until = now + (PAID_REFUSAL if refusal.paid_requests else FREE_REFUSAL)
        end = of_use_until(frequency, period)
        if until >= end:
            return None
        said = str(refusal).removesuffix(".")  # what AWS says has none, as a rule
        reason = f"{refusal.code}: {said}. AWS is asked again until {end:%Y-%m-%d}."
        return Wait(until, refusal.code, reason, progress)

    async def finish(self, work: Work, wait: Wait | None) -> None:
        """Acknowledge the tick, or let it wait for news."""
        if wait is None:
            await self.inbox.acknowledge(work.lease)
            return
        answer = work.answer
        if answer.outcome is Outcome.SILENT:
            answer.outcome, answer.cause = Outcome.WAITS, wait.cause
        answer.reason, answer.until, answer.waits_for = wait.reason, wait.until, wait.cause
        await self.inbox.pause(work.lease, wait.until, wait.reason, Why.NEWS, wait.progress)

    async def until_the_file_is_read(self, work: Work, error: WatchUnknown) -> None:
        """Another process may have a newer file; a watch that nobody has is nobody's question any more."""
        now = self.clock.now()
        progress = work.progress.failed(now)
        if FOR_A_FILE.ends(progress, now):
            work.answer.cause, work.answer.reason = error.code, str(error)
            await self.inbox.acknowledge(work.lease)
            return
        until = FOR_A_FILE.next_try(progress.failures, now, self.jitter())
        await self._put_back(work, error, until, Why.TURN, progress)

    async def until_its_turn(self, work: Work, busy: AwsBusy | ChannelBusy) -> None:
        """Come back soon; that is no failure."""
        progress = work.progress.waits()
        until = FOR_A_TURN.next_try(progress.turns, self.clock.now(), self.jitter(), busy.retry_after)
        await self._put_back(work, busy, until, Why.TURN, progress)

    async def until_tried_alone(self, work: Work, error: Quarantined) -> None:
        """Come back in a moment, to see whether it is its turn."""
        until = self.clock.now() + timedelta(seconds=2 * self.jitter())
        progress = replace(work.progress, deaths=error.deaths)
        await self._put_back(work, error, until, Why.TURN, progress)

    async def until_told_less(self, work: Work, error: ChannelToldEnough) -> None:
        """Come back when the channel may be told of new questions again, for some hours."""
        now = self.clock.now()
        if now - work.lease.tick.accepted_at >= FOR_STRANGERS.total:
            await self.give_up(work, error)
            return
        until = now + timedelta(seconds=error.wait * (1 + self.jitter()))
        await self._put_back(work, error, until, Why.TURN, work.progress.waits())

    async def after_a_failure(
        self, work: Work, error: SpendMonitorError, patience: Patience, retry_after: float | None = None
    ) -> None:
        """Try again, with growing pauses, until patience ends."""
        now = self.clock.now()
        progress = work.progress.failed(now)
        if patience.ends(progress, now):
            await self.give_up(work, error)
            return
        until = patience.next_try(progress.failures, now, self.jitter(), retry_after)
        await self._put_back(work, error, until, Why.FAILURE, progress)

    async def _put_back(
        self, work: Work, error: SpendMonitorError, until: datetime, why: Why, progress: Progress
    ) -> None:
        answer = work.answer
        answer.outcome, answer.cause, answer.reason = Outcome.RETRY, error.code, str(error)
        answer.until = until
        await self.inbox.pause(work.lease, until, f"{error.code}: {error}", why, progress)

    async def give_up(self, work: Work, error: SpendMonitorError) -> None:
        """Set it aside with the reason."""
        answer = work.answer
        answer.outcome, answer.cause, answer.reason = Outcome.GIVEN_UP, error.code, str(error)
        await self.inbox.give_up(work.lease, f"{error.code}: {error}")
