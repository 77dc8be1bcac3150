"""The loop that fires the watches, and takes up their file when it has changed."""

from __future__ import annotations

import asyncio
import signal
from contextlib import suppress
from dataclasses import dataclass, field

import structlog

from adapters.settings.watches_file import WatchesFile
from application.errors import InboxFull, StorageUnavailable
from application.fire_watches import FireWatches
from application.ports.clock import Clock
from application.ports.watches import Watches
from entrypoints import metrics
from entrypoints.logs import frames_of

log = structlog.get_logger()

LOOK_SECONDS = 20.0
"""How often the file is looked at, and how late a clock that was set is noticed at most."""

SOON_SECONDS = 1.0
"""After the storage failed."""


@dataclass(slots=True)
class Scheduler:
    """Fires what is due, looks at the file, sleeps until something can be due.

    Args:
        fire_watches: Puts the ticks.
        file: The watches.
        clock: What time it is.
    """

    fire_watches: FireWatches
    file: WatchesFile
    clock: Clock
    _loop: asyncio.Task[None] | None = None
    _news: asyncio.Event = field(default_factory=asyncio.Event)

    def start(self) -> None:
        """Begin in the background."""
        log.info("watching", file=str(self.file.path), watches=[watch.name for watch in self.file.all()])
        metrics.record_watches(self.file)
        self._loop = asyncio.create_task(self._run(), name="schedule")
        self._loop.add_done_callback(_log_crash)

    @property
    def running(self) -> bool:
        """Whether the loop is alive."""
        return self._loop is not None and not self._loop.done()

    def look_now(self) -> None:
        """Look at the file at once: somebody says that it has changed."""
        self._news.set()

    @property
    def state(self) -> str:
        """For ``/ready``: what is wrong with the file is in the log, and not for everybody."""
        if not self.running:
            return "failed: the loop has stopped"
        if self.file.broken:
            return "ready, but the changed file is broken and the one before it in force: see the log"
        return "ready"

    async def ended(self) -> None:
        """Wait until the loop ends, be it by a defect."""
        if self._loop:
            await asyncio.wait([self._loop])

    async def stop(self) -> None:
        """Fire nothing more. What was being put is either in the inbox or still due."""
        if self._loop:
            self._loop.cancel()
            await asyncio.wait([self._loop])

    async def _run(self) -> None:
        while True:
            pause = await self._look()
            with suppress(TimeoutError):
                async with asyncio.timeout(pause):
                    await self._news.wait()
            self._news.clear()

    async def _look(self) -> float:
        """Do what is to be done now; return for how many seconds there is nothing."""
        if await asyncio.to_thread(self.file.reload):
            metrics.record_watches(self.file)
        try:
            fired = await self.fire_watches.execute()
        except (InboxFull, StorageUnavailable) as error:
            log.warning("watches_not_fired", reason=str(error), effect="they stay due")
            return SOON_SECONDS
        for one in fired:
            metrics.watches_fired.inc()
            late = round(one.late.total_seconds())
            log.info("watch_fired", watch=one.watch, due=one.due.isoformat(), late=late, ticks=one.ticks)
        due = self.fire_watches.next_due()
        until_due = (due - self.clock.now()).total_seconds() if due else LOOK_SECONDS
        return min(max(until_due, 0.0), LOOK_SECONDS)


def _log_crash(loop: asyncio.Task[None]) -> None:
    if not loop.cancelled() and (error := loop.exception()):
        log.error("schedule_crashed", error=type(error).__name__, frames=frames_of(error))


def scheduler_of(watches: Watches, fire_watches: FireWatches, clock: Clock) -> Scheduler | None:
    """The loop, where there is a file of watches."""
    return Scheduler(fire_watches, watches, clock) if isinstance(watches, WatchesFile) else None


def reload_on_hangup(scheduler: Scheduler | None) -> None:
    """SIGHUP makes the scheduler look at its file at once; without one it does nothing, and ends nothing."""
    act = scheduler.look_now if scheduler else (lambda: None)
    asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, act)
