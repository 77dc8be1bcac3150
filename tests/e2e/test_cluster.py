"""Doors and workers as processes of their own on a real NATS server, and what each may suffer."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import signal
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import aiohttp
import nats
import pytest

from adapters.clock import SystemClock
from adapters.state.nats.address import parse_address
from adapters.state.nats.layout import LEDGER
from adapters.state.nats.opening import open_nats_state
from adapters.state.pages import decode_page
from adapters.vault import AesGcmVault
from tests.contract.nats_server import NatsServer, running
from tests.doubles import service
from tests.doubles.storm import Sender, Storm, storm

SECRET = bytes(range(32))
TICKS = 1000
LEASE_SECONDS = 4
CONCURRENCY = 16


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


class Deployment:
    """Doors and workers that share one state.

    Args:
        folder: Where they run.
        url: Of the state.
        outside: Their AWS and Telex.
    """

    def __init__(self, folder: Path, url: str, outside: Storm) -> None:
        self._folder = folder
        self._variables = {
            "SPEND_MONITOR_STATE_URL": url,
            "SPEND_MONITOR_SECRET_KEY": base64.b64encode(SECRET).decode(),
            "SPEND_MONITOR_CONCURRENCY": str(CONCURRENCY),
            "AWS_ENDPOINT_URL": outside.url,
        }

    async def start(self, *arguments: str) -> service.Service:
        """Start a door or a worker, and wait until it is ready to work."""
        started = await service.start(*arguments, folder=self._folder, **self._variables)
        if arguments[0] == "worker":
            await started.wait_for("working")
        return started


@contextlib.asynccontextmanager
async def stopping(*services: service.Service) -> AsyncIterator[None]:
    """Stop them in the end."""
    try:
        yield
    finally:
        for each in services:
            await each.stop()


async def with_short_leases(url: str) -> None:
    """Make the streams as a first process would, but let a dead worker's ticks come back soon."""
    length = timedelta(seconds=LEASE_SECONDS)
    async with open_nats_state(parse_address(url), SystemClock(), 100_000, lease_length=length):
        pass


async def recorded_channels(url: str) -> set[str]:
    """The fingerprints of the channels whose ledger says that they were told something."""
    client = await nats.connect(url)
    try:
        pages = await client.jetstream().key_value(LEDGER)
        told = set()
        for key in await pages.keys():
            entry = await pages.get(key)
            page = decode_page(entry.value or b"", entry.revision or 0)
            if page.told or page.failures:
                told.add(key.partition(".")[0])
        return told
    finally:
        await client.close()


async def test_a_killed_worker_loses_nothing(tmp_path: Path, server: NatsServer, outside: Storm) -> None:
    """Of two workers one is killed amid 1,000 ticks: all are answered, twice only what had no record."""
    await with_short_leases(server.url)
    deployment = Deployment(tmp_path, server.url, outside)
    door = await deployment.start("serve", "--port", "0", "--no-worker")
    victim, survivor = await asyncio.gather(deployment.start("worker"), deployment.start("worker"))
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
        sending = asyncio.create_task(
            sender.send(outside.tick(name, None if n % 5 else n) for n, name in enumerate(names))
        )
        async with asyncio.timeout(60):
            await half_way.wait()
        recorded = await recorded_channels(server.url)
        outside.generation = 1
        await sending
        await outside.wait_for(names)
        worked = [
            len(each.events("tick_told")) + len(each.events("tick_failure_told"))
            for each in (victim, survivor)
        ]
    assert sorted(names) == sorted(sender.accepted)
    assert min(worked) > 0
    vault = AesGcmVault([SECRET])
    for channel, generations in outside.messages.items():
        fingerprint = vault.fingerprint("channel", f"{outside.url}/v1/return/{channel}")
        assert generations in ([0], [1], [0, 1])
        assert not (fingerprint in recorded and 1 in generations), "told again, although that was recorded"
    print(f"messages by channel: {Counter(map(len, outside.messages.values()))}")  # noqa: T201


async def post(client: aiohttp.ClientSession, tick: dict[str, Any]) -> tuple[int, str]:
    """Send a tick; return the status and the answer."""
    async with client.post("/tick", json=tick) as answer:
        return answer.status, await answer.text()


async def ready_is(client: aiohttp.ClientSession, status: int) -> str:
    """Wait until ``/ready`` answers so; return what it says of the storage."""
    async with asyncio.timeout(20):
        while True:
            async with client.get("/ready") as answer:
                if answer.status == status:
                    return str((await answer.json())["storage"])
            await asyncio.sleep(0.05)


async def test_an_outage_of_nats_ends_by_itself(tmp_path: Path, server: NatsServer, outside: Storm) -> None:
    """Away, NATS is named by /ready and ticks are refused; back, all goes on, and nothing is said twice."""
    both = await Deployment(tmp_path, server.url, outside).start("serve", "--port", "0")
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
