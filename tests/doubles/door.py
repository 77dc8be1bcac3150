"""The web service in this process: real sockets, everything behind the door in memory or pretended."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, nullcontext
from dataclasses import dataclass
from typing import Any

import aiohttp

from adapters.clock import SystemClock
from adapters.state.memory import open_memory_state
from adapters.state.state import State
from application.let_in import LetIn
from application.ports.inbox import Inbox
from application.ports.reports import Reports
from entrypoints.config import Config
from entrypoints.container import open_container
from entrypoints.serve import Server, server_for
from entrypoints.web.http import create_app
from entrypoints.web.protocol import ConnectionLimits
from tests.doubles.fakes.aws import FakeAccess, FakeAws, FakeCostSource, FakeIdentity, FakeRoleTrials
from tests.doubles.fakes.storage import BreakableInbox, BreakableLedger, BreakableStore, Disk
from tests.doubles.fakes.vault import FakeVault

RETURN_URL = "https://ping.telex.im/v1/return/01950000-0000-7000-8000-000000000000"


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer, read to its end.

    Args:
        status: HTTP status.
        headers: As they came.
        body: As it came.
    """

    status: int
    headers: Any
    body: bytes


@dataclass(frozen=True, slots=True)
class Door:
    """A door that listens.

    Args:
        port: Where, on 127.0.0.1.
        disk: What inbox and ledger rest on; a test may break it.
        inbox: For a test to look into, whatever the disk does.
        reports: What its pages show.
        let_in: Makes the links of the pages about roles.
        client: Without anything of its own: no cookies, no default headers but Host.
    """

    port: int
    disk: Disk
    inbox: Inbox
    client: aiohttp.ClientSession
    reports: Reports
    let_in: LetIn

    async def ask(self, method: str, path: str, data: Any = None, **headers: str) -> Reply:
        """Make one request; header names are written with underscores."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        async with self.client.request(method, path, data=data, headers=named) as answer:
            return Reply(answer.status, answer.headers, await answer.read())

    async def tick(self, body: bytes | str, **headers: str) -> Reply:
        """Post a tick."""
        data = body.encode("utf-8", "surrogatepass") if isinstance(body, str) else body
        return await self.ask("POST", "/tick", data, **headers)

    async def say(self, data: bytes) -> bytes:
        """Send bytes that need not be HTTP, and read until the service hangs up."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            writer.write(data)
            async with asyncio.timeout(20):
                return await reader.read()
        except ConnectionResetError:
            return b""
        finally:
            writer.close()


@asynccontextmanager
async def open_door(
    config: Config | None = None,
    *,
    inbox_limit: int = 1000,
    body_seconds: float = 10,
    ready_seconds: float = 0,
    limits: ConnectionLimits | None = None,
) -> AsyncIterator[Door]:
    """Serve on a free port, without a worker, while the block lasts."""
    config = config or Config(state_url="memory://")
    clock, disk, aws = SystemClock(), Disk(), FakeAws()
    async with AsyncExitStack() as stack:
        memory = await stack.enter_async_context(open_memory_state(clock, inbox_limit))
        state = State(
            BreakableInbox(memory.inbox, disk),
            BreakableLedger(memory.ledger, disk),
            BreakableStore(memory.store, disk),
            memory.contents,
        )
        container = await stack.enter_async_context(
            open_container(
                config,
                clock=clock,
                vault=FakeVault(),
                state=state,
                trials=FakeRoleTrials(FakeAccess()),
                identity=FakeIdentity(aws),
                cost_source=FakeCostSource(aws),
            )
        )
        app = create_app(
            config,
            lambda: nullcontext(container),
            with_worker=False,
            body_seconds=body_seconds,
            ready_seconds=ready_seconds,
        )
        server = server_for(app, config, "127.0.0.1", 0, limits or ConnectionLimits())
        async with _serving(server) as port, _client(port) as client:
            yield Door(port, disk, memory.inbox, client, container.reports(), container.let_in())


@asynccontextmanager
async def _serving(server: Server) -> AsyncIterator[int]:
    task = asyncio.create_task(server.serve())
    while not server.started and not task.done():  # noqa: ASYNC110  # uvicorn has no event for it
        await asyncio.sleep(0.005)
    try:
        yield server.servers[0].sockets[0].getsockname()[1]
    finally:
        server.should_exit = True
        await task


def _client(port: int) -> aiohttp.ClientSession:
    return aiohttp.ClientSession(
        f"http://127.0.0.1:{port}",
        skip_auto_headers=("User-Agent", "Accept", "Accept-Encoding", "Content-Type"),
        cookie_jar=aiohttp.DummyCookieJar(),
    )
