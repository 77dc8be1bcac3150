"""More than the service can do: it says no at the door, keeps its size, and treats everybody alike."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from tests.doubles import forks
from tests.doubles.service import Service
from tests.doubles.storm import Sender, Storm, storm

MIB = 2**20


@pytest.fixture
async def outside() -> AsyncIterator[Storm]:
    """AWS and Telex of the test's own."""
    async with storm() as listening:
        yield listening


def memory_of(running: Service) -> int:
    """The resident bytes of the process."""
    status = Path(f"/proc/{running.process.pid}/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0]) * 1024


async def test_a_full_inbox_refuses_and_takes_again_when_it_has_room(tmp_path: Path, outside: Storm) -> None:
    """503 with Retry-After beyond INBOX_LIMIT; every 202 is answered; then the door is open again."""
    outside.aws_seconds = 60
    limits = {"SPEND_MONITOR_INBOX_LIMIT": "50", "AWS_ENDPOINT_URL": outside.url}
    async with forks.running("serve", "--port", "0", "--no-worker", folder=tmp_path, **limits) as running:
        sender = Sender(running.url)
        await sender.send(outside.tick(f"c{n}") for n in range(120))
        assert (len(sender.accepted), dict(sender.refused)) == (50, {503: 70})
        async with (
            aiohttp.ClientSession(running.url) as client,
            client.post("/tick", json=outside.tick("one-more")) as answer,
        ):
            assert (answer.status, int(answer.headers["Retry-After"]) > 0) == (503, True)
    outside.aws_seconds = 0
    async with forks.running(folder=tmp_path, **limits) as running:
        await outside.wait_for(sender.accepted)
        assert sorted(outside.messages) == sorted(sender.accepted)
        await running.wait_for("tick_told", count=50)
        again = Sender(running.url)
        await again.send([outside.tick("one-more")])
        assert again.accepted == ["one-more"]


async def test_the_memory_does_not_grow_with_the_backlog(tmp_path: Path, outside: Storm) -> None:
    """5,000 ticks that weigh 60 MiB wait on disk, not in memory; soak.py tries 100,000.

    What the door takes is the garbage of the burst itself, 25 to 34 MiB: it collects seldom.
    """
    async with forks.running("serve", "--port", "0", "--no-worker", folder=tmp_path) as running:
        sender = Sender(running.url)
        await sender.send(outside.tick(f"warm-{n}", None) for n in range(500))
        idle = memory_of(running)
        ticks = (outside.tick(f"c{n}", None, threshold="1" * 10_000) for n in range(5000))
        await sender.send(ticks)
        assert len(sender.accepted) == 5500
        assert memory_of(running) - idle < 45 * MIB


async def test_a_channel_with_hundreds_of_ticks_starves_nobody(tmp_path: Path, outside: Storm) -> None:
    """Another channel's tick, sent after 300 different ones of a loud channel, is answered early."""
    aws = {"AWS_ENDPOINT_URL": outside.url, "SPEND_MONITOR_CONCURRENCY": "8"}
    async with forks.running("serve", "--port", "0", "--no-worker", folder=tmp_path, **aws) as door:
        await Sender(door.url).send(outside.tick("loud", n, threshold=f"{n}.5") for n in range(300))
        await Sender(door.url).send([outside.tick("quiet", 1)])
    async with forks.running(folder=tmp_path, **aws):
        await outside.wait_for(["quiet"])
        assert len(outside.messages["loud"]) < 100


async def test_a_host_that_hangs_holds_nobody_up(tmp_path: Path, outside: Storm) -> None:
    """600 ticks of a host that takes messages and never answers: those of a host that delivers are prompt."""
    outside.hanging = {"dead"}
    dead = [outside.tick(f"dead-{n}", None) for n in range(600)]
    for tick in dead:
        tick["return_url"] = f"{outside.urls[0]}/v1/return/dead-{tick['return_url'].rpartition('-')[2]}"
    alive = [f"{outside.urls[1]}/v1/return/alive-{n}" for n in range(200)]
    async with forks.running(folder=tmp_path, AWS_ENDPOINT_URL=outside.url) as running:
        first = {**outside.tick("x", None), "return_url": f"{outside.urls[1]}/v1/return/known"}
        await Sender(running.url).send([first])  # so that it is no stranger's
        await outside.wait_for(["known"])
        await Sender(running.url).send(dead)
        await outside.until(lambda: outside.hung > 0)
        await Sender(running.url).send({**outside.tick("x", None), "return_url": url} for url in alive)
        await outside.wait_for([f"alive-{n}" for n in range(200)])
        # Each post is given 10 seconds, so not one of the dead host's has failed yet.
        assert not [
            event for event in running.events("tick_retry") if event["cause"] == "channel-unavailable"
        ]
        await running.stop(signal.SIGKILL)  # a drain would wait for the dead host


async def test_a_burst_to_one_cold_host_is_answered_though_its_places_are_few(
    tmp_path: Path, outside: Storm
) -> None:
    """All of Telex is one host: 500 channels of it, right after a start, get their messages."""
    names = [f"c{n}" for n in range(500)]
    async with forks.running(folder=tmp_path, AWS_ENDPOINT_URL=outside.url) as running:
        ticks = (
            {**outside.tick(name, None), "return_url": f"{outside.url}/v1/return/{name}"} for name in names
        )
        await Sender(running.url).send(ticks)
        async with asyncio.timeout(60):
            await outside.wait_for(names)
    assert {len(each) for each in outside.messages.values()} == {1}
