"""Several processes on one file, and how one of them goes."""

from __future__ import annotations

import asyncio
import json
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.doubles import forks
from tests.doubles.storm import Sender, Storm, storm


@pytest.fixture
async def outside() -> AsyncIterator[Storm]:
    """AWS and Telex of the test's own."""
    async with storm() as listening:
        yield listening


async def unfinished(folder: Path) -> list[str]:
    """What ``inbox list`` shows of ticks that are not answered."""
    _, out, _ = await forks.run("inbox", "list", "--format", "json", folder=folder)
    return [entry["state"] for entry in json.loads(out)]


@pytest.mark.parametrize("second", [("serve", "--port", "0"), ("worker",)])
async def test_two_processes_answer_every_tick_once(
    second: tuple[str, ...], tmp_path: Path, outside: Storm
) -> None:
    """200 ticks, taken in by one door or two, answered by two workers: 200 channels, one message each."""
    aws = {"AWS_ENDPOINT_URL": outside.url, "SPEND_MONITOR_CONCURRENCY": "32"}
    async with (
        forks.running(folder=tmp_path, **aws) as one,
        forks.running(*second, folder=tmp_path, **aws) as other,
    ):
        names = [f"c{n}" for n in range(200)]
        doors = [Sender(door.url) for door in (one, other) if door.url]
        shares = [names[n :: len(doors)] for n in range(len(doors))]
        await asyncio.gather(
            *(
                door.send(outside.tick(name, n) for n, name in enumerate(share))
                for door, share in zip(doors, shares, strict=True)
            )
        )
        await outside.wait_for(names)
        assert {len(each) for each in outside.messages.values()} == {1}
        assert one.events("tick_told")
        assert other.events("tick_told")
    assert await unfinished(tmp_path) == []


async def test_the_survivor_answers_what_a_killed_process_held(tmp_path: Path, outside: Storm) -> None:
    """The leases of the dead go back at once, not when they would have expired."""
    outside.aws_seconds = 60
    aws = {"AWS_ENDPOINT_URL": outside.url}
    async with forks.running("worker", folder=tmp_path, **aws):
        killed = await forks.start("serve", "--port", "0", folder=tmp_path, **aws)
        await Sender(killed.url).send(outside.tick(f"c{n}") for n in range(20))
        outside.aws_seconds = 0
        await killed.stop(signal.SIGKILL)
        await outside.wait_for([f"c{n}" for n in range(20)], seconds=60)


@pytest.mark.parametrize("command", [("serve", "--port", "0"), ("worker",)])
async def test_a_stop_waits_for_what_is_in_flight(
    command: tuple[str, ...], tmp_path: Path, outside: Storm
) -> None:
    """SIGTERM while AWS is slow: the messages still come, the exit code is 0, and nothing is left over."""
    door = await forks.start(
        "serve", "--port", "0", "--no-worker", folder=tmp_path, AWS_ENDPOINT_URL=outside.url
    )
    await Sender(door.url).send(outside.tick(f"c{n}", n) for n in range(20))
    await door.stop()
    outside.aws_seconds = 1
    # The channels' host is one that the operator names: a stranger's would have places for a few at a time.
    running = await forks.start(
        *command,
        folder=tmp_path,
        AWS_ENDPOINT_URL=outside.url,
        SPEND_MONITOR_RETURN_URL_HOSTS="localhost",
    )
    await outside.until(lambda: outside.asked >= 20)
    assert await running.stop(signal.SIGTERM) == 0
    assert sorted(outside.messages) == sorted(f"c{n}" for n in range(20))
    assert running.events("draining")
    assert await unfinished(tmp_path) == []


async def test_a_stop_takes_no_new_ticks(tmp_path: Path, outside: Storm) -> None:
    """Once the stop has begun, the door is shut: what comes then is not accepted and lost."""
    outside.aws_seconds = 1
    running = await forks.start("serve", "--port", "0", folder=tmp_path, AWS_ENDPOINT_URL=outside.url)
    sender = Sender(running.url)
    await sender.send([outside.tick("early")])
    await outside.until(lambda: outside.asked >= 1)
    running.process.send_signal(signal.SIGTERM)
    await running.wait_for("draining")
    await sender.send([outside.tick("late")])
    assert sender.accepted == ["early"]
    assert await running.stop() == 0
    assert list(outside.messages) == ["early"]
