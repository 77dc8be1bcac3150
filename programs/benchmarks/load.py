"""Ticks, and what sends them as fast as they are taken."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterator, Sequence
from itertools import count
from typing import cast
from urllib.parse import urlsplit

from adapters.telex.manifest import manifest

_numbers = count(1)
"""Of accounts and channels: none comes twice in a run."""


class TickRefused(Exception):
    """A tick was not answered 202, so nothing can be measured."""


class Sender(asyncio.Protocol):
    """One connection that sends the next tick when the last has been answered.

    Args:
        ticks: Whole requests; shared by all connections.
        accepted: Gets the time of each 202 and the seconds that it took.
    """

    def __init__(self, ticks: Iterator[bytes], accepted: list[tuple[float, float]]) -> None:
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._ticks = ticks
        self._accepted = accepted
        self._received = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep hold of the way out."""
        self._transport = cast("asyncio.Transport", transport)

    def send(self) -> None:
        """Send the next tick, or hang up."""
        tick = next(self._ticks, None)
        if tick is None:
            self._transport.close()
            self.done.set_result(None)
            return
        self._sent = time.perf_counter()
        self._transport.write(tick)

    def data_received(self, data: bytes) -> None:
        """Go on when the answer is whole; its body is as short as to come with its head or right after."""
        self._received += data
        if not self._received.endswith((b"}", b"ok")):
            return
        answer, self._received = self._received, b""
        if not answer.startswith(b"HTTP/1.1 202"):
            self.done.set_exception(TickRefused(answer[:200]))
            self._transport.close()
            return
        now = time.perf_counter()
        self._accepted.append((now, now - self._sent))
        self.send()

    def connection_lost(self, exc: Exception | None) -> None:
        """Say that no answer comes any more."""
        if not self.done.done():
            self.done.set_exception(TickRefused(f"the connection was closed: {exc}"))


async def send(url: str, ticks: Sequence[bytes], connections: int = 64) -> list[tuple[float, float]]:
    """Send every tick; return for each the time of its 202 and the seconds that it took.

    Raises:
        TickRefused: One was not answered 202.
    """
    host, port = urlsplit(url).netloc.split(":")
    accepted: list[tuple[float, float]] = []
    rest = iter(ticks)
    loop = asyncio.get_running_loop()
    senders = [
        (await loop.create_connection(lambda: Sender(rest, accepted), host, int(port)))[1]
        for _ in range(min(connections, len(ticks)))
    ]
    for sender in senders:
        sender.send()
    await asyncio.gather(*(sender.done for sender in senders))
    return accepted


def new_account() -> int:
    """An account that no tick of this run has named yet."""
    return next(_numbers)


def ticks(number: int, telex: str, account: int | None = None) -> list[bytes]:
    """Requests with ticks, each of a channel of its own.

    Args:
        number: How many.
        telex: Where the channels are.
        account: Which all of them watch; None: each another one.
    """
    return [_request(telex, next(_numbers), account or new_account()) for _ in range(number)]


def ticks_of(accounts: Sequence[int], telex: str, excluded: str = "") -> list[bytes]:
    """Requests with ticks, each of a channel of its own.

    Args:
        accounts: Which each of them watches.
        telex: Where the channels are.
        excluded: The charges left out: another question about the same account.
    """
    return [_request(telex, next(_numbers), account, excluded) for account in accounts]


def _request(telex: str, channel: int, account: int, excluded: str = "") -> bytes:
    name = f"01950000-0000-7000-8000-{channel:012}"
    body = TICK.replace("<telex>", telex).replace("<channel>", name).replace("<key>", f"AKIA{account:016}")
    body = body.replace("<excluded>", excluded)
    return (
        "POST /tick HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        f"User-Agent: Go-http-client/1.1\r\nContent-Length: {len(body)}\r\n\r\n{body}"
    ).encode()


def _tick() -> str:
    """A tick as an installation of the present manifest sends it, with places for what differs."""
    settings = json.loads(manifest("https://monitor.example"))["data"]["settings"]
    settings[0]["default"], settings[1]["default"] = "<key>", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
    next(each for each in settings if each["label"] == "exclude_charges")["default"] = "<excluded>"
    return_url = "<telex>/v1/return/<channel>"
    return json.dumps({"channel_id": "<channel>", "return_url": return_url, "settings": settings})


TICK = _tick()
