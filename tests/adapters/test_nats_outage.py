"""The state while NATS, or one of its nodes, is away."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import signal
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import timedelta
from pathlib import Path

import pytest

from adapters.clock import SystemClock
from adapters.state.nats.address import parse_address
from adapters.state.nats.connection import AT_ONCE, AT_THE_DOOR, OutagePatience, open_connection
from adapters.state.nats.layout import TICKS
from adapters.state.nats.opening import open_nats_state
from adapters.state.state import State
from application.errors import StorageUnavailable
from application.ports.inbox import Inbox
from application.ports.intake import SealedTick
from application.ports.ledger import Page
from application.ports.work_queue import Why
from tests.contract.inboxes import FAILED, ids
from tests.contract.states import a_tick
from tests.doubles.nats_server import NatsServer, cluster, cluster_is_ready, cluster_url, leader_of, running

now = SystemClock().now

pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
"""nats-py leaves lost sockets to the garbage collector. asyncio complains of that before Python 3.11.5."""


@pytest.fixture(autouse=True)
def _collect_lost_sockets() -> Iterator[None]:
    """Here, so that no other test is blamed for them."""
    yield
    gc.collect()


def opened(url: str, replicas: int = 1) -> AbstractAsyncContextManager[State]:
    """The state at this address."""
    return open_nats_state(parse_address(url), SystemClock(), 10_000, replicas)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[NatsServer]:
    """A server of the test's own."""
    with running(NatsServer(tmp_path)) as (started,):
        yield started


@pytest.fixture
async def state(server: NatsServer) -> AsyncIterator[State]:
    """The state on it."""
    async with opened(server.url) as opened_state:
        yield opened_state


async def test_the_inbox_says_so_soon(server: NatsServer, state: State) -> None:
    """Who asks at the door, or how things are, is not kept waiting for an outage to end."""
    server.stop(signal.SIGKILL)
    began = time.monotonic()
    for question in (
        lambda: state.inbox.put(a_tick(now())),
        state.inbox.probe,
        state.inbox.depth,
        state.inbox.entries,
        lambda: state.inbox.lease(1, 5),
    ):
        with pytest.raises(StorageUnavailable, match=r"no connection to NATS|does not answer"):
            await question()
    assert time.monotonic() - began < 2 * AT_THE_DOOR.away


async def test_what_is_too_large_is_no_outage(state: State) -> None:
    """A value that the server will never take is not offered again and again."""
    async with asyncio.timeout(5):
        with pytest.raises(StorageUnavailable, match="larger than NATS's max_payload"):
            await state.store.put("key", bytes(2**20), timedelta(hours=1))


async def test_a_full_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A tick that NATS has no room for is not promised; what was is still there. With room it is taken."""
    monkeypatch.setattr("adapters.state.nats.inbox.AT_THE_DOOR", AT_ONCE)
    with running(NatsServer(tmp_path, disk="16M")) as (small,):
        async with opened(small.url) as state:
            stored: list[str] = []
            tick, said = a_tick(now(), size=500_000), ""
            while not said:
                try:
                    await state.inbox.put(tick)
                except StorageUnavailable as error:
                    said = str(error)
                else:
                    stored.append(tick.id)
                    tick = a_tick(now(), size=500_000)
            leases = await state.inbox.lease(100, 5)
            for lease in leases:
                await state.inbox.acknowledge(lease)
            assert ids(leases) == stored
            assert said == "NATS refuses: insufficient resources"
            assert await state.inbox.put(tick)


async def test_work_in_hand_waits(server: NatsServer, state: State) -> None:
    """What a worker has to note is noted, once, when NATS is back."""
    for _ in range(3):
        await state.inbox.put(a_tick(now()))
    done, failed, hopeless = await state.inbox.lease(3, 5)
    failures = Page(failures={"code": "2026-11-23"})
    await state.ledger.update("channel", "topic", lambda _: Page(failures={"code": "2026-11-22"}))
    server.stop()
    noting = asyncio.gather(
        state.ledger.update("channel", "topic", lambda _: failures),
        state.ledger.update("channel", "another", lambda _: failures),
        state.store.count("key", 1, timedelta(hours=1)),
        state.inbox.acknowledge(done),
        state.inbox.pause(failed, now() + timedelta(seconds=5), "away", Why.FAILURE, FAILED),
        state.inbox.give_up(hopeless, "refused"),
    )
    await asyncio.sleep(0)
    server.start()
    async with asyncio.timeout(20):
        first, second, count, *settled = await noting
    depth = await state.inbox.depth()
    assert first == second == await state.ledger.read("channel", "topic") == failures
    assert (count, settled) == (1, [True] * 3)
    assert (depth.unfinished, depth.given_up) == (1, 1)


async def test_a_stop_does_not_wait(server: NatsServer, state: State) -> None:
    """Whoever stops puts its ticks back if it can, and does not sit an outage out."""
    await state.inbox.put(a_tick(now()))
    (lease,) = await state.inbox.lease(1, 5)
    server.stop()
    async with asyncio.timeout(5):
        with pytest.raises(StorageUnavailable):
            await state.inbox.pause(lease, now(), "the service was stopped", Why.FAILURE, FAILED)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # nats-py leaves sockets open
async def test_credentials_are_refused_for_a_while(tmp_path: Path) -> None:
    """Who was shut out, as by an expired token or a mistyped reload, is let in again without a restart."""
    ours = 'authorization { user: "ann", password: "one" }'
    with running(NatsServer(tmp_path, ours)) as (server,):
        async with opened(f"nats://ann:one@127.0.0.1:{server.port}") as state:
            server.reload('authorization { user: "ann", password: "two" }')
            await probed(state.inbox, works=False)
            server.reload(ours)
            await probed(state.inbox, works=True)


async def test_the_server_ends_the_connection_with_an_error(server: NatsServer) -> None:
    """The client closes for good then, but the state does not."""
    async with open_connection(parse_address(server.url)) as connection:
        client = connection.client
        assert client._transport
        client._transport.write(b"NONSENSE\r\n")
        async with asyncio.timeout(10):
            while connection.client is client or not connection.client.is_connected:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        assert await connection.ask(connection.jetstream.account_info)


async def probed(inbox: Inbox, *, works: bool) -> None:
    """Wait until the storage works, or until it does not."""
    async with asyncio.timeout(20):
        while True:
            try:
                await inbox.probe()
            except StorageUnavailable:
                if not works:
                    return
            else:
                if works:
                    return
            await asyncio.sleep(0.05)


class Door:
    """Puts ticks, and keeps count of those that were accepted.

    Args:
        inbox: Where to.
    """

    def __init__(self, inbox: Inbox) -> None:
        self._inbox = inbox
        self.accepted: set[str] = set()
        self.refused = 0

    async def put(self, ticks: Sequence[SealedTick]) -> None:
        """One after the other."""
        for tick in ticks:
            try:
                await self._inbox.put(tick)
            except StorageUnavailable:
                self.refused += 1
            else:
                self.accepted.add(tick.id)


async def answer_all(inbox: Inbox, answered: list[str]) -> None:
    """Lease and acknowledge for ever."""
    while True:
        with contextlib.suppress(StorageUnavailable):
            leases = await inbox.lease(10, 0.5)
            answered += [lease.tick.id for lease in leases if await inbox.acknowledge(lease)]
        await asyncio.sleep(0.01)


async def test_a_node_of_three_may_die_and_come_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The node that leads the ticks is killed and started again: none is lost, answered twice or refused."""
    # On a busy machine an election takes longer than a door waits: that it waits is what is looked at.
    monkeypatch.setattr("adapters.state.nats.inbox.AT_THE_DOOR", OutagePatience(away=20, silent=40))
    nodes = cluster(tmp_path)
    url = cluster_url(nodes)
    ticks = [a_tick(now()) for _ in range(400)]
    answered: list[str] = []
    with running(*nodes):
        await cluster_is_ready(nodes)
        async with opened(url, replicas=3) as near, opened(url, replicas=3) as far:
            twins = await asyncio.gather(*[near.inbox.put(a_tick(now(), twin="same")) for _ in range(50)])
            door = Door(near.inbox)
            working = asyncio.create_task(answer_all(far.inbox, answered))
            await door.put(ticks[:100])
            leader = await leader_of(TICKS, nodes)
            leader.stop(signal.SIGKILL)
            await asyncio.gather(*[door.put(ticks[start::10]) for start in range(10)])
            leader.start()
            await door.put([a_tick(now()) for _ in range(50)])
            async with asyncio.timeout(60):
                while not door.accepted <= set(answered):  # noqa: ASYNC110  # two lists, no event
                    await asyncio.sleep(0.05)
            working.cancel()
    assert sum(twins) == 1
    assert door.refused == 0
    assert len(set(answered)) == len(answered)
