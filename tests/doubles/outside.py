"""AWS and Telex for the benchmark: bare protocols that answer what was written beforehand."""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime, timedelta
from typing import cast

SERVICES = (
    "Amazon Elastic Compute Cloud - Compute",
    "Amazon Relational Database Service",
    "Amazon Simple Storage Service",
    "AWS Lambda",
    "AmazonCloudWatch",
    "AWS Key Management Service",
)
DAYS = 35
KEY = re.compile(rb"Credential=AKIA\d{4}(\d{12})/")
LENGTH = re.compile(rb"\r\nContent-Length: *(\d+)", re.IGNORECASE)


class Outside:
    """AWS and Telex at one address, and what they have seen.

    Args:
        url: Their address, by a name that has to be looked up.
        aws_seconds: How long AWS takes for each answer.
        asked: When AWS was first asked, in seconds of ``time.perf_counter``; zero: not yet.
        paid: How many Cost Explorer requests came.
        posts: When each message came to Telex, in seconds of ``time.perf_counter``.
        channels: Which channels they came for.
        costs: What Cost Explorer answers.
    """

    def __init__(self) -> None:
        self.url = ""
        self.aws_seconds = 0.0
        self.costs = COSTS
        self.forget()

    def forget(self) -> None:
        """Count from zero."""
        self.asked = 0.0
        self.paid = 0
        self.posts: list[float] = []
        self.channels: set[bytes] = set()
        self._awaited = 0
        self._reached = asyncio.Event()

    async def posted(self, count: int, seconds: float = 120) -> None:
        """Wait until so many messages have come."""
        self._reached.clear()
        self._awaited = count
        if len(self.posts) < count:
            async with asyncio.timeout(seconds):
                await self._reached.wait()

    @contextmanager
    def slow_aws(self, seconds: float) -> Iterator[None]:
        """Let AWS take so long for each answer while the block lasts."""
        self.aws_seconds = seconds
        try:
            yield
        finally:
            self.aws_seconds = 0.0

    @contextmanager
    def unpublished(self) -> Iterator[None]:
        """Let AWS not have published the newest day while the block lasts."""
        self.costs = COSTS_TO_THE_DAY_BEFORE
        try:
            yield
        finally:
            self.costs = COSTS

    def answer(self, head: bytes) -> tuple[bytes, float]:
        """What the request is answered with, and after how many seconds."""
        if head.startswith(b"POST /v1/return/"):
            self.posts.append(time.perf_counter())
            self.channels.add(head[16 : head.index(b" ", 16)])
            if len(self.posts) == self._awaited:
                self._reached.set()
            return TAKEN, 0.0
        self.asked = self.asked or time.perf_counter()
        if b"GetCostAndUsage" in head:
            self.paid += 1
            return self.costs, self.aws_seconds
        key = KEY.search(head)
        return identity(key[1] if key else b"0" * 12), self.aws_seconds


class Conversation(asyncio.Protocol):
    """One connection, one request at a time.

    Args:
        outside: Who answers.
    """

    def __init__(self, outside: Outside) -> None:
        self._outside = outside
        self._received = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep hold of the way back."""
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """Answer once the request is whole."""
        received = self._received + data
        end = received.find(b"\r\n\r\n")
        length = LENGTH.search(received, 0, end) if end >= 0 else None
        if end < 0 or (length and len(received) < end + 4 + int(length[1])):
            self._received = received
            return
        self._received = b""
        answer, seconds = self._outside.answer(received[:end])
        if seconds:
            asyncio.get_running_loop().call_later(seconds, self._transport.write, answer)
        else:
            self._transport.write(answer)


@asynccontextmanager
async def outside() -> AsyncIterator[Outside]:
    """Listen on a free port while the block lasts."""
    loop, world = asyncio.get_running_loop(), Outside()
    server = await loop.create_server(lambda: Conversation(world), "127.0.0.1", 0, backlog=4096)
    world.url = f"http://localhost:{server.sockets[0].getsockname()[1]}"
    try:
        yield world
    finally:
        server.close()


def http(status: str, content_type: str, body: bytes) -> bytes:
    """An HTTP/1.1 response."""
    head = f"HTTP/1.1 {status}\r\nContent-Type: {content_type}\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


def identity(account_id: bytes) -> bytes:
    """What STS answers."""
    return http(
        "200 OK",
        "text/xml",
        b'<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult>'
        b"<Arn>arn:aws:iam::%b:user/spend</Arn><UserId>AIDAEXAMPLE</UserId><Account>%b</Account>"
        b"</GetCallerIdentityResult><ResponseMetadata><RequestId>1</RequestId></ResponseMetadata>"
        b"</GetCallerIdentityResponse>" % (account_id, account_id),
    )


def _day(days_ago: int) -> dict[str, object]:
    end = datetime.now(UTC).date() - timedelta(days=days_ago)
    groups = [
        {
            "Keys": [name, "123456789012"],
            "Metrics": {"AmortizedCost": {"Amount": f"{7.31 + n + days_ago / 40:.10f}", "Unit": "USD"}},
        }
        for n, name in enumerate(SERVICES)
    ]
    period = {"Start": (end - timedelta(days=1)).isoformat(), "End": end.isoformat()}
    return {"TimePeriod": period, "Total": {}, "Groups": groups, "Estimated": True}


def _costs(newest: int = 0) -> bytes:
    days = [_day(n) for n in reversed(range(newest, DAYS))]
    content = json.dumps({"ResultsByTime": days, "DimensionValueAttributes": []})
    return http("200 OK", "application/x-amz-json-1.1", content.encode())


COSTS = _costs()
"""35 days by six services and one linked account: what a small account is answered."""

COSTS_TO_THE_DAY_BEFORE = _costs(newest=1)

TAKEN = http(
    "202 Accepted",
    "application/json",
    b'{"status":"success","status_code":202,"message":"request received","task_id":"1"}',
)
