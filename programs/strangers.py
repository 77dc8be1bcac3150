"""The network's part of ``make soak``: strangers at their worst, beside honest tenants who notice nothing."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp

from tests.doubles.service import Service, start
from tests.doubles.storm import Sender, Storm
from tests.doubles.telex import tick_settings

SECONDS = 20
HONEST_PER_SECOND = 10
SLOW_HOSTS = 40
SLOW_TICKS = 1000
INFORMING_TICKS = 64
UNKNOWN_NAMES = 200
HEADS = 400
MIB = 2**20
MOST_MEMORY = 120 * MIB
"""Beyond what the service has when it is idle."""

SLOWEST_REPORT = 10.0

HOSTILE_SETTINGS = (
    ("spike_alert", "1%" + " " * 800 + "x"),
    ("spike_alert", "1% " * 300),
    ("threshold", "1" + " " * 1000 + "1"),
    ("threshold", "1," * 500),
    ("scope", 'account:"' * 100),
    ("exclude_charges", "," * 1000),
    ("milestones", "50 " * 300),
)
"""What has held the event loop for seconds: readers that went back and forth over it."""

CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n" * 4000


@dataclass(slots=True)
class Strangers:
    """One service, its honest tenants, and everybody else.

    Args:
        service: Takes ticks in and answers them.
        outside: AWS, and the honest tenants' chats.
    """

    service: Service
    outside: Storm
    sent: dict[str, float] = field(default_factory=dict)
    """When each honest tick was accepted."""
    told: dict[str, float] = field(default_factory=dict)
    """When its message came."""
    idle: int = 0
    most: int = 0

    async def run(self) -> None:
        """Let it be calm, storm, and be calm again until every honest tenant has its message."""
        self.outside.on_message = self._note
        await self._honest("calm", 2)
        await self.outside.wait_for(self.sent)  # from now on their hosts are known to deliver
        self.sent.clear()
        self.told.clear()
        self.idle = self.most = memory_of(self.service)
        async with hosts_that_inform() as informing, hosts_that_hang(SLOW_HOSTS) as slow:
            storm = asyncio.gather(
                self._send(self._hostile()),
                self._send(self._to(informing, INFORMING_TICKS)),
                self._send(self._to(slow, SLOW_TICKS)),
                self._send(
                    self._to([f"https://a{n}.never.test" for n in range(UNKNOWN_NAMES)], UNKNOWN_NAMES)
                ),
                *(self._hold_a_head(n) for n in range(HEADS)),
            )
            watching = asyncio.create_task(self._watch())
            await self._honest("storm", SECONDS)
            with suppress(TimeoutError):
                await self.outside.wait_for(self.sent, seconds=60)
            watching.cancel()
            storm.cancel()
            await asyncio.gather(storm, watching, return_exceptions=True)
        self.outside.on_message = lambda: None

    @property
    def lost(self) -> list[str]:
        """Honest ticks that were accepted, and not answered."""
        return [channel for channel in self.sent if channel not in self.outside.messages]

    @property
    def slowest(self) -> float:
        """Seconds from an honest tick's acceptance to its message, at most."""
        return max((self.told[channel] - self.sent[channel] for channel in self.told), default=0)

    def _note(self) -> None:
        for channel in self.sent.keys() & self.outside.messages.keys() - self.told.keys():
            self.told[channel] = time.perf_counter()

    async def _honest(self, name: str, seconds: int) -> None:
        async with aiohttp.ClientSession(self.service.url) as client:
            for n in range(seconds * HONEST_PER_SECOND):
                channel = f"honest{name}{n}"
                async with client.post("/tick", json=self.outside.tick(channel, n)) as answer:
                    assert answer.status == 202, await answer.text()
                self.sent[channel] = time.perf_counter()
                await asyncio.sleep(1 / HONEST_PER_SECOND)

    async def _send(self, ticks: Iterator[dict[str, Any]]) -> None:
        await Sender(self.service.url).send(ticks)

    def _hostile(self) -> Iterator[dict[str, Any]]:
        for n, (label, value) in enumerate(HOSTILE_SETTINGS * 10):
            tick = self.outside.tick(f"hostile{n}", None)
            tick["settings"] = [*tick["settings"], {"label": label, "default": value + " " * (n % 7)}]
            yield tick

    def _to(self, bases: list[str], count: int) -> Iterator[dict[str, Any]]:
        for n in range(count):
            settings = tick_settings(("key", "key"), str(n))
            yield {"return_url": f"{bases[n % len(bases)]}/{n}", "settings": settings}

    async def _hold_a_head(self, n: int) -> None:
        """Send a head in parts, of many headers or of long ones, and never its end; again when hung up on."""
        port = int(self.service.url.rpartition(":")[2])
        part = b"a:b\r\n" * 200 if n % 2 else b"X-Part: " + b"x" * 7000 + b"\r\n"
        while True:
            with suppress(OSError):
                reader, writer = await asyncio.open_connection("127.0.0.1", port)
                writer.write(b"POST /tick HTTP/1.1\r\nHost: x\r\n")
                for _ in range(9):
                    writer.write(part)
                    await writer.drain()
                    await asyncio.sleep(0.2)
                await reader.read()
                writer.close()
            await asyncio.sleep(0.5)

    async def _watch(self) -> None:
        while True:
            self.most = max(self.most, memory_of(self.service))
            await asyncio.sleep(0.2)


@asynccontextmanager
async def hosts_that_inform() -> AsyncIterator[list[str]]:
    """A host that says ``100 Continue`` as fast as it is read, and nothing else."""

    async def inform(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            while not writer.is_closing():
                writer.write(CONTINUE)
                await writer.drain()

    async with listening(1, inform) as bases:
        yield bases


@asynccontextmanager
async def hosts_that_hang(count: int) -> AsyncIterator[list[str]]:
    """Hosts of many addresses that take every request, and answer none."""

    async def hang(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            while await reader.read(65_536):
                pass

    async with listening(count, hang) as bases:
        yield bases


@asynccontextmanager
async def listening(count: int, talk: Any) -> AsyncIterator[list[str]]:
    """Listen at so many loopback addresses, each in a network of its own."""
    async with AsyncExitStack() as stack:
        bases = []
        for n in range(count):
            server = await asyncio.start_server(talk, f"127.0.{n + 1}.1", 0)
            stack.callback(server.close)
            host, port = server.sockets[0].getsockname()
            bases.append(f"http://{host}:{port}")
        yield bases


def memory_of(running: Service) -> int:
    """The resident bytes of the process."""
    status = Path(f"/proc/{running.process.pid}/status").read_text(encoding="ascii")
    return int(status.partition("VmRSS:")[2].split()[0]) * 1024


async def strangers(folder: Path, outside: Storm) -> Strangers:
    """Run the storm; its figures."""
    service = await start("serve", "--port", "0", folder=folder, AWS_ENDPOINT_URL=outside.url)
    stormed = Strangers(service, outside)
    try:
        await stormed.run()
    finally:
        await service.stop()
    return stormed
