"""All state in one SQLite file, for one machine."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

from adapters.state.sqlite.engine import Engine, open_engine
from adapters.state.sqlite.housekeeping import tidy
from adapters.state.sqlite.inbox import SqliteInbox
from adapters.state.sqlite.ledger import SqliteLedger
from adapters.state.sqlite.moments import to_micros
from adapters.state.sqlite.owner import Owner
from adapters.state.sqlite.store import SqliteStore
from adapters.state.state import State
from application.errors import StorageUnavailable
from application.ports.clock import Clock

__all__ = ["open_sqlite_state"]

LEASE_LENGTH = timedelta(minutes=2)
HOUSEKEEPING_SECONDS = 5.0


@contextlib.asynccontextmanager
async def open_sqlite_state(
    path: Path,
    clock: Clock,
    inbox_limit: int,
    lease_length: timedelta = LEASE_LENGTH,
    busy_timeout: float = 5,
) -> AsyncIterator[State]:
    """Open the file, keep house in it meanwhile, and in the end put back what this process has leased.

    Any number of processes of one machine may have the file open.

    Args:
        path: The database; made if there is none. Lock files lie beside it.
        clock: What time it is.
        inbox_limit: Unfinished ticks that there may be.
        lease_length: How long a tick may be worked on before another worker gets it.
        busy_timeout: Seconds to wait while another process writes.

    Raises:
        StateRefused: The file is damaged, of a newer version, or none of ours. It is left as it is.
        StorageUnavailable: It cannot be opened or written.
    """
    async with open_engine(path, busy_timeout) as engine:
        owner = _owner(path)
        inbox = SqliteInbox(engine, owner, clock, inbox_limit, lease_length)
        try:
            await inbox.give_back_orphans()
            house = asyncio.create_task(_keep_house(engine, inbox, clock), name="sqlite housekeeping")
            try:
                yield State(inbox, SqliteLedger(engine, clock), SqliteStore(engine, clock))
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


async def _keep_house(engine: Engine, inbox: SqliteInbox, clock: Clock) -> None:
    while True:
        await asyncio.sleep(HOUSEKEEPING_SECONDS)
        with contextlib.suppress(StorageUnavailable):  # whoever needs the storage will say so
            await inbox.give_back_orphans()
            while await engine.write(tidy, to_micros(clock.now())):  # in bites: others come in between
                pass
