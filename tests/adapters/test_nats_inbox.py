"""What is particular to the inbox on NATS."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from datetime import timedelta

import pytest

from adapters.clock import SystemClock
from adapters.state.nats.address import parse_address
from adapters.state.nats.connection import WORKING, Connection, open_connection
from adapters.state.nats.inbox import LOOK_AHEAD
from adapters.state.nats.opening import open_nats_state
from adapters.state.nats.ticks import add_tick
from adapters.state.state import State
from application.errors import StorageUnavailable
from application.ports.inbox import Inbox
from tests.contract.states import a_tick
from tests.doubles.nats_server import NatsServer, empty

LEASE = timedelta(seconds=1)
PATIENCE = 10.0

now = SystemClock().now


def opened(server: NatsServer, lease: timedelta = LEASE) -> AbstractAsyncContextManager[State]:
    """The state on this server, as one process has it."""
    return open_nats_state(parse_address(server.url), SystemClock(), 10_000, lease_length=lease)


@pytest.fixture
async def inbox(server: NatsServer) -> AsyncIterator[Inbox]:
    """One process's inbox."""
    async with opened(server) as state:
        yield state.inbox


@pytest.fixture
async def connection(server: NatsServer, inbox: Inbox) -> AsyncIterator[Connection]:  # noqa: ARG001  # makes the streams
    """A bare connection."""
    async with open_connection(parse_address(server.url)) as connected:
        yield connected


async def test_published_twice_is_stored_once(inbox: Inbox, connection: Connection) -> None:
    """A tick whose acknowledgement was lost on the way is published again, and that is no twin of itself."""
    tick = a_tick(now())
    stored = [await add_tick(connection, tick, tick.id, WORKING) for _ in range(2)]
    assert (stored, (await inbox.depth()).unfinished) == ([True, True], 1)


async def test_what_is_no_tick_is_in_nobodys_way(inbox: Inbox, connection: Connection) -> None:
    """A message that another version has left there stays for it, and everything else works."""
    await connection.jetstream.publish("spend.ticks.strange", b"\xff")
    tick = a_tick(now())
    await inbox.put(tick)
    (lease,) = [*await inbox.lease(5, PATIENCE), *await inbox.lease(5, 0)]
    entries = await inbox.entries()
    assert tick.id == lease.tick.id
    assert ["unreadable-1", tick.id] == [entry.id for entry in entries]
    assert (await inbox.depth()).unfinished == 2


async def test_a_stop_gives_back_at_once(server: NatsServer, inbox: Inbox) -> None:
    """What a process has leased when it stops need not wait until the lease is over."""
    await inbox.put(a_tick(now()))
    async with opened(server) as stopping:
        await stopping.inbox.lease(1, PATIENCE)
        assert list(await inbox.lease(1, 0)) == []
    (lease,) = await inbox.lease(1, 0.3)
    assert lease.attempt == 2


async def test_progress_is_signalled(server: NatsServer, inbox: Inbox) -> None:
    """Well before the server's time for a tick is over it is told that the work goes on."""
    await inbox.put(a_tick(now()))
    async with opened(server) as working:
        (lease,) = await working.inbox.lease(1, PATIENCE)
        (again,) = await inbox.lease(1, PATIENCE)
        assert again.expires_at - LEASE >= lease.expires_at + LEASE / 4


async def test_a_slow_worker_holds_up_nobody(server: NatsServer, inbox: Inbox) -> None:
    """What a worker takes and does not work on is worked on by others; it is told that it is late."""
    ticks = [a_tick(now()) for _ in range(300)]
    await asyncio.gather(*map(inbox.put, ticks))
    async with opened(server) as slow:
        stuck = await slow.inbox.lease(100, PATIENCE)
        answered: set[str] = set()
        async with asyncio.timeout(PATIENCE):
            while len(answered) < len(ticks):
                for lease in await inbox.lease(50, PATIENCE):
                    if await inbox.acknowledge(lease):
                        answered.add(lease.tick.id)
        late = [await slow.inbox.acknowledge(lease) for lease in stuck]
    assert ({tick.id for tick in ticks}, {False}, 0) == (
        answered,
        set(late),
        (await inbox.depth()).unfinished,
    )


async def test_a_long_queue_of_one_channel_is_passed_by(inbox: Inbox) -> None:
    """Ticks far behind thousands of one channel are among the first that are leased."""
    loud = 5 * LOOK_AHEAD
    await asyncio.gather(*[inbox.put(a_tick(now(), channel="loud")) for _ in range(loud)])
    quiet = {(tick := a_tick(now())).id: tick for _ in range(3)}
    await asyncio.gather(*map(inbox.put, quiet.values()))
    leased: list[str] = []
    async with asyncio.timeout(PATIENCE):
        while not quiet.keys() <= set(leased):
            for lease in await inbox.lease(20, PATIENCE):
                leased.append(lease.tick.id)
                await inbox.acknowledge(lease)
    assert len(leased) < LOOK_AHEAD / 5


async def test_set_aside_is_not_lost(inbox: Inbox) -> None:
    """All of a crowd is leased in the end, each once."""
    ticks = [a_tick(now(), channel="loud") for _ in range(150)]
    await asyncio.gather(*map(inbox.put, ticks))
    leased: list[str] = []
    async with asyncio.timeout(PATIENCE):
        while len(leased) < len(ticks):
            for lease in await inbox.lease(20, PATIENCE):
                assert await inbox.acknowledge(lease)
                leased.append(lease.tick.id)
    assert {tick.id for tick in ticks} == set(leased)


async def test_the_consumer_is_gone(server: NatsServer, inbox: Inbox) -> None:
    """An operator who deletes the streams gets an error that says so, not silence."""
    await empty(server)
    with pytest.raises(StorageUnavailable, match="nobody at NATS answers for the state"):
        await inbox.lease(1, 0.1)
