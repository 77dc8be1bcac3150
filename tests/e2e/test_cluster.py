"""Doors and workers as processes of their own on a real NATS server, and what each may suffer."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from pathlib import Path

import aiohttp
import pytest

from adapters.clock import SystemClock
from adapters.state.nats.address import parse_address
from adapters.state.nats.opening import open_nats_state
from adapters.vault import AesGcmVault
from tests.doubles import service
from tests.doubles.deployment import SECRET, Deployment, post, ready_is, recorded_channels
from tests.doubles.nats_server import NatsServer, running
from tests.doubles.storm import Sender, Storm, storm

TICKS = 300
LEASE = timedelta(seconds=3)
"""So that a dead worker's ticks come back soon."""


@pytest.fixture
async def outside() -> AsyncIterator[Storm]:
    """AWS and Telex of the test's own."""
    async with storm() as listening:
        yield listening


@pytest.fixture
def server(tmp_path: Path) -> Iterator[NatsServer]:
    """A NATS server of the test's own."""
    with running(NatsServer(tmp_path / "nats")) as (started,):
        yield started


@contextlib.asynccontextmanager
async def stopping(*services: service.Service) -> AsyncIterator[None]:
    """Stop them in the end."""
    try:
        yield
    finally:
        await asyncio.gather(*[each.stop() for each in services])


async def test_a_killed_worker_loses_nothing(tmp_path: Path, server: NatsServer, outside: Storm) -> None:
    """Of two workers one is killed amid 300 ticks: all are answered, twice only what had no record."""
    async with open_nats_state(parse_address(server.url), SystemClock(), 100_000, lease_length=LEASE):
        pass  # makes the consumer, which keeps its time
    deployment = Deployment(tmp_path, server.url, outside.url, CONCURRENCY="16")
    door, victim, survivor = await asyncio.gather(
        deployment.start_door(), deployment.start("worker"), deployment.start("worker")
    )
    half_way = asyncio.Event()

    def strike() -> None:
        if len(outside.messages) == TICKS // 2:
            victim.process.send_signal(signal.SIGKILL)
            half_way.set()

    outside.on_message = strike
    async with stopping(door, victim, survivor):
        sender = Sender(door.url)
        names = [str(number) for number in range(TICKS)]
        # Most need not ask AWS: a failure is claimed, posted, recorded and acknowledged as a figure is.
        ticks = (outside.tick(name, None if n % 5 else n) for n, name in enumerate(names))
        sending = asyncio.create_task(sender.send(ticks))
        async with asyncio.timeout(60):
            await half_way.wait()
        recorded = await recorded_channels(server.url)
        outside.generation = 1
        await sending
        await outside.wait_for(names)
    assert victim.events("tick_failure_told")
    assert survivor.events("tick_failure_told")
    assert sorted(names) == sorted(sender.accepted)
    vault = AesGcmVault([SECRET])
    for channel, generations in outside.messages.items():
        fingerprint = vault.fingerprint("channel", f"{outside.url}/v1/return/{channel}")
        assert generations in ([0], [1], [0, 1])
        assert not (fingerprint in recorded and 1 in generations), "told again, although that was recorded"
    print(f"messages by channel: {Counter(map(len, outside.messages.values()))}")  # noqa: T201


async def test_an_outage_of_nats_ends_by_itself(tmp_path: Path, server: NatsServer, outside: Storm) -> None:
    """Away, NATS is named by /ready and ticks are refused; back, all goes on, and nothing is said twice."""
    both = await Deployment(tmp_path, server.url, outside.url).start("serve", "--port", "0")
    before, during, after = (outside.tick(name) for name in ("before", "during", "after"))
    async with stopping(both), aiohttp.ClientSession(both.url) as client:
        # The message comes, and its record cannot be written any more.
        outside.on_message = server.stop
        await post(client, before)
        await outside.wait_for(["before"])
        assert "NATS" in await ready_is(client, 503)
        refused = await post(client, during)
        outside.on_message = lambda: None
        server.start()
        assert await ready_is(client, 200) == "ready"
        accepted = await post(client, after)
        await outside.wait_for(["after"])
        await both.wait_for("tick_told", count=2)
        await post(client, before)
        await both.wait_for("tick_silent")
    assert (refused[0], accepted[0]) == (503, 202)
    assert "The tick was not stored: " in refused[1]
    assert dict(outside.messages) == {"before": [0], "after": [0]}
