"""AWS and Telex under load, and at their worst: fast, counting, and failing as often as they are told to."""

from __future__ import annotations

import asyncio
import random
from collections import defaultdict, deque
from collections.abc import AsyncIterator, Callable, Collection, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, cast
from zlib import crc32

import aiohttp

from tests.doubles.outside import COSTS, KEY, TAKEN, Conversation, Outside, http, identity
from tests.doubles.telex import tick_settings

CLIENTS = 50
PORTS = 8
JSON = "application/x-amz-json-1.1"

THROTTLED = http("400 Bad Request", JSON, b'{"__type":"ThrottlingException","message":"Rate exceeded"}')
BROKEN = http("500 Internal Server Error", JSON, b'{"__type":"InternalFailure","message":"Oops"}')
AWAY = http("503 Service Unavailable", "text/html", b"<h1>no</h1>")
GONE = http("404 Not Found", "text/html", b"<h1>no</h1>")
TOO_MANY = b"HTTP/1.1 429 Too Many Requests\r\nRetry-After: 1\r\nContent-Length: 0\r\n\r\n"


@dataclass(slots=True)
class Faults:
    """How often what goes wrong: shares of all requests, 0 to 1.

    Args:
        throttled: AWS asks for fewer requests.
        broken: AWS answers 500.
        away: Telex answers 503.
        too_many: Telex answers 429, and asks for a second's pause.
        reset: Either breaks the connection off before it has taken anything.
        slow: Either takes ``seconds`` longer.
        seconds: How long slow is.
    """

    throttled: float = 0
    broken: float = 0
    away: float = 0
    too_many: float = 0
    reset: float = 0
    slow: float = 0
    seconds: float = 1


class Storm(Outside):
    """AWS and Telex, which listens on several ports: to the service each is a host of its own.

    ``messages`` holds, by channel, the generation in which each of its messages came: a number that the
    test raises with every process it starts. ``urls`` are its addresses; the first is AWS's too.
    ``asked`` counts the requests to AWS, ``hung`` the messages that are not answered.
    """

    def __init__(self) -> None:
        super().__init__()
        self.urls: list[str] = []
        self.faults = Faults()
        self.random = random.Random(3)  # noqa: S311  # the same storm every time
        self.generation = 0
        self.asked = 0
        self.messages: dict[str, list[int]] = defaultdict(list)
        self.on_message: Callable[[], None] = lambda: None
        self.telex_says: deque[bytes] = deque()
        """What the next messages are answered with, in turn; with ``TAKEN`` or none they are taken."""
        self.hanging: set[str] = set()
        """Channels, as named before the first hyphen, that do not answer."""
        self.hung = 0
        self.resets = False
        self._grew = asyncio.Event()

    def answer(self, head: bytes) -> tuple[bytes, float]:
        """What the request is answered with, and after how many seconds; no answer resets the connection."""
        faults = self.faults
        is_telex = head.startswith(b"POST /v1/return/")
        seconds = self.aws_seconds + (faults.seconds if self._happens(faults.slow) else 0)
        if self._happens(faults.reset):
            self.resets = True
            return b"", 0
        if is_telex:
            return self._take(head[16 : head.index(b" ", 16)].decode(), seconds)
        self.asked += 1
        self._grew.set()
        if self._happens(faults.throttled):
            return THROTTLED, seconds
        if self._happens(faults.broken):
            return BROKEN, seconds
        if b"GetCostAndUsage" in head:
            self.paid += 1
            return COSTS, seconds
        key = KEY.search(head)
        return identity(key[1] if key else b"0" * 12), seconds

    def _take(self, channel: str, seconds: float) -> tuple[bytes, float]:
        if self._happens(self.faults.away):
            return AWAY, seconds
        if self._happens(self.faults.too_many):
            return TOO_MANY, seconds
        if self.telex_says:
            said = self.telex_says.popleft()
            if said != TAKEN:
                return said, seconds
        if channel.partition("-")[0] in self.hanging:
            self.hung += 1
            self._grew.set()
            return TAKEN, 3600
        self.messages[channel].append(self.generation)
        self._grew.set()
        self.on_message()
        return TAKEN, seconds

    def _happens(self, share: float) -> bool:
        return share > 0 and self.random.random() < share

    async def wait_for(self, channels: Collection[str], seconds: float = 60) -> None:
        """Wait until each of the channels has had a message."""
        async with asyncio.timeout(seconds):
            for channel in channels:
                while channel not in self.messages:
                    await self._more()

    async def until(self, true: Callable[[], bool], seconds: float = 60) -> None:
        """Wait until that is true of what has come."""
        async with asyncio.timeout(seconds):
            while not true():
                await self._more()

    async def _more(self) -> None:
        self._grew.clear()
        await self._grew.wait()

    def tick(self, channel: str, account: int | None = 0, threshold: str = "10") -> dict[str, Any]:
        """A tick; without an account its keys are the form's placeholders, and AWS is not asked."""
        key = ("key", "key") if account is None else (f"AKIA0000{account:012d}", "s" * 40)
        return {"return_url": self.return_url(channel), "settings": tick_settings(key, threshold)}

    def return_url(self, channel: str) -> str:
        """The channel's return_url, always the same."""
        return f"{self.urls[crc32(channel.encode()) % len(self.urls)]}/v1/return/{channel}"


class _Stormy(Conversation):
    def __init__(self, storm: Storm) -> None:
        super().__init__(storm)
        self._storm = storm

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self._storm.resets:
            self._storm.resets = False
            self._transport.abort()


@asynccontextmanager
async def storm(ports: int = PORTS) -> AsyncIterator[Storm]:
    """Listen on free ports while the block lasts."""
    loop = asyncio.get_running_loop()
    outside = Storm()
    servers = [
        await loop.create_server(lambda: _Stormy(outside), "127.0.0.1", 0, backlog=4096) for _ in range(ports)
    ]
    outside.urls = [f"http://localhost:{server.sockets[0].getsockname()[1]}" for server in servers]
    outside.url = outside.urls[0]
    try:
        yield outside
    finally:
        for server in servers:
            server.close()


@dataclass(slots=True)
class Sender:
    """Telex sending ticks, and what it was answered.

    Args:
        url: Of the service.
        accepted: The channels whose ticks were answered 202.
        refused: How many ticks were answered otherwise, by status.
        unanswered: How many were not answered at all.
    """

    url: str
    accepted: list[str] = field(default_factory=list)
    refused: dict[int, int] = field(default_factory=lambda: defaultdict(int))
    unanswered: int = 0
    on_accepted: Callable[[], None] = lambda: None
    headers: dict[str, str] = field(default_factory=dict)

    async def send(self, ticks: Iterable[dict[str, Any]]) -> None:
        """Post every tick once, many at a time."""
        waiting = iter(ticks)
        async with (
            aiohttp.ClientSession(self.url, headers=self.headers) as client,
            asyncio.TaskGroup() as group,
        ):
            for _ in range(CLIENTS):
                group.create_task(self._send(client, waiting))

    async def _send(self, client: aiohttp.ClientSession, waiting: Iterable[dict[str, Any]]) -> None:
        for tick in waiting:
            try:
                async with client.post("/tick", json=tick) as answer:
                    status = answer.status
            except (aiohttp.ClientError, ConnectionError, TimeoutError):
                self.unanswered += 1
                continue
            if status == 202:
                self.accepted.append(cast("str", tick["return_url"]).rpartition("/")[2])
                self.on_accepted()
            else:
                self.refused[status] += 1
