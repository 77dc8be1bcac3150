"""The disk fails under the running service: it says so, and is well again when the disk is."""

from __future__ import annotations

import asyncio
import resource
import signal
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path

import aiohttp
import pytest

from tests.doubles import forks, service
from tests.doubles.storm import Storm, storm

ROOT = Path(__file__).parents[2]
UNLIMITED = resource.RLIM_INFINITY


@pytest.fixture
async def outside() -> AsyncIterator[Storm]:
    """AWS and Telex of the test's own."""
    async with storm() as listening:
        yield listening


@contextmanager
def full_disk(running: service.Service) -> Iterator[None]:
    """Let no file of the process grow."""
    resource.prlimit(running.process.pid, resource.RLIMIT_FSIZE, (1, UNLIMITED))
    try:
        yield
    finally:
        resource.prlimit(running.process.pid, resource.RLIMIT_FSIZE, (UNLIMITED, UNLIMITED))


async def test_a_failing_disk_is_a_503_until_it_is_well(tmp_path: Path, outside: Storm) -> None:
    """No 202 meanwhile, /ready names the storage, /health still lives; then all goes on by itself."""
    async with (
        forks.running(folder=tmp_path, AWS_ENDPOINT_URL=outside.url) as running,
        aiohttp.ClientSession(running.url) as client,
    ):
        with full_disk(running):
            tick, ready = await asyncio.gather(
                client.post("/tick", json=outside.tick("early")), client.get("/ready")
            )
            assert (tick.status, "Retry-After" in tick.headers) == (503, True)
            assert ready.status == 503
            assert (await ready.json())["storage"].startswith("failed: ")
            async with client.get("/health") as answer:
                assert answer.status == 200
        deadline = time.monotonic() + 20
        status = 0
        while status != 200 and time.monotonic() < deadline:
            async with client.get("/ready") as answer:
                status = answer.status
        assert status == 200
        async with client.post("/tick", json=outside.tick("late")) as answer:
            assert answer.status == 202
        await outside.wait_for(["late"])
    assert list(outside.messages) == ["late"]


@pytest.mark.parametrize("gone", ["spend-monitor.db", "spend-monitor.db-wal", "spend-monitor.db*"])
async def test_files_that_are_deleted_are_missed_at_once(tmp_path: Path, outside: Storm, gone: str) -> None:
    """What was accepted, before it and since, is still there after a kill: no 202 was a lie."""
    key = tmp_path / "spend-monitor.db.key"
    async with (
        forks.running("serve", "--port", "0", "--no-worker", folder=tmp_path) as running,
        aiohttp.ClientSession(running.url) as client,
    ):
        async with client.post("/tick", json=outside.tick("before")) as answer:
            assert answer.status == 202
        secret = key.read_bytes()
        for file in tmp_path.glob(gone):  # noqa: ASYNC240  # nothing else runs here
            file.unlink()
        statuses: list[int] = []
        while 202 not in statuses[-1:]:
            async with client.post("/tick", json=outside.tick("since")) as answer:
                statuses.append(answer.status)
        async with client.get("/ready") as answer:
            assert answer.status == 200
        await running.stop(signal.SIGKILL)
    key.touch(0o600)
    key.write_bytes(secret)
    assert len(statuses) <= 2
    async with forks.running(folder=tmp_path, AWS_ENDPOINT_URL=outside.url):
        await outside.wait_for(["before", "since"])


async def test_a_disk_that_stops_answering(tmp_path: Path, outside: Storm) -> None:
    """Whoever asks is told within seconds; it goes on by itself, and a stop does not wait for the disk."""
    running = await service.listening(
        service.Service(
            await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "tests.doubles.stalling", "serve", "--port", "0"),
                cwd=tmp_path,
                env=service.environment(AWS_ENDPOINT_URL=outside.url, PYTHONPATH=str(ROOT)),
                stderr=asyncio.subprocess.PIPE,
            )
        ),
        ("serve",),
    )
    stalled = tmp_path / "stalled"
    async with asyncio.timeout(30), aiohttp.ClientSession(running.url) as client:
        stalled.touch()
        tick, ready = await asyncio.gather(
            client.post("/tick", json=outside.tick("early")), client.get("/ready")
        )
        assert (tick.status, ready.status) == (503, 503)
        assert "does not answer" in (await ready.json())["storage"]
        stalled.unlink()
        while (await client.get("/ready")).status != 200:  # noqa: ASYNC110  # it is in another process
            await asyncio.sleep(0.05)
        async with client.post("/tick", json=outside.tick("late")) as answer:
            assert answer.status == 202
        await outside.wait_for(["late"])
        stalled.touch()
        assert await running.stop() == 0


async def test_a_damaged_file_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    """The last line says what is wrong and what to do; not a byte is changed."""
    database = tmp_path / "spend-monitor.db"
    content = b"SQLite format 3\0" + b"damaged" * 10_000
    database.write_bytes(content)
    code, out, err = await forks.run("serve", folder=tmp_path)
    assert (code, out) == (3, "")
    assert "spend-monitor.db is damaged" in err.splitlines()[-1]
    assert "Restore a backup" in err.splitlines()[-1]
    assert "Traceback" not in err
    assert database.read_bytes() == content
