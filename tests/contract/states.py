"""Every state adapter, opened for a contract suite."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from adapters.clock import SystemClock
from adapters.state.aws import open_aws_state
from adapters.state.memory import open_memory_state
from adapters.state.nats.address import parse_address
from adapters.state.nats.opening import open_nats_state
from adapters.state.postgresql import open_postgresql_state
from adapters.state.sqlite import open_sqlite_state
from adapters.state.state import State
from application.accept_tick import new_tick_id
from application.ports.intake import SealedTick
from tests.doubles import aws_server as aws_state
from tests.doubles import postgresql_server
from tests.doubles.fakes.clock import FixedClock
from tests.doubles.nats_server import purge, shared_server

INBOX_LIMIT = 100
FEW = 10
"""Where the engine is a double that takes its time."""
MANY = 30
LEASE_SECONDS = 1.0
"""Short, for adapters whose servers have clocks of their own that no test can move."""


@dataclass(frozen=True, slots=True)
class Harness:
    """One adapter's state, as the suites use it.

    Args:
        state: Opened, empty, with ``limit`` and ``LEASE_SECONDS``.
        another: Opens the same state once more, as another process would.
        now: The time that the adapter goes by.
        advance: Lets so many seconds pass.
        limit: Unfinished ticks that there may be; few where the engine is a double that takes its time.
    """

    state: State
    another: Callable[[], AbstractAsyncContextManager[State]]
    now: Callable[[], datetime]
    advance: Callable[[float], Awaitable[None]]
    limit: int

    @property
    def many(self) -> int:
        """Enough ticks to see an order or a race, and not more than there may be."""
        return min(MANY, self.limit)


@contextlib.asynccontextmanager
async def sqlite(folder: Path, limit: int = INBOX_LIMIT) -> AsyncIterator[Harness]:
    """A file in the test's own folder."""
    clock = FixedClock()

    def another() -> AbstractAsyncContextManager[State]:
        lease_length = timedelta(seconds=LEASE_SECONDS)
        return open_sqlite_state(folder / "state.db", clock, limit, lease_length)

    async with another() as state:
        yield Harness(state, another, clock.now, _mover(clock), limit)


@contextlib.asynccontextmanager
async def memory(_folder: Path, limit: int = INBOX_LIMIT) -> AsyncIterator[Harness]:
    """Memory: there is no other process that could see it."""
    clock = FixedClock()
    async with open_memory_state(clock, limit, timedelta(seconds=LEASE_SECONDS)) as state:
        yield Harness(state, lambda: contextlib.nullcontext(state), clock.now, _mover(clock), limit)


@contextlib.asynccontextmanager
async def nats(_folder: Path, limit: int = INBOX_LIMIT) -> AsyncIterator[Harness]:
    """A real server: time is its own, and passes by itself."""
    server = shared_server()

    def another() -> AbstractAsyncContextManager[State]:
        lease_length = timedelta(seconds=LEASE_SECONDS)
        return open_nats_state(parse_address(server.url), SystemClock(), limit, lease_length=lease_length)

    try:
        async with another() as state:
            yield Harness(state, another, SystemClock().now, asyncio.sleep, limit)
    finally:
        await purge(server)


@contextlib.asynccontextmanager
async def postgresql(_folder: Path, limit: int = INBOX_LIMIT) -> AsyncIterator[Harness]:
    """A real server, whose statements are given the time."""
    clock = FixedClock()
    server = postgresql_server.shared_server()

    def another() -> AbstractAsyncContextManager[State]:
        return open_postgresql_state(server.url, clock, limit, timedelta(seconds=LEASE_SECONDS))

    try:
        async with another() as state:
            yield Harness(state, another, clock.now, _mover(clock), limit)
    finally:
        await postgresql_server.empty(server)


@contextlib.asynccontextmanager
async def sqs_dynamodb(_folder: Path, limit: int = FEW) -> AsyncIterator[Harness]:
    """A table and a queue of their own on moto's server."""
    clock = FixedClock()
    client = aws_state.client()
    address = aws_state.new_address()

    def another() -> AbstractAsyncContextManager[State]:
        return open_aws_state(address, clock, limit, timedelta(seconds=LEASE_SECONDS), **client)

    async with another() as state:
        yield Harness(state, another, clock.now, _mover(clock), limit)


def _mover(clock: FixedClock) -> Callable[[float], Awaitable[None]]:
    async def advance(seconds: float) -> None:
        clock.move(timedelta(seconds=seconds))

    return advance


HARNESSES: dict[str, Callable[..., AbstractAsyncContextManager[Harness]]] = {
    "sqlite": sqlite,
    "memory": memory,
    "nats": nats,
    "postgresql": postgresql,
    "sqs+dynamodb": sqs_dynamodb,
}
"""What the suites run over: opened with a folder, and a limit if it matters."""

_numbers = itertools.count()


def a_tick(
    now: datetime,
    channel: str | None = None,
    twin: str | None = None,
    *,
    host: str = "host",
    asks: str = "",
    size: int = 0,
) -> SealedTick:
    """A tick like no other, unless told otherwise; accepted a little after the one before it."""
    number = next(_numbers)
    accepted_at = now + timedelta(milliseconds=number)
    return SealedTick(
        id=new_tick_id(accepted_at),
        channel=channel or f"{number:032x}",
        twin=twin or f"{number:032x}",
        accepted_at=accepted_at,
        payload=b"sealed \x00\xff" + str(number).encode() + bytes(size),
        host=host,
        asks=asks,
    )
