"""The loop that answers ticks."""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from dataclasses import dataclass, field

import structlog

from application.answer import Answer, Outcome
from application.answer_tick import AnswerTick
from application.errors import InternalError, StorageUnavailable
from application.ports.clock import Clock
from application.ports.work_queue import Lease, Why, WorkQueue
from entrypoints import metrics
from entrypoints.door import Door
from entrypoints.logs import frames_of

log = structlog.get_logger()

DRAIN_SECONDS = 25.0
"""How long a stop waits for ticks in flight. Source: docs/operate.md, upgrade."""

LONGEST_TICK_SECONDS = 100.0
"""Shorter than a lease, so that no tick is worked on twice at a time."""

STEPS = 8
STEP_SECONDS = 0.05
"""All places are taken in so many steps, with a pause after each that brought as much as was wanted."""

FEWEST_AT_ONCE = 8
"""A step, however few the places are."""

CROWDED_SHARE = 4
"""So many times smaller a step is while others crowd in."""

LEASE_WAIT_SECONDS = 0.5
STORAGE_PAUSE_SECONDS = 1.0


@dataclass(slots=True)
class Worker:
    """Leases ticks and answers them, a bounded number at a time.

    Args:
        inbox: Where ticks come from.
        answer_tick: What is done with each.
        clock: For the age of a tick.
        concurrency: How many ticks are in flight at most.
        door: Of the same process; while it is crowded, they begin more slowly.
    """

    inbox: WorkQueue
    answer_tick: AnswerTick
    clock: Clock
    concurrency: int
    door: Door = field(default_factory=Door)
    _loop: asyncio.Task[None] | None = None
    _ticks: set[asyncio.Task[bool]] = field(default_factory=set)
    _slot_free: asyncio.Event = field(default_factory=asyncio.Event)
    _stopping: asyncio.Event = field(default_factory=asyncio.Event)

    def start(self) -> None:
        """Begin to work in the background."""
        self._loop = asyncio.create_task(self._run(), name="worker")
        self._loop.add_done_callback(_log_crash)

    @property
    def running(self) -> bool:
        """Whether the loop is alive."""
        return self._loop is not None and not self._loop.done()

    @property
    def crashed(self) -> bool:
        """Whether the loop has ended by a defect."""
        loop = self._loop
        return loop is not None and loop.done() and not loop.cancelled() and loop.exception() is not None

    async def ended(self) -> None:
        """Wait until the loop ends, be it by a defect."""
        if self._loop:
            await asyncio.wait([self._loop])

    async def stop(self, drain_seconds: float = DRAIN_SECONDS) -> None:
        """Take no more ticks, wait for those in flight, give back what is left then."""
        self._stopping.set()
        self._slot_free.set()
        await self.ended()
        if self._ticks:
            log.info("draining", ticks=len(self._ticks), seconds=drain_seconds)
            await asyncio.wait(self._ticks, timeout=drain_seconds)
        for task in self._ticks:
            task.cancel()
        await asyncio.gather(*self._ticks, return_exceptions=True)

    async def _run(self) -> None:
        storage_works = True
        while not self._stopping.is_set():
            wanted = self._wanted()
            if wanted <= 0:
                self._slot_free.clear()
                with suppress(TimeoutError):  # when the crowd has gone, there are more places at once
                    async with asyncio.timeout(LEASE_WAIT_SECONDS):
                        await self._slot_free.wait()
                continue
            try:
                leases = await self.inbox.lease(wanted, LEASE_WAIT_SECONDS)
            except StorageUnavailable as error:
                if storage_works:
                    log.error("storage_unavailable", reason=str(error))  # noqa: TRY400  # expected, no traceback
                storage_works = False
                await self._rest(STORAGE_PAUSE_SECONDS)
                continue
            if not storage_works:
                log.info("storage_available")
            storage_works = True
            for lease in leases:
                task = asyncio.create_task(self.work(lease))
                self._ticks.add(task)
                task.add_done_callback(self._finished)
            if len(leases) == wanted:
                await self._rest(STEP_SECONDS)

    async def _rest(self, seconds: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._stopping.wait()

    def _wanted(self) -> int:
        """How many to begin with now.

        A few at a time: begun together, all would wait for AWS together, while the core has nothing to do,
        and then for the core. And fewer while the door is crowded: Telex waits for every 202, but nobody for
        a report.
        """
        step = max(self.concurrency // STEPS, FEWEST_AT_ONCE)
        if self.door.is_crowded:
            step //= CROWDED_SHARE
        return min(step, self.concurrency - len(self._ticks))

    def _finished(self, task: asyncio.Task[bool]) -> None:
        self._ticks.discard(task)
        self._slot_free.set()

    async def work(self, lease: Lease) -> bool:
        """Answer the tick, and say what became of it; whether that could be kept."""
        began = time.perf_counter()
        try:
            answer = await self._answer(lease)
        except StorageUnavailable as error:
            # Nothing can be noted now; the lease lapses and the tick comes back.
            log.warning("tick_unsettled", tick=lease.tick.id, channel=lease.tick.channel, reason=str(error))
            return False
        metrics.record_answer(lease, answer, self.clock.now())
        say = log.warning if answer.outcome is Outcome.GIVEN_UP else log.info  # a report is lost
        say(
            EVENTS[answer.outcome],
            tick=lease.tick.id,
            channel=lease.tick.channel,
            attempt=lease.attempt,
            account=answer.account_id or None,
            period=answer.period or None,
            cause=answer.cause or None,
            reason=answer.reason or None,
            until=answer.until.isoformat() if answer.until else None,
            paid_requests=answer.paid_requests,
            seconds=round(time.perf_counter() - began, 4),
        )
        return True

    async def _answer(self, lease: Lease) -> Answer:
        try:
            async with asyncio.timeout(LONGEST_TICK_SECONDS):
                return await self.answer_tick.execute(lease)
        except asyncio.CancelledError:
            reason = "the service was stopped"
            await self.inbox.pause(lease, self.clock.now(), reason, Why.TURN, lease.progress)
            raise
        except TimeoutError:
            return await self.answer_tick.postpone(lease, InternalError("the tick took too long"))
        except StorageUnavailable:
            raise
        except Exception as error:  # noqa: BLE001  # a defect must not lose a tick
            log.error("tick_crashed", tick=lease.tick.id, error=type(error).__name__, frames=frames_of(error))  # noqa: TRY400
            return await self.answer_tick.postpone(lease, InternalError(type(error).__name__))


def _log_crash(loop: asyncio.Task[None]) -> None:
    """Whoever supervises the process sees it in ``/ready``, or by the end of ``worker``."""
    if not loop.cancelled() and (error := loop.exception()):
        log.error("worker_crashed", error=type(error).__name__, frames=frames_of(error))


EVENTS = {
    Outcome.TOLD: "tick_told",
    Outcome.SILENT: "tick_silent",
    Outcome.FAILURE_TOLD: "tick_failure_told",
    Outcome.WAITS: "tick_waits",
    Outcome.RETRY: "tick_retry",
    Outcome.GIVEN_UP: "tick_given_up",
}
"""One event for each thing that can happen to a leased tick."""
