"""How long one waits for a page, and what a crowd of readers leaves for ticks."""

from __future__ import annotations

import asyncio
import base64
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

from adapters.clock import SystemClock
from adapters.pages.reports import SealedReports
from adapters.state.sqlite import open_sqlite_state
from adapters.vault import AesGcmVault
from application.notice import SpendNotice
from programs.benchmarks.load import send, ticks
from programs.benchmarks.measure import Bench, Figure, Goal
from programs.benchmarks.processes import Measured, NotMeasured
from tests.doubles.fakes.notices import on_days

KEY = bytes(range(32))
PUBLIC_URL = "http://localhost"
SERVICES = {f"Amazon Service {n}": f"{100 / n:.8f}" for n in range(1, 31)}
"""Of a large bill."""

READERS = 20
OPENINGS_PER_SECOND = 1000
BURST = 2000


async def pages(bench: Bench) -> list[Figure]:
    """First bytes of pages that nobody has opened yet, and of one that everybody opens; then both at once."""
    folder = bench.new_folder()
    paths = await _kept_reports(folder, bench.repetitions + 2)
    variables = {
        "SPEND_MONITOR_SECRET_KEY": base64.b64encode(KEY).decode(),
        "SPEND_MONITOR_PUBLIC_URL": PUBLIC_URL,
    }
    async with bench.machine.service(folder, "--no-worker", **variables) as door:
        bench.say("pages")
        await _opened(door, paths[0])  # loads what draws
        new = [await _opened(door, path) for path in paths[1:-1]]
        again = [await _opened(door, paths[1]) for _ in range(bench.repetitions)]
        pictures = [await _opened(door, f"{path}.png") for path in paths[1:-1]]
        alone, beside, openings = [], [], []
        for n in range(bench.repetitions):
            bench.say(f"ticks beside readers: {n + 1}")
            alone.append(await _ticks_per_second(bench, door))
            async with _readers(door, paths[1]) as counted:
                beside.append(await _ticks_per_second(bench, door))
                openings.append(counted())
    ratios = [one / other for one, other in zip(beside, alone, strict=True)]
    return [
        Figure("page, first byte", "ms", [1000 * one[0] for one in new], Goal(50, at_most=True)),
        Figure(
            "page opened before, first byte", "ms", [1000 * one[0] for one in again], Goal(50, at_most=True)
        ),
        Figure("page of 30 services", "kB", [one[1] / 1000 for one in new], Goal(100, at_most=True)),
        Figure("picture, first byte", "ms", [1000 * one[0] for one in pictures]),
        Figure("pages opened beside ticks", "/s", openings),
        Figure("ticks accepted beside them", "/s", beside, None, "without readers", ratios),
    ]


async def _kept_reports(folder: Path, number: int) -> list[str]:
    """Reports in the state that the service will find; where each can be opened."""
    clock, notice = SystemClock(), on_days(*[SERVICES] * 35)
    paths = []
    async with open_sqlite_state(folder / "spend-monitor.db", clock, 1_000_000) as state:
        reports = SealedReports(state.store, AesGcmVault([KEY]), clock, PUBLIC_URL, timedelta(days=1))
        for n in range(number):
            told = await reports.keep(replace(notice, id=f"report-{n}"))
            assert isinstance(told, SpendNotice)
            paths.append(told.page.removeprefix(PUBLIC_URL))
    return paths


async def _opened(door: Measured, path: str) -> tuple[float, int]:
    """Seconds to the first byte, and how many bytes there were."""
    url = urlsplit(door.url)
    reader, writer = await asyncio.open_connection(url.hostname, url.port)
    began = time.perf_counter()
    writer.write(_request(path, "close"))
    first = await reader.read(1)
    waited = time.perf_counter() - began
    answer = first + await reader.read()
    writer.close()
    if not answer.startswith(b"HTTP/1.1 200"):
        raise NotMeasured(f"a page was answered {answer[:200]!r}")
    return waited, len(answer.partition(b"\r\n\r\n")[2])


def _request(path: str, connection: str) -> bytes:
    return f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: {connection}\r\n\r\n".encode()


async def _ticks_per_second(bench: Bench, door: Measured) -> float:
    """Accepted, as fast as they are sent."""
    requests: Sequence[bytes] = ticks(bench.scaled(BURST, least=300), bench.outside.url)
    began = time.perf_counter()
    await send(door.url, requests)
    return len(requests) / (time.perf_counter() - began)


@asynccontextmanager
async def _readers(door: Measured, path: str) -> AsyncIterator[Callable[[], float]]:
    """Open one page as often as goes, up to a thousand times a second, while the block lasts.

    Yields:
        Tells how many a second it were.
    """
    began, opened = time.perf_counter(), 0

    async def read_on() -> None:
        nonlocal opened
        url = urlsplit(door.url)
        reader, writer = await asyncio.open_connection(url.hostname, url.port)
        try:
            while True:
                sent = time.perf_counter()
                writer.write(_request(path, "keep-alive"))
                head = await reader.readuntil(b"\r\n\r\n")
                length = head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0]
                await reader.readexactly(int(length))
                opened += 1
                await asyncio.sleep(max(0, READERS / OPENINGS_PER_SECOND - (time.perf_counter() - sent)))
        finally:
            writer.close()

    tasks = [asyncio.create_task(read_on()) for _ in range(READERS)]
    try:
        yield lambda: opened / (time.perf_counter() - began)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
