"""What every channel must do, and what Telex must see and may say."""

from __future__ import annotations

import asyncio
import gzip
import io
import json
import socket
import struct
import traceback
from collections.abc import AsyncIterator, Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import pytest
from aiohttp import web

from adapters.console import ConsoleChannel
from adapters.telex import TelexChannel, open_telex
from application.errors import ChannelBusy, ChannelRefused, ChannelUnavailable, ReturnUrlForbidden
from application.messages import Message
from application.ports.channel import Channel
from tests.contract.telex_double import (
    ScriptedResolver,
    TelexDouble,
    certificate_for,
    raw_server,
    telex_double,
)
from tests.fakes.channel import FakeChannel
from tests.fakes.clock import FixedClock

GOOD = Message("✅ AWS Spend Alert\n\n🟢 Status: Within Budget", good=True)
BAD = Message("🔔 AWS Spend Alert\n\n🔴 Status: Exceeded Budget", good=False)

OK = '{"status":"success","status_code":202,"message":"request received","task_id":"1"}'


@dataclass
class Rig:
    """A channel, and ways to see and to steer what is behind it.

    Args:
        channel: Under test, with eight places per host.
        url: A return_url that it calls.
        forbidden: One that it does not.
        told: The texts delivered, and whether each was good news.
        refuse: Refuse the next message: "username is missing".
        be_away: Be unavailable for the next message, and ask for 7 seconds.
    """

    channel: Channel
    url: str
    forbidden: str
    told: Callable[[], list[tuple[str, bool]]]
    refuse: Callable[[], None]
    be_away: Callable[[], None]


def fake_rig() -> Rig:
    """The fake."""
    forbidden = "https://user@ping.telex.im/"
    channel = FakeChannel(forbidden=frozenset({forbidden}), places=8)
    refusal = ChannelRefused("The channel refused the message: username is missing.")
    absence = ChannelUnavailable("The channel answered HTTP 503.", 7.0)
    return Rig(
        channel,
        url="https://ping.telex.im/v1/return/1",
        forbidden=forbidden,
        told=lambda: [(message.text, message.good) for message in channel.messages],
        refuse=lambda: channel.failures.append(refusal),
        be_away=lambda: channel.failures.append(absence),
    )


def telex_rig(channel: TelexChannel, telex: TelexDouble) -> Rig:
    """The real one."""
    refusal = '{"status":"error","status_code":400,"message":"username is missing"}'
    return Rig(
        channel,
        url=telex.url,
        forbidden="https://user@ping.telex.im/",
        told=lambda: [(said["message"], said["status"] == "success") for said in telex.messages],
        refuse=lambda: telex.answer(202, refusal),
        be_away=lambda: telex.answer(503, headers={"Retry-After": "7"}),
    )


@pytest.fixture(params=["fake", "telex"])
async def rig(request: pytest.FixtureRequest) -> AsyncIterator[Rig]:
    """Each adapter that can fail."""
    if request.param == "fake":
        yield fake_rig()
        return
    async with telex_double() as telex, open_telex(FixedClock(), concurrency=8, allow_private=True) as opened:
        yield telex_rig(opened, telex)


async def test_a_message_is_delivered_once_and_whole(rig: Rig) -> None:
    """The channel has each message once, in order, as good or bad news."""
    await rig.channel.post(rig.url, GOOD)
    await rig.channel.post(rig.url, BAD)
    assert rig.told() == [(GOOD.text, True), (BAD.text, False)]


async def test_a_refusal_carries_the_reason(rig: Rig) -> None:
    """What a retry does not mend is ChannelRefused, with the channel's own words."""
    rig.refuse()
    with pytest.raises(ChannelRefused, match="username is missing"):
        await rig.channel.post(rig.url, GOOD)


async def test_an_absence_carries_the_pause_asked_for(rig: Rig) -> None:
    """What a retry may mend is ChannelUnavailable, with the seconds to wait; the next post gets through."""
    rig.be_away()
    with pytest.raises(ChannelUnavailable) as caught:
        await rig.channel.post(rig.url, BAD)
    assert caught.value.retry_after == 7.0
    await rig.channel.post(rig.url, GOOD)
    assert rig.told()[-1] == (GOOD.text, True)


async def test_a_forbidden_url_is_refused_everywhere(rig: Rig) -> None:
    """At the door, in the lane and when posting, and its text shows no part of it."""
    with pytest.raises(ReturnUrlForbidden) as at_the_door:
        rig.channel.check(rig.forbidden)
    with pytest.raises(ReturnUrlForbidden), rig.channel.lane(rig.forbidden):
        pass
    with pytest.raises(ReturnUrlForbidden):
        await rig.channel.post(rig.forbidden, GOOD)
    assert "user@" not in str(at_the_door.value)
    assert "ccepted" in str(at_the_door.value)
    assert rig.told() == []


async def test_an_acceptable_url_passes_the_door(rig: Rig) -> None:
    """Checking a URL that may be called changes nothing."""
    rig.channel.check(rig.url)
    assert rig.told() == []


async def test_a_lane_ends(rig: Rig) -> None:
    """With every place held the next is ChannelBusy, and a place given back can be taken again."""
    with ExitStack() as held:
        for _ in range(8):
            held.enter_context(rig.channel.lane(rig.url))
        with pytest.raises(ChannelBusy), rig.channel.lane(rig.url):
            pass
    with rig.channel.lane(rig.url):
        pass


async def test_a_console_prints_the_message() -> None:
    """The text and an empty line, whatever the return_url, which is not shown."""
    stream = io.StringIO()
    channel = ConsoleChannel(stream)
    channel.check("anything")
    with channel.lane("anything"):
        await channel.post("anything", GOOD)
    assert stream.getvalue() == f"{GOOD.text}\n\n"


async def test_a_console_without_emoji_prints_what_it_can() -> None:
    """A terminal in ASCII gets question marks, not a crash."""
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding="ascii")
    await ConsoleChannel(stream).post("", BAD)
    assert raw.getvalue().decode() == "? AWS Spend Alert\n\n? Status: Exceeded Budget\n\n"


async def test_a_closed_console_is_unavailable() -> None:
    """A reader that has gone away is the channel's trouble, not a crash."""
    reader, writer = socket.socketpair()
    reader.close()
    with writer, writer.makefile("wb", buffering=0) as raw:
        stream = io.TextIOWrapper(raw, encoding="utf-8", write_through=True)
        with pytest.raises(ChannelUnavailable):
            await ConsoleChannel(stream).post("", GOOD)


@pytest.fixture
async def telex() -> AsyncIterator[TelexDouble]:
    """A local Telex."""
    async with telex_double() as double:
        yield double


@pytest.fixture
async def channel() -> AsyncIterator[TelexChannel]:
    """The adapter, allowed to call loopback, and impatient."""
    async with open_telex(FixedClock(), allow_private=True, total_timeout=0.5, connect_timeout=0.3) as opened:
        yield opened


async def test_the_wire(telex: TelexDouble, channel: TelexChannel) -> None:
    """Telex gets exactly its four keys as UTF-8 JSON, no cookie, and no invitation to compress."""
    await channel.post(telex.url, BAD)
    post = telex.received[0]
    assert json.loads(post.body) == {
        "message": BAD.text,
        "username": "AWS Spend Monitor",
        "event_name": "Cost Alert",
        "status": "error",
    }
    host = telex.base.removeprefix("http://")
    assert post.path == "/v1/return/01950000-0000-7000-8000-000000000000"
    assert post.headers == {
        "host": host,
        "content-type": "application/json",
        "accept": "application/json",
        "accept-encoding": "identity",
        "user-agent": "aws-spend-monitor",
        "content-length": str(len(post.body)),
    }


@pytest.mark.parametrize(
    ("path", "on_the_wire"),
    [
        ("/v1/return/<telex-channel-id>", "/v1/return/%3Ctelex-channel-id%3E"),
        ("/v1/return/${process.env.CHANNEL_ID}", "/v1/return/$%7Bprocess.env.CHANNEL_ID%7D"),
        ("/v1/webhooks/9e58?username=APM", "/v1/webhooks/9e58?username=APM"),
        ("", "/"),
    ],
)
async def test_odd_paths_are_called_quoted(
    telex: TelexDouble, channel: TelexChannel, path: str, on_the_wire: str
) -> None:
    """Ids that integrations made of placeholders are quoted; a query stays."""
    await channel.post(telex.base + path, GOOD)
    assert telex.received[0].path == on_the_wire


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (202, OK),
        (200, OK),
        (202, ""),
        (204, ""),
        (200, "<html>ok</html>"),
        (202, '{"message":"request received"}'),
        (202, '{"status":null}'),
        (202, '["error"]'),
        (202, '"error"'),
        (202, '{"status":"error"'),
        (202, '{"status":"success","more":' + "[" * 5000),
        (202, '{"status":{"status":"error"}}'),
    ],
)
async def test_what_says_nothing_of_an_error_is_delivered(
    telex: TelexDouble, channel: TelexChannel, status: int, body: str
) -> None:
    """A 2xx without JSON, or without a status, counts as delivered."""
    telex.answer(status, body)
    await channel.post(telex.url, GOOD)
    assert len(telex.received) == 1


@pytest.mark.parametrize(
    ("status", "body", "text"),
    [
        (
            202,
            '{"status":"error","status_code":400,"message":"username is missing"}',
            "The channel refused the message: username is missing.",
        ),
        (200, '{"status":"error"}', "The channel refused the message."),
        (202, '{"status":"error","message":7}', "The channel refused the message."),
        (
            202,
            '{"status":"error","message":"<b>@all</b>\\n\\u001b[31m`now`"}',
            "The channel refused the message: ball/b 31mnow.",
        ),
        (404, '{"message":"no such channel."}', "The channel answered HTTP 404: no such channel."),
        (410, "", "The channel answered HTTP 410."),
        (400, "nonsense", "The channel answered HTTP 400."),
        (401, "", "The channel answered HTTP 401."),
        (403, "", "The channel answered HTTP 403."),
        (304, "", "The channel answered HTTP 304: redirects are not followed."),
    ],
)
async def test_refusals(telex: TelexDouble, channel: TelexChannel, status: int, body: str, text: str) -> None:
    """Telex's error in a 2xx, a redirect and a 4xx are final; the reason is made harmless."""
    telex.answer(status, body)
    with pytest.raises(ChannelRefused) as caught:
        await channel.post(telex.url, GOOD)
    assert str(caught.value) == text


@pytest.mark.parametrize(
    ("status", "retry_after", "seconds"),
    [
        (429, "30", 30.0),
        (429, "Mon, 23 Nov 2026 12:02:00 GMT", 120.0),
        (503, "Mon, 23 Nov 2026 11:00:00 GMT", 0.0),
        (503, "soon", None),
        (503, "-5", None),
        (503, "nan", None),
        (503, "9" * 5000, None),
        (500, None, None),
        (502, None, None),
        (504, None, None),
        (408, None, None),
        (599, None, None),
    ],
)
async def test_absences(
    telex: TelexDouble,
    channel: TelexChannel,
    status: int,
    retry_after: str | None,
    seconds: float | None,
) -> None:
    """408, 429 and 5xx are worth a retry, after the pause that Telex asks for, if it can be read."""
    telex.answer(status, OK, {"Retry-After": retry_after} if retry_after else {})
    with pytest.raises(ChannelUnavailable, match=f"HTTP {status}") as caught:
        await channel.post(telex.url, GOOD)
    assert caught.value.retry_after == seconds


async def test_a_refusal_repeats_no_part_of_the_url(telex: TelexDouble, channel: TelexChannel) -> None:
    """A server that echoes what it was called with does not get it into our logs."""
    telex.answer(
        202, json.dumps({"status": "error", "message": f"{telex.url}?token=canary-1 is gone: canary-1"})
    )
    with pytest.raises(ChannelRefused) as caught:
        await channel.post(telex.url + "?token=canary-1-of-many", GOOD)
    telex.answer(404, json.dumps({"message": "no 01950000-0000-7000-8000-000000000000 here"}))
    with pytest.raises(ChannelRefused, match="no … here"):
        await channel.post(telex.url, GOOD)
    assert "01950000" not in str(caught.value)


async def test_a_silent_channel_is_unavailable(telex: TelexDouble, channel: TelexChannel) -> None:
    """No answer within the time is worth a retry."""
    gone = asyncio.Event()

    async def never(_: web.Request) -> web.Response:
        await gone.wait()
        return web.Response()

    telex.answers.append(never)
    with pytest.raises(ChannelUnavailable, match="in time"):
        await channel.post(telex.url, GOOD)
    gone.set()


async def test_nobody_there_is_unavailable(channel: TelexChannel) -> None:
    """A refused connection is worth a retry."""
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    with pytest.raises(ChannelUnavailable, match="connected"):
        await channel.post(f"http://127.0.0.1:{port}/", GOOD)


async def test_a_name_without_address_is_unavailable() -> None:
    """A failed look-up is worth a retry."""
    async with open_telex(FixedClock(), resolver=ScriptedResolver({"empty.telex.im": []})) as channel:
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
    async with open_telex(FixedClock(), allow_private=True, total_timeout=60) as patient, asyncio.timeout(5):
        await patient.post(telex.url, GOOD)
        await closed.wait()


async def test_an_answer_that_stalls_is_not_waited_for_twice(
    telex: TelexDouble, channel: TelexChannel
) -> None:
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
async def test_garbage_is_unavailable(channel: TelexChannel, said: bytes) -> None:
    """What is not an HTTP answer up to its status and headers is worth a retry."""
    async with raw_server(said) as server:
        with pytest.raises(ChannelUnavailable):
            await channel.post(server.url, GOOD)
    assert server.requests == 1


@pytest.mark.parametrize("said", [b"", b"HTTP/1.1 20"])
async def test_a_reset_before_the_answer_is_unavailable(channel: TelexChannel, said: bytes) -> None:
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
    channel: TelexChannel, status: bytes, error: type[Exception] | None
) -> None:
    """When the connection ends inside the body, what has come decides, and nothing is sent again."""
    async with raw_server(b"HTTP/1.1 " + status + b'\r\nContent-Length: 99\r\n\r\n{"stat') as server:
        if error is None:
            await channel.post(server.url, GOOD)
        else:
            with pytest.raises(error):
                await channel.post(server.url, GOOD)
    assert server.requests == 1


async def test_a_compressed_answer_stays_compressed(channel: TelexChannel) -> None:
    """Nothing is unpacked, so a small answer cannot become a large one."""
    body = gzip.compress(b'{"status":"error"}')
    head = f"HTTP/1.1 202 Accepted\r\nContent-Encoding: gzip\r\nContent-Length: {len(body)}\r\n\r\n"
    async with raw_server(head.encode() + body) as server:
        await channel.post(server.url, GOOD)
    assert server.requests == 1


async def test_connections_are_reused(telex: TelexDouble, channel: TelexChannel) -> None:
    """Posts to one host, one after the other, go over one connection."""
    for _ in range(3):
        await channel.post(telex.url, GOOD)
    assert len({post.connection for post in telex.received}) == 1


ANSWERED = b"HTTP/1.1 202 Accepted\r\nContent-Length: 2\r\n\r\n{}"


async def test_a_connection_closed_while_idle_loses_nothing(channel: TelexChannel) -> None:
    """When the server has hung up between two posts, the second goes over a fresh connection."""
    async with raw_server(ANSWERED) as server:
        await channel.post(server.url, GOOD)
        async with asyncio.timeout(5):
            while _is_open(channel):  # noqa: ASYNC110  # aiohttp tells nobody that an idle connection has ended
                await asyncio.sleep(0.001)
        await channel.post(server.url, GOOD)
    assert (server.connections, server.requests) == (2, 2)


def _is_open(channel: TelexChannel) -> bool:
    """Whether the event loop has not yet seen that the server hung up."""
    connector = channel._session.connector
    assert connector is not None
    idle = connector._conns.values()
    return any(protocol.is_connected() for connections in idle for protocol, _ in connections)


async def test_a_reused_connection_that_breaks_is_not_written_to_again(channel: TelexChannel) -> None:
    """The server may have acted on a request that it did not answer, so we do not repeat it by ourselves."""

    async def hang_up(_: asyncio.StreamReader, __: asyncio.StreamWriter) -> None:
        """Say nothing."""

    async with raw_server(ANSWERED, then=hang_up) as server:
        await channel.post(server.url, GOOD)
        with pytest.raises(ChannelUnavailable):
            await channel.post(server.url, BAD)
    assert (server.connections, server.requests) == (1, 2)


async def test_no_cookie_is_kept(telex: TelexDouble, channel: TelexChannel) -> None:
    """What one answer sets, the next post does not carry."""
    telex.answer(202, OK, {"Set-Cookie": "session=1; Path=/"})
    await channel.post(telex.url, GOOD)
    await channel.post(telex.url, GOOD)
    assert "cookie" not in telex.received[1].headers


async def test_tls_is_checked_against_the_name(tmp_path: Path) -> None:
    """A certificate that we trust for this name lets the message through; for another name it does not."""
    server, client = certificate_for("ping.telex.im", tmp_path)
    resolver = ScriptedResolver({"ping.telex.im": ["127.0.0.1"], "other.telex.im": ["127.0.0.1"]})
    async with (
        telex_double(certificate=server) as telex,
        open_telex(FixedClock(), ssl=client, resolver=resolver, public=lambda _: True) as channel,
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
        open_telex(
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
    async with open_telex(FixedClock(), allow_private=True) as channel:
        with pytest.raises(ChannelUnavailable):
            await channel.post(telex.url.replace("http:", "https:"), GOOD)
    assert telex.received == []


@pytest.mark.parametrize("said", [b"", b"HTTP/1.1 two hundred\r\n\r\n", b"HTTP/1.1 429 Slow\r\n\r\n"])
async def test_no_traceback_shows_the_url(channel: TelexChannel, said: bytes) -> None:
    """Not even the chain of causes, which logs print, holds a part of the return_url."""
    token = uuid4().hex
    async with raw_server(said) as server:
        with pytest.raises(ChannelUnavailable) as caught:
            await channel.post(f"{server.url}/{token}", GOOD)
    assert token not in "".join(traceback.format_exception(caught.value))


async def test_a_failing_host_shrinks_to_one_place_and_no_other_does(telex: TelexDouble) -> None:
    """Each failure halves the host's places; another host keeps all of its own."""
    async with raw_server() as dead, open_telex(FixedClock(), concurrency=8, allow_private=True) as channel:
        for _ in range(3):
            with channel.lane(dead.url), pytest.raises(ChannelUnavailable):
                await channel.post(dead.url, GOOD)
        with channel.lane(dead.url), ExitStack() as held:
            with pytest.raises(ChannelBusy), channel.lane(dead.url):
                pass
            for _ in range(8):
                held.enter_context(channel.lane(telex.url))


async def test_a_host_that_hangs_holds_up_no_other(telex: TelexDouble) -> None:
    """While every place of a silent host is taken, another host's messages go through."""
    silence, all_taken = asyncio.Event(), asyncio.Event()

    async def silent(_: asyncio.StreamReader, __: asyncio.StreamWriter) -> None:
        if dead.requests == 32:
            all_taken.set()
        await silence.wait()

    async with raw_server(then=silent) as dead, open_telex(FixedClock(), allow_private=True) as channel:

        async def tell(url: str) -> None:
            with channel.lane(url):
                await channel.post(url, GOOD)

        waiting = [asyncio.create_task(tell(dead.url)) for _ in range(40)]
        async with asyncio.timeout(5):
            await all_taken.wait()
            for _ in range(40):
                await tell(telex.url)
        silence.set()
        ends = await asyncio.gather(*waiting, return_exceptions=True)
    assert [type(end) for end in ends] == [ChannelUnavailable] * 32 + [ChannelBusy] * 8


async def test_a_host_earns_places_by_answering(telex: TelexDouble) -> None:
    """Each message taken at once gives the host one place more, up to the concurrency."""
    async with open_telex(FixedClock(), concurrency=34, allow_private=True) as channel:
        for _ in range(3):
            with channel.lane(telex.url):
                await channel.post(telex.url, GOOD)
        with ExitStack() as held:
            for _ in range(34):
                held.enter_context(channel.lane(telex.url))
            with pytest.raises(ChannelBusy), channel.lane(telex.url):
                pass


async def test_a_slow_host_earns_no_place(telex: TelexDouble, monkeypatch: pytest.MonkeyPatch) -> None:
    """A host that takes its time holds each place for long, so it gets no more of them."""
    monkeypatch.setattr("adapters.telex.channel.PROMPT_SECONDS", 0.0)
    async with open_telex(FixedClock(), concurrency=34, allow_private=True) as channel:
        with channel.lane(telex.url):
            await channel.post(telex.url, GOOD)
        with ExitStack() as held:
            for _ in range(32):
                held.enter_context(channel.lane(telex.url))
            with pytest.raises(ChannelBusy), channel.lane(telex.url):
                pass


async def test_a_refusal_costs_the_host_no_place(telex: TelexDouble) -> None:
    """One channel that Telex no longer knows does not slow down the others on that host."""
    async with open_telex(FixedClock(), concurrency=2, allow_private=True) as channel:
        telex.answer(404)
        with channel.lane(telex.url), pytest.raises(ChannelRefused):
            await channel.post(telex.url, GOOD)
        with channel.lane(telex.url), channel.lane(telex.url):
            pass


async def test_a_stalling_answer_costs_the_host_places() -> None:
    """A host that drips its answers is no host to hold many workers, though it took the message."""
    async with (
        raw_server(b"HTTP/1.1 202 Accepted\r\nContent-Length: 9\r\n\r\n{") as slow,
        open_telex(FixedClock(), concurrency=2, allow_private=True) as channel,
    ):
        with channel.lane(slow.url):
            await channel.post(slow.url, GOOD)
        with channel.lane(slow.url), pytest.raises(ChannelBusy), channel.lane(slow.url):
            pass
