"""The storage's part of ``make soak``: strangers fill what they can, and honest tenants notice nothing."""

from __future__ import annotations

import asyncio
import time
from collections import Counter, defaultdict, deque
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp

from programs.strangers import memory_of
from tests.doubles.outside import http
from tests.doubles.service import Service, start
from tests.doubles.storm import Sender, Storm
from tests.doubles.telex import tick_settings

INBOX_LIMIT = 1000
SECONDS = 15
HONEST = 60
HONEST_PER_SECOND = 10
DEAD = "http://127.1.1.1:9/"
"""Nobody listens there."""

SMALL, LARGE, REFUSED, SPAM = 10_000, 1500, 1500, 400
MIB = 2**20
MOST_DISK = 64 * MIB
"""Beyond the reserve: waiting and given-up ticks at 4 MiB each, the pages, and SQLite's own log."""

MOST_SPAM = 70
"""Messages that a known channel is told of what it never asked: sixty an hour, and its own."""

GONE = http("404 Not Found", "text/html", b"<h1>no</h1>")


@dataclass(slots=True)
class Fillers:
    """One service, its honest tenants, and those who fill it.

    Args:
        folder: Where its state is.
        service: Takes ticks in and answers them.
        outside: AWS, and the honest tenants' chats.
    """

    folder: Path
    service: Service
    outside: Storm
    sent: dict[str, deque[float]] = field(default_factory=lambda: defaultdict(deque))
    """By honest channel, when its ticks were accepted that are not told yet."""
    seen: Counter[str] = field(default_factory=Counter)
    delays: list[float] = field(default_factory=list)
    refused: Counter[int] = field(default_factory=Counter)
    idle: int = 0
    memory: int = 0
    disk: int = 0

    async def run(self) -> None:
        """Make the tenants known, fill, and wait until every honest tenant has its message."""
        channels = [f"tenant{n}" for n in range(HONEST)]
        await Sender(self.service.url).send(self.outside.tick(name, n) for n, name in enumerate(channels))
        await self.outside.wait_for([*channels])
        self.seen.update({name: len(self.outside.messages[name]) for name in channels})
        self.idle = self.memory = memory_of(self.service)
        self.outside.on_message = self._note
        async with hosts_that_refuse() as refusing:
            filling = asyncio.gather(
                self._send(self._ticks(DEAD, SMALL, 1)),
                self._send(self._ticks(DEAD, LARGE, 15_000)),
                self._send(self._ticks(refusing, REFUSED, 15_000)),
                self._send(self._spam(channels[0])),
            )
            watching = asyncio.create_task(self._watch())
            await self._ask(channels[1:])
            with suppress(TimeoutError):
                await self.outside.until(lambda: not any(self.sent.values()))
            await filling
            watching.cancel()
            await asyncio.gather(watching, return_exceptions=True)
        self.outside.on_message = lambda: None

    @property
    def lost(self) -> int:
        """Honest ticks that were accepted, and not answered."""
        return sum(map(len, self.sent.values()))

    @property
    def slowest(self) -> float:
        """Seconds from an honest tick's acceptance to its message, at most."""
        return max(self.delays, default=0)

    @property
    def is_too_much(self) -> bool:
        """Whether the disk or a known channel took more than it should."""
        return self.disk > MOST_DISK or self.spam > MOST_SPAM

    @property
    def spam(self) -> int:
        """Messages in the channel whose return_url is known to strangers."""
        return len(self.outside.messages["tenant0"])

    def _note(self) -> None:
        for channel, waiting in self.sent.items():
            while waiting and len(self.outside.messages[channel]) > self.seen[channel]:
                self.seen[channel] += 1
                self.delays.append(time.perf_counter() - waiting.popleft())

    async def _ask(self, channels: list[str]) -> None:
        """Each with another threshold every time: what was told already is not told again."""
        async with aiohttp.ClientSession(self.service.url) as client:
            for n in range(SECONDS * HONEST_PER_SECOND):
                channel = channels[n % len(channels)]
                self.sent[channel].append(time.perf_counter())
                tick = self.outside.tick(channel, 1 + n % len(channels), str(100 + n))
                async with client.post("/tick", json=tick) as answer:
                    assert answer.status == 202, await answer.text()
                await asyncio.sleep(1 / HONEST_PER_SECOND)

    async def _send(self, ticks: Iterator[dict[str, Any]]) -> None:
        sender = Sender(self.service.url)
        await sender.send(ticks)
        self.refused.update({202: len(sender.accepted), **sender.refused})

    @staticmethod
    def _ticks(base: str, count: int, size: int) -> Iterator[dict[str, Any]]:
        for n in range(count):
            settings = tick_settings(("key", "key"), f"{n} {'x' * size}")
            yield {"return_url": f"{base}{size}/{n}", "settings": settings}

    def _spam(self, channel: str) -> Iterator[dict[str, Any]]:
        return (self.outside.tick(channel, None, f"junk {n}") for n in range(SPAM))

    async def _watch(self) -> None:
        while True:
            self.memory = max(self.memory, memory_of(self.service))
            self.disk = max(self.disk, disk_of(self.folder))
            await asyncio.sleep(0.2)


def disk_of(folder: Path) -> int:
    """What the state takes, without what is kept for ``inbox purge``."""
    total = 0
    for path in folder.iterdir():
        with suppress(FileNotFoundError):
            total += 0 if path.suffix == ".reserve" else path.stat().st_size
    return total


@asynccontextmanager
async def hosts_that_refuse() -> AsyncIterator[str]:
    """A host that answers 404 to all."""

    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            while await reader.readuntil(b"\r\n\r\n"):
                writer.write(GONE)
                await writer.drain()

    server = await asyncio.start_server(refuse, "127.2.2.2", 0)
    host, port = server.sockets[0].getsockname()
    yield f"http://{host}:{port}/"
    server.close()


async def fillers(folder: Path, outside: Storm) -> Fillers:
    """Run it; its figures."""
    limit = str(INBOX_LIMIT)
    service = await start(
        *("serve", "--port", "0"),
        folder=folder,
        AWS_ENDPOINT_URL=outside.url,
        SPEND_MONITOR_INBOX_LIMIT=limit,
    )
    filled = Fillers(folder, service, outside)
    try:
        await filled.run()
    finally:
        await service.stop()
    return filled
