"""All state in one SQLite file, for one machine."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from functools import partial
from pathlib import Path

import structlog

from adapters.state.limits import LEASE_LENGTH, Limits
from adapters.state.moments import to_micros
from adapters.state.sqlite.contents import SqliteContents
from adapters.state.sqlite.engine import Engine, open_engine
from adapters.state.sqlite.housekeeping import tidy
from adapters.state.sqlite.inbox import SqliteInbox
from adapters.state.sqlite.ledger import SqliteLedger
from adapters.state.sqlite.owner import Owner
from adapters.state.sqlite.reserve import keep_reserve
from adapters.state.sqlite.steps import ClockSteps, ReadOffset
from adapters.state.sqlite.store import SqliteStore
from adapters.state.state import State
from application.errors import StorageUnavailable
from application.ports.clock import Clock

__all__ = ["open_sqlite_state"]

log = structlog.get_logger()

HOUSEKEEPING_SECONDS = 5.0


@contextlib.asynccontextmanager
async def open_sqlite_state(
    path: Path,
    clock: Clock,
    inbox_limit: int,
    lease_length: timedelta = LEASE_LENGTH,
    busy_timeout: float = 5,
    read_offset: ReadOffset = lambda: None,
) -> AsyncIterator[State]:
    """Open the file, keep house in it meanwhile, and in the end put back what this process has leased.

    Any number of processes of one machine may have the file open.

    Args:
        path: The database; made if there is none. Lock files lie beside it.
        clock: What time it is.
        inbox_limit: Unfinished ticks that there may be.
        lease_length: How long a tick may be worked on before another worker gets it.
        busy_timeout: Seconds to wait while another process writes.
        read_offset: How far the machine's clock is from a time that nobody can step.

    Raises:
        StateRefused: The file is damaged, of a newer version, or none of ours. It is left as it is.
        StorageUnavailable: It cannot be opened or written.
    """
    async with open_engine(path, busy_timeout) as engine:
        owner = _owner(path)
        steps = ClockSteps(engine, read_offset)
        inbox = SqliteInbox(engine, owner, clock, Limits(inbox_limit), lease_length, steps)
        try:
            await inbox.give_back_orphans()
            chores = (
                inbox.give_back_orphans,
                partial(_tidy, engine, clock, inbox_limit),
                partial(asyncio.to_thread, keep_reserve, path),
            )
            house = asyncio.create_task(_keep_house(*chores), name="sqlite housekeeping")
            try:
                contents = SqliteContents(engine, clock)
                yield State(inbox, SqliteLedger(engine, clock), SqliteStore(engine, clock), contents)
            finally:
                house.cancel()
                await asyncio.wait([house])
                with contextlib.suppress(StorageUnavailable):
                    await inbox.give_back_own()
        finally:
            owner.release()


def _owner(path: Path) -> Owner:
    try:
        return Owner(path)
    except OSError as exc:
        raise StorageUnavailable(f"no lock file can be made beside {path}: {exc.strerror}") from exc


async def _keep_house(*chores: Callable[[], Awaitable[None]]) -> None:
    """Do each every few seconds. One that fails is logged once, stops no other, and is tried again."""
    failing: set[object] = set()
    while True:
        await asyncio.sleep(HOUSEKEEPING_SECONDS)
        for chore in chores:
            try:
                await chore()
            except Exception as error:  # a defect must not end all the others
                if chore not in failing:
                    known = isinstance(error, StorageUnavailable)
                    reason = str(error) if known else type(error).__name__
                    log.warning("housekeeping_failed", reason=reason, exc_info=None if known else error)
                failing.add(chore)
            else:
                failing.discard(chore)


async def _tidy(engine: Engine, clock: Clock, most_refuse: int) -> None:
    while await engine.write(tidy, to_micros(clock.now()), most_refuse):  # in bites: others come in between
        pass
