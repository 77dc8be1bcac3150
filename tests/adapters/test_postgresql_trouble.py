"""What goes wrong with a PostgreSQL that is there: nothing is lost, and it goes on by itself."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any, cast
from urllib.parse import urlsplit

import asyncpg
import pytest
from structlog.testing import capture_logs

from adapters.clock import SystemClock
from adapters.state import postgresql
from adapters.state.postgresql import open_postgresql_state
from application.errors import StorageUnavailable
from tests.contract.inboxes import drain, ids
from tests.contract.states import INBOX_LIMIT, a_tick
from tests.doubles.postgresql_server import empty, shared_server

CLOCK = SystemClock()


@pytest.fixture
async def url() -> AsyncIterator[str]:
    """Of a server that is left empty."""
    yield shared_server().url
    await empty(shared_server())


async def run(*statements: str) -> None:
    """Change something behind the service's back."""
    connection = await asyncpg.connect(shared_server().url)
    try:
        for statement in statements:
            await connection.execute(statement)
    finally:
        await connection.close()


@pytest.mark.parametrize(("state", "name"), [("53100", "DiskFullError"), ("40001", "SerializationError")])
async def test_what_the_server_refuses_is_not_promised(url: str, state: str, name: str) -> None:
    """Its disk is full, or transactions get into each other's way: no 202, no value told; later it works."""
    async with open_postgresql_state(url, CLOCK, INBOX_LIMIT) as opened:
        await run(
            "CREATE FUNCTION spend_monitor.no() RETURNS trigger LANGUAGE plpgsql AS"
            f" $$ BEGIN RAISE EXCEPTION 'hunter2' USING ERRCODE = '{state}'; END $$",
            "CREATE TRIGGER no BEFORE INSERT ON spend_monitor.tick EXECUTE FUNCTION spend_monitor.no()",
        )
        tick = a_tick(CLOCK.now())
        with pytest.raises(StorageUnavailable, match=name) as refused:
            await opened.inbox.put(tick)
        await run("DROP FUNCTION spend_monitor.no CASCADE")
        assert "hunter2" not in str(refused.value)
        assert await opened.inbox.put(tick)


async def test_a_login_that_is_refused_for_a_while(url: str) -> None:
    """As when the password is changed: it says who refuses whom, and goes on when it is let in again."""
    await run("CREATE ROLE tenant LOGIN SUPERUSER")
    ends = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'tenant'"
    try:
        async with open_postgresql_state(url.replace("monitor@", "tenant@"), CLOCK, INBOX_LIMIT) as opened:
            await opened.inbox.put(a_tick(CLOCK.now()))
            await run("ALTER ROLE tenant NOLOGIN", ends)
            said = ""
            while "refuses us" not in said:  # at first: the connection is lost
                with pytest.raises(StorageUnavailable) as error:
                    await opened.inbox.put(a_tick(CLOCK.now()))
                said = str(error.value)
            await run("ALTER ROLE tenant LOGIN")
            assert await opened.inbox.put(a_tick(CLOCK.now()))
            assert (await opened.inbox.depth()).unfinished == 2
    finally:
        await empty(shared_server())
        await run(ends, "DROP ROLE tenant")


class Wire:
    """Between the service and the server; may break off behind the next COMMIT, whose answer then is lost."""

    def __init__(self) -> None:
        self.breaks = False
        self.tasks: set[asyncio.Task[None]] = set()

    def take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Carry one connection."""
        self.tasks.add(asyncio.create_task(self._carry(reader, writer)))

    async def _carry(self, asks: asyncio.StreamReader, answers: asyncio.StreamWriter) -> None:
        answer, ask = await asyncio.open_connection("127.0.0.1", shared_server().port)
        back = asyncio.create_task(_copy(answer, answers))
        with contextlib.suppress(OSError):
            while data := await asks.read(2**16):
                is_last = self.breaks and b"COMMIT" in data
                if is_last:
                    back.cancel()
                    await asyncio.wait([back])
                ask.write(data)
                if is_last:
                    await answer.read(1)  # the server has answered: it is done
                    break
        back.cancel()
        await asyncio.wait([back])
        for writer in (ask, answers):
            writer.transport.abort()


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(2**16):
        writer.write(data)
    writer.close()


async def test_the_connection_is_lost_in_the_middle_of_a_commit(url: str) -> None:
    """Nobody knows whether it was stored, so it is not promised; sent again it is there once."""
    wire = Wire()
    server = await asyncio.start_server(wire.take, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    through = url.replace(f":{urlsplit(url).port}", f":{port}")
    async with server, open_postgresql_state(through, CLOCK, INBOX_LIMIT) as opened:
        tick = a_tick(CLOCK.now())
        wire.breaks = True
        with pytest.raises(StorageUnavailable):
            await opened.inbox.put(tick)
        wire.breaks = False
        stored = await opened.inbox.put(tick)
        assert (stored, ids(await drain(opened.inbox))) == (False, [tick.id])
    await asyncio.gather(*wire.tasks)


class Away:
    """An inbox of a server that is away, asked by whoever keeps house."""

    def __init__(self) -> None:
        self.asked = 0
        self.often = asyncio.Event()

    async def give_back_orphans(self) -> None:
        """Fail, and be back for one time after the third."""
        self.asked += 1
        if self.asked == 8:
            self.often.set()
        if self.asked != 4:
            raise StorageUnavailable("away")


async def test_an_outage_is_named_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """By whoever keeps house every few seconds; the next outage is named again."""
    monkeypatch.setattr(postgresql, "HOUSEKEEPING_SECONDS", 0)
    inbox = Away()
    with capture_logs() as logs:
        house = asyncio.create_task(postgresql._keep_house(cast("Any", None), cast("Any", inbox), CLOCK, 1))
        await inbox.often.wait()
        house.cancel()
    assert [log["event"] for log in logs] == ["housekeeping_failed"] * 2
