"""What becomes of a message when the other side is silent, broken, or not who it should be."""

from __future__ import annotations

import asyncio
import gzip
import socket
import struct
import traceback
from contextlib import suppress
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from aiohttp import web

from adapters.chats.channel import Chats, open_chats
from adapters.chats.exchange import BoundedExchange
from application.errors import ChannelRefused, ChannelUnavailable
from tests.doubles.fakes.clock import FixedClock
from tests.doubles.fakes.notices import EXCEEDED, WITHIN
from tests.doubles.webhooks import (
    ScriptedResolver,
    TelexDouble,
    certificate_for,
    raw_server,
    telex_double,
)

GOOD, BAD = WITHIN, EXCEEDED

OK = '{"status":"success","status_code":202,"message":"request received","task_id":"1"}'


async def test_a_silent_channel_is_unavailable(telex: TelexDouble, channel: Chats) -> None:
    """No answer within the time is worth a retry."""
    gone = asyncio.Event()

    async def never(_: web.Request) -> web.Response:
        await gone.wait()
        return web.Response()

    telex.answers.append(never)
    with pytest.raises(ChannelUnavailable, match="in time"):
        await channel.post(telex.url, GOOD)
    gone.set()


async def test_nobody_there_is_unavailable(channel: Chats) -> None:
    """A refused connection is worth a retry."""
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    with pytest.raises(ChannelUnavailable, match="connected"):
        await channel.post(f"http://127.0.0.1:{port}/", GOOD)


async def test_a_name_without_address_is_unavailable() -> None:
    """A failed look-up is worth a retry."""
    async with open_chats(FixedClock(), resolver=ScriptedResolver({"empty.telex.im": []})) as channel:
        for name in ("empty.telex.im", "unknown.telex.im"):
            with pytest.raises(ChannelUnavailable, match="looked up"):
                await channel.post(f"https://{name}/v1/return/1", GOOD)


async def test_an_endless_answer_is_cut_off(telex: TelexDouble) -> None:
    """64 KiB are read, then the connection is closed: a 2xx that never ends is a delivery, soon."""
    closed = asyncio.Event()

    async def endless(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(status=202)
        await response.prepare(request)
        try:
            while True:
                await response.write(b"x" * 65536)
        except ConnectionError:
            closed.set()
            raise

    telex.answers.append(endless)
    async with open_chats(FixedClock(), allow_private=True, total_timeout=60) as patient, asyncio.timeout(5):
        await patient.post(telex.url, GOOD)
        await closed.wait()


async def test_an_answer_that_stalls_is_not_waited_for_twice(telex: TelexDouble, channel: Chats) -> None:
    """A 2xx whose body does not come is a delivery: sending it again could only repeat it."""
    gone = asyncio.Event()

    async def stalling(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(status=202, headers={"Content-Length": "90"})
        await response.prepare(request)
        await response.write(b'{"status":')
        await gone.wait()
        return response

    telex.answers.append(stalling)
    await channel.post(telex.url, GOOD)
    gone.set()


@pytest.mark.parametrize(
    "said",
    [
        b"",
        b"\x00\xff" * 100,
        b"SSH-2.0-OpenSSH_9.6\r\n",
        b"HTTP/1.1 202",
        b"HTTP/1.1 two hundred\r\n\r\n",
        b"HTTP/1.1 202 Accepted\r\nContent-Le",
        b"HTTP/1.1 202 Accepted\r\nContent-Length: -1\r\n\r\n",
        b"HTTP/1.1 202 Accepted\r\n" + b"X: y\r\n" * 1000 + b"\r\n",
        b"HTTP/1.1 202 Accepted\r\nX: " + b"y" * 100_000 + b"\r\n\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\n" * 50,
    ],
)
async def test_garbage_is_unavailable(channel: Chats, said: bytes) -> None:
    """What is not an HTTP answer up to its status and headers is worth a retry."""
    async with raw_server(said) as server:
        with pytest.raises(ChannelUnavailable):
            await channel.post(server.url, GOOD)
    assert server.requests == 1


ANSWERED = b"HTTP/1.1 202 Accepted\r\nContent-Length: 2\r\n\r\n{}"
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


@pytest.mark.parametrize(
    "said",
    [CONTINUE * 100_000, (CONTINUE + b"HTTP/1.1 103 Early Hints\r\nLink: <x>\r\n\r\n") * 5000],
    ids=["continue", "several"],
)
async def test_an_endless_stream_of_informational_answers_is_cut_off(
    said: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who informs without end and never answers is hung up on, and what he says is not kept in memory."""
    hung_up = asyncio.Event()
    parsed = 0

    def count(exchange: BoundedExchange, data: Any, size: int = 0) -> None:
        nonlocal parsed
        parsed += 1
        feed_data(exchange, data, size)

    feed_data = BoundedExchange.feed_data
    monkeypatch.setattr(BoundedExchange, "feed_data", count)

    async def inform(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                writer.write(said)
                await writer.drain()
        finally:
            hung_up.set()

    async with (
        raw_server(then=inform) as server,
        open_chats(FixedClock(), allow_private=True, total_timeout=60) as patient,
        asyncio.timeout(10),
    ):
        with pytest.raises(ChannelUnavailable, match="broke off"):
            await patient.post(server.url, GOOD)
        await hung_up.wait()
    assert parsed < 500


async def test_what_is_said_unasked_is_not_kept(telex: TelexDouble) -> None:
    """A connection that is kept for the next post, and over which a host goes on to talk, is closed."""
    hung_up = asyncio.Event()

    async def talk(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(ANSWERED)
        with suppress(ConnectionError):
            while True:
                writer.write(ANSWERED * 10_000)
                await writer.drain()
        hung_up.set()

    async with (
        raw_server(then=talk) as server,
        open_chats(FixedClock(), allow_private=True) as channel,
        asyncio.timeout(5),
    ):
        await channel.post(server.url, GOOD)
        await hung_up.wait()
        await channel.post(telex.url, GOOD)


@pytest.mark.parametrize("informed", [1, 8])
async def test_a_few_informational_answers_are_fine(channel: Chats, informed: int) -> None:
    """They come before the answer, and the answer counts, on every post of a connection."""
    async with raw_server(*[CONTINUE * informed + ANSWERED] * 3) as server:
        for _ in range(3):
            await channel.post(server.url, GOOD)
    assert (server.connections, server.requests) == (1, 3)


async def test_informational_answers_that_drip_end_with_the_time(channel: Chats) -> None:
    """The whole exchange has one end in time, however often somebody says that he goes on."""

    async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for _ in range(7):
            writer.write(CONTINUE)
            await asyncio.sleep(0.1)
        await reader.read()

    async with raw_server(then=drip) as server, asyncio.timeout(5):
        with pytest.raises(ChannelUnavailable, match="in time"):
            await channel.post(server.url, GOOD)


@pytest.mark.parametrize("said", [b"", b"HTTP/1.1 20"])
async def test_a_reset_before_the_answer_is_unavailable(channel: Chats, said: bytes) -> None:
    """A connection that is reset instead of an answer is worth a retry."""

    async def reset(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(said)
        await writer.drain()
        sock = writer.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    async with raw_server(then=reset) as server:
        with pytest.raises(ChannelUnavailable):
            await channel.post(server.url, GOOD)
    assert server.requests == 1


@pytest.mark.parametrize(
    ("status", "error"),
    [(b"202 Accepted", None), (b"503 Away", ChannelUnavailable), (b"404 No", ChannelRefused)],
)
async def test_a_body_cut_short_leaves_the_status(
    channel: Chats, status: bytes, error: type[Exception] | None
) -> None:
    """When the connection ends inside the body, what has come decides, and nothing is sent again."""
    async with raw_server(b"HTTP/1.1 " + status + b'\r\nContent-Length: 99\r\n\r\n{"stat') as server:
        if error is None:
            await channel.post(server.url, GOOD)
        else:
            with pytest.raises(error):
                await channel.post(server.url, GOOD)
    assert server.requests == 1


async def test_a_compressed_answer_stays_compressed(channel: Chats) -> None:
    """Nothing is unpacked, so a small answer cannot become a large one."""
    body = gzip.compress(b'{"status":"error"}')
    head = f"HTTP/1.1 202 Accepted\r\nContent-Encoding: gzip\r\nContent-Length: {len(body)}\r\n\r\n"
    async with raw_server(head.encode() + body) as server:
        await channel.post(server.url, GOOD)
    assert server.requests == 1


async def test_connections_are_reused(telex: TelexDouble, channel: Chats) -> None:
    """Posts to one host, one after the other, go over one connection."""
    for _ in range(3):
        await channel.post(telex.url, GOOD)
    assert len({post.connection for post in telex.received}) == 1


async def test_a_connection_closed_while_idle_loses_nothing(channel: Chats) -> None:
    """When the server has hung up between two posts, the second goes over a fresh connection."""
    async with raw_server(ANSWERED) as server:
        await channel.post(server.url, GOOD)
        async with asyncio.timeout(5):
            while _is_open(channel):  # noqa: ASYNC110  # aiohttp tells nobody that an idle connection has ended
                await asyncio.sleep(0.001)
        await channel.post(server.url, GOOD)
    assert (server.connections, server.requests) == (2, 2)


def _is_open(channel: Chats) -> bool:
    """Whether the event loop has not yet seen that the server hung up."""
    connector = channel._session.connector
    assert connector is not None
    idle = connector._conns.values()
    return any(protocol.is_connected() for connections in idle for protocol, _ in connections)


async def test_a_reused_connection_that_breaks_is_not_written_to_again(channel: Chats) -> None:
    """The server may have acted on a request that it did not answer, so we do not repeat it by ourselves."""

    async def hang_up(_: asyncio.StreamReader, __: asyncio.StreamWriter) -> None:
        """Say nothing."""

    async with raw_server(ANSWERED, then=hang_up) as server:
        await channel.post(server.url, GOOD)
        with pytest.raises(ChannelUnavailable):
            await channel.post(server.url, BAD)
    assert (server.connections, server.requests) == (1, 2)


async def test_no_cookie_is_kept(telex: TelexDouble, channel: Chats) -> None:
    """What one answer sets, the next post does not carry."""
    telex.answer(202, OK, {"Set-Cookie": "session=1; Path=/"})
    await channel.post(telex.url, GOOD)
    await channel.post(telex.url, GOOD)
    assert "cookie" not in telex.received[1].headers


@pytest.mark.parametrize("given", [True, False])
async def test_tls_is_checked_against_the_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, given: bool
) -> None:
    """A certificate that is trusted for this name, by us or by this machine, is good for no other name."""
    server, client = certificate_for("ping.telex.im", tmp_path)
    if not given:
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ping.telex.im.pem"))
    resolver = ScriptedResolver({"ping.telex.im": ["127.0.0.1"], "other.telex.im": ["127.0.0.1"]})
    async with (
        telex_double(certificate=server) as telex,
        open_chats(
            FixedClock(), ssl=client if given else None, resolver=resolver, public=lambda _: True
        ) as channel,
    ):
        port = telex.base.rpartition(":")[2]
        await channel.post(f"https://ping.telex.im:{port}/v1/return/1", GOOD)
        with pytest.raises(ChannelUnavailable, match="certificate"):
            await channel.post(f"https://other.telex.im:{port}/v1/return/1", GOOD)
    assert [post.headers["host"] for post in telex.received] == [f"ping.telex.im:{port}"]


@pytest.mark.parametrize("days_left", [-1, 1])
async def test_tls_without_a_valid_certificate_is_unavailable(tmp_path: Path, days_left: int) -> None:
    """A certificate that has run out, or that nobody we trust has signed, gets no message."""
    server, client = certificate_for("ping.telex.im", tmp_path, days_left)
    async with (
        telex_double(certificate=server) as telex,
        open_chats(
            FixedClock(),
            ssl=client if days_left < 0 else None,
            resolver=ScriptedResolver({"ping.telex.im": ["127.0.0.1"]}),
            public=lambda _: True,
        ) as channel,
    ):
        port = telex.base.rpartition(":")[2]
        with pytest.raises(ChannelUnavailable, match="certificate"):
            await channel.post(f"https://ping.telex.im:{port}/v1/return/1", GOOD)
    assert telex.received == []


async def test_plain_http_where_tls_belongs_is_unavailable(telex: TelexDouble) -> None:
    """A server that does not speak TLS gets no message."""
    async with open_chats(FixedClock(), allow_private=True) as channel:
        with pytest.raises(ChannelUnavailable):
            await channel.post(telex.url.replace("http:", "https:"), GOOD)
    assert telex.received == []


@pytest.mark.parametrize("said", [b"", b"HTTP/1.1 two hundred\r\n\r\n", b"HTTP/1.1 429 Slow\r\n\r\n"])
async def test_no_traceback_shows_the_url(channel: Chats, said: bytes) -> None:
    """Not even the chain of causes, which logs print, holds a part of the return_url."""
    token = uuid4().hex
    async with raw_server(said) as server:
        with pytest.raises(ChannelUnavailable) as caught:
            await channel.post(f"{server.url}/{token}", GOOD)
    assert token not in "".join(traceback.format_exception(caught.value))
