"""PostgreSQL: starts, outages, poolers."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from pathlib import Path
from typing import cast

import asyncpg
import pytest

from adapters.clock import SystemClock
from adapters.state.postgresql import database, open_postgresql_state, ticks
from adapters.state.postgresql.inbox import PostgresqlInbox
from adapters.state.state import State, StateRefused
from application.errors import StorageUnavailable
from tests.contract.inboxes import PATIENCE, lease_one
from tests.contract.states import INBOX_LIMIT, a_tick
from tests.doubles.postgresql_server import PostgresqlServer, empty, shared_server

CLOCK = SystemClock()


def opened(url: str) -> contextlib.AbstractAsyncContextManager[State]:
    """The state, as a process opens it."""
    return open_postgresql_state(url, CLOCK, INBOX_LIMIT)


@pytest.fixture
async def url() -> AsyncIterator[str]:
    """Of a server that is left empty."""
    server = shared_server()
    yield server.url
    await empty(server)


@pytest.fixture
def mortal(tmp_path: Path) -> Iterator[PostgresqlServer]:
    """A server of the test's own, which it may kill."""
    server = PostgresqlServer(tmp_path)
    server.start()
    yield server
    server.stop(signal.SIGQUIT)


async def run(url: str, statement: str) -> None:
    """Change something behind the service's back."""
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


async def test_many_processes_start_at_once(url: str) -> None:
    """One makes the schema; the others find it made."""
    async with contextlib.AsyncExitStack() as stack:
        states = await asyncio.gather(*[stack.enter_async_context(opened(url)) for _ in range(5)])
        await asyncio.gather(*[state.inbox.put(a_tick(CLOCK.now())) for state in states])
        assert (await states[0].inbox.depth()).unfinished == 5


async def test_what_a_newer_version_wrote_is_refused(url: str) -> None:
    """It is left as it is, and the line says what to do."""
    async with opened(url):
        pass
    await run(url, "UPDATE spend_monitor.version SET number = 99")
    with pytest.raises(StateRefused, match="has version 99, but this program knows up to"):
        async with opened(url):
            pass


@pytest.mark.parametrize(
    ("user", "path", "said"),
    [
        ("nobody:hunter2", "postgres", "refuses us"),
        ("monitor:hunter2", "missing", "refuses us"),
        ("monitor:hunter2", "postgres?sslmode=require", r"it has no TLS, which the address asks for"),
        ("monitor:hunter2", "postgres?pgbouncer=true", "knows no pgbouncer: take it out of the address"),
        ("monitor:hunter2", "postgres?sslmode=hunter2", "libpq's names and values"),
        ("monitor:hunter2#", "postgres", "address cannot be read: in a user name or password #"),
    ],
)
async def test_a_refused_start_says_why_without_the_password(user: str, path: str, said: str) -> None:
    """Unknown user, unknown database, no TLS where it is asked for, an address that has to be mended."""
    url = f"postgresql://{user}@127.0.0.1:{shared_server().port}/{path}"
    with pytest.raises(StorageUnavailable, match=said) as refused:
        async with opened(url):
            pass
    assert "hunter2" not in str(refused.value)


async def test_what_only_libpq_knows_stands_in_nobodys_way(url: str) -> None:
    """An address that works with psql works here; what the server is to know reaches it."""
    async with opened(f"{url}?connect_timeout=10&application_name=spend&keepalives=1") as state:
        database = cast("PostgresqlInbox", state.inbox)._database
        assert (await database.fetchrow("SHOW application_name"))[0] == "spend"


async def test_nothing_listens() -> None:
    """Said at once, not after a long wait."""
    with pytest.raises(StorageUnavailable, match="nobody listens at its host and port"):
        async with opened("postgresql://monitor@127.0.0.1:1/postgres"):
            pass


async def test_an_outage_loses_nothing_and_heals_by_itself(mortal: PostgresqlServer) -> None:
    """While the server is away every call says so; when it is back, what was stored is there."""
    async with opened(mortal.url) as state:
        tick = a_tick(CLOCK.now())
        await state.inbox.put(tick)
        mortal.stop(signal.SIGQUIT)  # as a crash: what was promised is in the log on disk
        for call in (
            state.inbox.put(a_tick(CLOCK.now())),
            state.inbox.lease(1, 0),
            state.inbox.probe(),
            state.ledger.read("c", "t"),
            state.store.put("k", b"v", timedelta(hours=1)),
        ):
            with pytest.raises(StorageUnavailable):
                await call
        mortal.start()
        assert await state.store.get("k") is None
        assert (await lease_one(state.inbox)).tick == tick
        waiting = asyncio.create_task(state.inbox.lease(1, 60))
        await asyncio.sleep(0.01)
        await state.inbox.put(a_tick(CLOCK.now()))
        async with asyncio.timeout(PATIENCE):
            assert len(await waiting) == 1


async def test_what_a_dead_process_had_leased_comes_back_soon(url: str) -> None:
    """Its connections are gone, and with them the sign that it lives; who lives keeps what it has."""

    async def look_twice(state: State) -> None:
        for _ in range(2):
            await cast("PostgresqlInbox", state.inbox).give_back_orphans()

    async with opened(url) as state:
        tick = a_tick(CLOCK.now())
        await state.inbox.put(tick)
        async with opened(url) as living:
            await lease_one(living.inbox)
            inbox = cast("PostgresqlInbox", state.inbox)
            async with asyncio.timeout(PATIENCE):  # the sign is put up beside what else a start does
                while await inbox._database.fetch(ticks.UNSEEN, database.ALIVE):
                    pass
            await look_twice(state)
            assert list(await state.inbox.lease(1, 0)) == []
            await run(url, "UPDATE spend_monitor.tick SET owner = 12345")  # who is none of the living
            await look_twice(state)
            again = await lease_one(state.inbox)
    assert (tick, 2) == (again.tick, again.attempt)


async def put_once(state: State) -> str:
    """Put a tick; return why it was not stored, or nothing."""
    try:
        await state.inbox.put(a_tick(CLOCK.now()))
    except StorageUnavailable as error:
        return str(error)
    return ""


async def test_after_a_failover_the_one_that_may_be_written_is_looked_for(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server that has become a replica is an outage, and connections to it are not kept."""
    monkeypatch.setattr("adapters.state.postgresql.HOUSEKEEPING_SECONDS", 1000)  # it makes connections, too
    end_all = (
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()"
        " AND datname = 'postgres'"
    )
    async with opened(url) as state, asyncio.timeout(PATIENCE):
        assert await put_once(state) == ""
        await run(url, "ALTER DATABASE postgres SET default_transaction_read_only = on")
        try:
            # One that is just being made is not in the list yet, and stays as it was.
            while "ReadOnly" not in await put_once(state):
                await run(url, end_all)
        finally:
            connection = await asyncpg.connect(url, server_settings={"default_transaction_read_only": "off"})
            await connection.execute("ALTER DATABASE postgres RESET default_transaction_read_only")
            await connection.close()
        while await put_once(state):
            pass


async def test_behind_a_pooler_nothing_is_prepared_or_listened_to(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A transaction pooler greets with a process number of its own; ticks of others are found by looking."""
    monkeypatch.setattr(asyncpg.Connection, "get_server_pid", lambda _: 0)
    async with opened(url) as state, opened(url) as other:
        connection = await asyncpg.connect(url)
        waiting = asyncio.create_task(state.inbox.lease(1, 60))
        await asyncio.sleep(0.01)
        await other.inbox.put(a_tick(CLOCK.now()))
        async with asyncio.timeout(PATIENCE):
            assert len(await waiting) == 1
        listeners = await connection.fetch("SELECT 1 FROM pg_stat_activity WHERE query LIKE 'LISTEN%'")
        await connection.close()
        assert listeners == []


def test_an_unknown_error_says_its_kind_and_no_value() -> None:
    """What PostgreSQL quotes of a row may be a secret."""
    error = asyncpg.DataError("invalid input: hunter2")
    assert "hunter2" not in str(database.unavailable(error))
