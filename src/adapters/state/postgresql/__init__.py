"""All state in PostgreSQL, for who has one already. Needs PostgreSQL 13 or newer."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from collections.abc import AsyncIterator
from datetime import datetime, timedelta

import structlog

from adapters.state.ledger_pages import KEPT, Worth
from adapters.state.limits import GIVEN_UP_KEPT, LEASE_LENGTH, Limits
from adapters.state.postgresql import ticks
from adapters.state.postgresql.contents import PostgresqlContents
from adapters.state.postgresql.database import Database, open_database
from adapters.state.postgresql.inbox import PostgresqlInbox
from adapters.state.postgresql.ledger import PostgresqlLedger
from adapters.state.postgresql.store import PostgresqlStore
from adapters.state.state import State
from application.errors import StorageUnavailable
from application.ports.clock import Clock

__all__ = ["open_postgresql_state"]

log = structlog.get_logger()

HOUSEKEEPING_SECONDS = 5.0
TURNS_BETWEEN_PRUNINGS = 60


@contextlib.asynccontextmanager
async def open_postgresql_state(
    url: str, clock: Clock, inbox_limit: int, lease_length: timedelta = LEASE_LENGTH
) -> AsyncIterator[State]:
    """Connect, bring the schema to the present version, and in the end put back what this process has leased.

    Any number of processes on any number of machines may share the database.

    Args:
        url: libpq's form: ``postgresql://user:password@host:5432/database?sslmode=require``.
        clock: What time it is; the machines' clocks should agree to a second or so.
        inbox_limit: Unfinished ticks that there may be, over all processes.
        lease_length: How long a tick may be worked on before another worker gets it.

    Raises:
        StateRefused: What is there is of a newer version.
        StorageUnavailable: The server cannot be reached, or refuses us.
    """
    async with open_database(url) as database:
        inbox = PostgresqlInbox(database, clock, Limits(inbox_limit), lease_length)
        tasks = [
            asyncio.create_task(database.stay(inbox.news.wake), name="postgresql news"),
            asyncio.create_task(
                _keep_house(database, inbox, clock, inbox_limit), name="postgresql housekeeping"
            ),
        ]
        try:
            ledger, store = PostgresqlLedger(database, clock), PostgresqlStore(database, clock)
            yield State(inbox, ledger, store, PostgresqlContents(database, clock))
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            with contextlib.suppress(StorageUnavailable):  # then they come back when their time is over
                await inbox.give_back_own()


async def _keep_house(database: Database, inbox: PostgresqlInbox, clock: Clock, most_refuse: int) -> None:
    """Put back what dead processes had leased, and now and then drop what nobody will ask for any more."""
    failed = False
    for turn in itertools.count():
        try:
            await inbox.give_back_orphans()
            if turn % TURNS_BETWEEN_PRUNINGS == 0:
                await _prune(database, clock.now(), most_refuse)
        except StorageUnavailable as error:
            if not failed:  # an outage is told of once
                log.warning("housekeeping_failed", reason=str(error))
            failed = True
        else:
            failed = False
        await asyncio.sleep(HOUSEKEEPING_SECONDS)


async def _prune(database: Database, now: datetime, most_refuse: int) -> None:
    await database.fetch(ticks.PRUNE_STORED, now)
    await database.fetch(ticks.PRUNE_GIVEN_UP, now - GIVEN_UP_KEPT)
    for kind, kept in KEPT.items():
        await database.fetch(ticks.PRUNE_PAGES, kind, now - kept)
    for kind in (Worth.CLAIM, Worth.FAILURES):
        await database.fetch(ticks.PRUNE_REFUSE, kind, most_refuse)
