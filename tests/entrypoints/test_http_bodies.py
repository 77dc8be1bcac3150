"""Whatever is posted to the door is accepted or refused in our own words: nothing crashes, nothing echoes."""

from __future__ import annotations

import asyncio
import gzip
import json
import zlib
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.settings.form import TelexSettingsReader
from application.errors import SettingsRejected
from entrypoints.web.protocol import ConnectionLimits
from tests.doubles.door import RETURN_URL, Door, open_door
from tests.entrypoints.test_http import error_of

pytestmark = pytest.mark.asyncio(loop_scope="module")

REAL_TICKS = Path(__file__).parents[1] / "data/telex-ticks.jsonl"
TICKS = [json.loads(line)["payload"] for line in REAL_TICKS.read_text().splitlines()]
CANARY = "wJalrXUtnFEMI"
"""Put wherever a value may stand; no error answer may hold it."""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def door() -> AsyncIterator[Door]:
    """One door for all tests."""
    async with open_door(inbox_limit=100_000) as opened:
        yield opened


def tick(settings: str = "[]", return_url: str = f'"{RETURN_URL}"') -> str:
    """A tick's body, its values written as JSON."""
    return f'{{"return_url": {return_url}, "settings": {settings}}}'


@pytest.mark.parametrize("line", range(len(TICKS)))
async def test_every_shape_that_telex_sends_is_taken(line: int, door: Door) -> None:
    """202, or a 400 that is about the return_url."""
    reply = await door.tick(json.dumps(TICKS[line]))
    if reply.status != 202:
        assert reply.status == 400
        assert error_of(reply).startswith("return_url ")


async def test_nearly_every_real_tick_is_accepted(door: Door) -> None:
    """What is refused are placeholders in place of a return_url, and none at all."""
    statuses = [(await door.tick(json.dumps(each))).status for each in TICKS]
    assert statuses.count(202) > 0.6 * len(TICKS)


@pytest.mark.parametrize(
    "body",
    [
        "",
        " ",
        "null",
        "[]",
        '"text"',
        "1",
        "{",
        "{}x",
        tick() + "\0",
        tick(settings="[NaN]"),
        tick(settings="[Infinity]"),
        tick(settings="01"),
        tick(settings='"\\ud800"'),
        tick(settings='"\\x"'),
        tick(settings='"\n"'),
        tick(settings="[" * 100_000 + "]" * 100_000),
        tick(settings='{"a":' * 40_000 + "1" + "}" * 40_000),
        tick(return_url="[" * 100_000 + "]" * 100_000),
        "\ufeff" + tick(),
        "return_url=https%3A%2F%2Fping.telex.im",
        "<tick/>",
        b"\xff\xfe\x00",
        json.dumps({"return_url": RETURN_URL}).encode("utf-16"),
    ],
    ids=lambda body: repr(body[:30]),
)
async def test_what_is_no_json_object_is_a_400(body: bytes | str, door: Door) -> None:
    """The answer says what is accepted."""
    reply = await door.tick(body)
    assert reply.status == 400
    assert error_of(reply).startswith(("The body is not a JSON object. Accepted is", "return_url is missing"))


@pytest.mark.parametrize(
    "return_url",
    ["null", "1", "true", "{}", f'["{CANARY}"]', '""', '"  "', "9" * 5000, "1e400", f'{{"{CANARY}": 1}}'],
)
async def test_a_return_url_that_is_no_text_is_a_400(return_url: str, door: Door) -> None:
    """Likewise one that is missing, whatever else is there."""
    for body in (tick(return_url=return_url), f'{{"channel_id": "{CANARY}"}}'):
        reply = await door.tick(body)
        assert reply.status == 400
        assert CANARY not in error_of(reply)


@pytest.mark.parametrize(
    "return_url",
    [
        f"http://{CANARY}.example/",
        f"https://{CANARY}:{CANARY}@ping.telex.im/",
        f"https://127.0.0.1/{CANARY}",
        f"https://localhost/{CANARY}",
        f"https://[::1]/{CANARY}",
        f"gopher://{CANARY}",
        f"https://ping.telex.im/{CANARY}#{CANARY}",
        f"https://ping.telex.im\\@{CANARY}/",
        f"https://ping.telex.im/\u2028{CANARY}",
        f"https://ping.telex.im:22/{CANARY}",
        f"//{CANARY}",
        CANARY * 1000,
    ],
    ids=lambda url: url[:40],
)
async def test_a_forbidden_return_url_is_a_400_that_does_not_repeat_it(return_url: str, door: Door) -> None:
    """The answer says what is wrong and what is accepted."""
    reply = await door.tick(json.dumps({"return_url": return_url, "settings": []}))
    said = error_of(reply)
    assert reply.status == 400
    assert CANARY not in said
    assert "Accepted is an https URL" in said


@pytest.mark.parametrize(
    "settings_",
    [
        "null",
        "{}",
        "1e999999",
        "[" + "9" * 100_000 + "]",
        "-0.0",
        "[" * 900 + "]" * 900,
        '[{"label": 1, "default": {}}]',
        '[{"label": "threshold", "default": ' + "9" * 5000 + "}]",
        '[{"label": "threshold", "default": 1e-99999}]',
        '[{"label": "threshold", "default": "' + "9" * 100_000 + '"}]',
        '[{"label": "frequency", "default": "' + "A" * 100_000 + '"}]',
        '[{"label": "interval", "default": "' + " " * 200_000 + '"}]',
        '[{"label": "threshold", "default": {"a": [[]]}}]',
        '[{"label": "threshold", "label": "frequency", "default": 1, "default": "x"}]',
    ],
    ids=lambda text: text[:40],
)
async def test_odd_settings_are_taken_and_judged_behind_the_door(settings_: str, door: Door) -> None:
    """202; whoever reads them later finds words for the channel, not a crash."""
    assert (await door.tick(tick(settings_))).status == 202
    with pytest.raises(SettingsRejected):
        TelexSettingsReader().read(settings_.encode())


async def test_bytes_that_are_no_utf8_are_refused_wherever_they_are_found(door: Door) -> None:
    """In the return_url by the door, in the settings by whoever reads them."""
    assert (await door.tick(b'{"return_url": "https://ping.telex.im/\xff"}')).status == 400
    assert (
        await door.tick(b'{"return_url": "' + RETURN_URL.encode() + b'", "settings": ["\xff"]}')
    ).status in {
        202,
        400,
    }
    with pytest.raises(SettingsRejected):
        TelexSettingsReader().read(b'[{"label": "threshold", "default": "\xff"}]')


async def test_of_duplicate_keys_the_last_counts(door: Door) -> None:
    """As everywhere in JSON."""
    good, bad = f'"return_url": "{RETURN_URL}"', '"return_url": 1'
    assert (await door.tick(f"{{{bad}, {good}}}")).status == 202
    assert (await door.tick(f"{{{good}, {bad}}}")).status == 400


@pytest.mark.parametrize(
    "content_type",
    [
        "",
        "application/json",
        "application/x-www-form-urlencoded",
        "text/plain; charset=utf-16",
        "multipart/form-data",
    ],
)
async def test_the_content_type_does_not_matter(content_type: str, door: Door) -> None:
    """``curl -d`` sends a form's; the body decides."""
    headers = {"Content_Type": content_type} if content_type else {}
    assert (await door.tick(tick(), **headers)).status == 202


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "x-bomb"])
async def test_a_compressed_body_is_refused_unread(coding: str, door: Door) -> None:
    """So that none can grow; ``identity``, in any case, is no compression."""
    packed = gzip.compress if coding == "gzip" else zlib.compress
    reply = await door.tick(packed(tick().encode()), Content_Encoding=coding)
    assert reply.status == 400
    assert error_of(reply).startswith("Compressed bodies are not read.")
    assert (await door.tick(tick(), Content_Encoding="Identity")).status == 202


async def test_the_largest_tick_is_256_kib(door: Door) -> None:
    """One byte more is 413, whether its length is announced or found out in chunks."""

    async def chunks(body: bytes) -> AsyncIterator[bytes]:
        for start in range(0, len(body), 65_536):
            yield body[start : start + 65_536]

    largest = tick().encode().ljust(256 * 1024)
    assert (await door.tick(largest)).status == 202
    assert (await door.ask("POST", "/tick", chunks(largest))).status == 202
    for too_large in (largest + b" ", chunks(largest + b" ")):
        reply = await door.ask("POST", "/tick", too_large)
        assert reply.status == 413
        assert "256 KiB" in error_of(reply)


async def test_a_slow_body_is_broken_off_and_harms_nobody() -> None:
    """408 to the one who stalls; meanwhile others are answered."""
    async with open_door(body_seconds=0.5) as door:
        head = b"POST /tick HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 100\r\n\r\n{"
        stalling = [asyncio.create_task(door.say(head)) for _ in range(50)]
        assert (await door.tick(tick())).status == 202
        assert not any(task.done() for task in stalling)
        said = await asyncio.gather(*stalling)
    assert {each.split(b"\r\n")[0] for each in said} == {b"HTTP/1.1 408 Request Timeout"}
    assert all(b"did not arrive within 0.5 seconds" in each for each in said)


@pytest.mark.parametrize(
    "head",
    [
        b"",
        b"GET /hea",
        b"GET /health HTTP/1.1\r\nHost: x\r\nX-Slow: ",
        b"POST /tick HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX-Trailer: ",
        b"POST /health HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nslow",
    ],
)
async def test_a_connection_that_brings_nothing_is_closed(head: bytes) -> None:
    """Idle ones, half a head, an endless trailer, a body that nobody reads: none is kept for ever."""
    async with open_door(limits=ConnectionLimits(seconds=0.3)) as door:
        said = await door.say(head)
        assert (await door.ask("GET", "/health")).status == 200
    assert said == b"" or said.startswith(b"HTTP/1.1 4")


@pytest.mark.parametrize(
    ("head", "more"),
    [
        (b"GET /", b"x" * 1000),
        (b"GET /health HTTP/1.1\r\n", b"X-More: more\r\n"),
        (b"GET /health HTTP/1.1\r\nX-Long: ", b"x" * 1000),
        (b"POST /tick HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n", b"X-More: more\r\n"),
        (b"POST /tick HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n", b"1;%s\r\n \r\n" % (b"x" * 1000)),
    ],
)
async def test_an_endless_head_is_broken_off(head: bytes, more: bytes, door: Door) -> None:
    """A path, headers, one header, trailers, chunk extensions: none fills the memory."""
    taken = await flood(door, head, more * 100, most=20 * 2**20)
    assert taken < 10 * 2**20  # what the sockets' buffers hold is on top of what was read
    assert (await door.ask("GET", "/health")).status == 200


@pytest.mark.parametrize("lines", [101, 12_000])
async def test_many_headers_are_refused(lines: int, door: Door) -> None:
    """A hundred are more than any client sends; each takes many times its bytes in memory."""
    head = b"POST /tick HTTP/1.1\r\n" + b"a:b\r\n" * lines
    said = await door.say(head + b"Connection: close\r\n\r\n")
    assert said == b"" or said.startswith(b"HTTP/1.1 400 ")
    fine = b"GET /health HTTP/1.1\r\n" + b"a:b\r\n" * 99 + b"Connection: close\r\n\r\n"
    assert (await door.say(fine)).startswith(b"HTTP/1.1 200 ")


@pytest.mark.parametrize(
    "part",
    [
        b"GET /health HTTP/1.1\r\n" + b"X-Part: %s\r\n" % (b"x" * 990) * 60,
        b"POST /tick HTTP/1.1\r\nContent-Length: 100000\r\n\r\n" + b"x" * 60_000,
        b"GET /health HTTP/1.1\r\n\r\nGET /health HTTP/1.1\r\n" + b"X-Part: %s\r\n" % (b"x" * 990) * 60,
    ],
    ids=["heads", "bodies", "heads after an answer"],
)
async def test_requests_in_parts_are_bounded_over_all_connections(part: bytes) -> None:
    """Who holds the most loses its connection; whoever sends a whole tick is answered all the while."""
    async with open_door(limits=ConnectionLimits(held_bytes=1_000_000)) as door:
        hoards = [await asyncio.open_connection("127.0.0.1", door.port) for _ in range(50)]
        for _, writer in hoards:
            writer.write(part)
        ends = [asyncio.create_task(until_hung_up(reader)) for reader, _ in hoards]
        try:
            async with asyncio.timeout(5):
                # 17 of them fill it; each time it is full a quarter is dropped.
                while sum(end.done() for end in ends) < 34:
                    assert (await door.tick(tick())).status == 202
            assert sum(end.done() for end in ends) < 50
        finally:
            for _, writer in hoards:
                writer.close()
            await asyncio.gather(*ends)


async def until_hung_up(reader: asyncio.StreamReader) -> None:
    """Read until the service hangs up."""
    with suppress(ConnectionError):
        while await reader.read(65_536):
            pass


async def test_what_is_answered_is_not_held() -> None:
    """Connections that live long, and bodies that nobody wants, count for nothing once they are answered."""
    async with open_door(limits=ConnectionLimits(held_bytes=300_000)) as small:
        for _ in range(20):
            assert (await small.tick(tick().encode().ljust(200_000))).status == 202
            assert (await small.ask("POST", "/health", b"x" * 200_000)).status == 405


async def flood(door: Door, head: bytes, more: bytes, most: int) -> int:
    """Send and send; how many bytes went out before the service hung up."""
    _, writer = await asyncio.open_connection("127.0.0.1", door.port)
    sent = 0
    writer.write(head)
    with suppress(ConnectionError):
        while sent < most:
            writer.write(more)
            await writer.drain()
            sent += len(more)
    writer.close()
    return sent


async def test_requests_do_not_pile_up_in_a_connection(door: Door) -> None:
    """Of a thousand sent at once without waiting for an answer, a few are served, and then it is over."""
    said = await door.say(b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n" * 1000)
    assert said.count(b"HTTP/1.1 200 OK") < 20
    assert (await door.ask("GET", "/health")).status == 200


async def test_more_connections_than_files_are_turned_away() -> None:
    """The door leaves the process files for AWS, the channels and the database."""
    async with open_door(limits=ConnectionLimits(connections=20)) as door:
        idle = [await asyncio.open_connection("127.0.0.1", door.port) for _ in range(20)]
        assert await door.say(b"GET /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n") == b""
        for _, writer in idle:
            writer.close()
            await writer.wait_closed()
        async with asyncio.timeout(5):
            while b"200 OK" not in await door.say(b"GET /health HTTP/1.1\r\nConnection: close\r\n\r\n"):
                pass


json_values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.just(CANARY),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=10,
)
ticks = st.fixed_dictionaries(
    {"return_url": json_values | st.text().map("https://".__add__), "settings": json_values}
)
A_TICK = tick(f'[{{"label": "threshold", "default": "{CANARY}"}}]').encode()
torn_ticks = st.tuples(st.integers(0, len(A_TICK)), st.integers(0, len(A_TICK)), st.binary(max_size=4)).map(
    lambda cut: A_TICK[: cut[0]] + cut[2] + A_TICK[cut[1] :]
)


@settings(max_examples=400, deadline=None)
@given(body=st.binary() | torn_ticks | (json_values | ticks).map(lambda value: json.dumps(value).encode()))
async def test_no_bytes_crash_the_door_or_come_back_from_it(body: bytes, door: Door) -> None:
    """202 or 400 to all of them, and so few different answers that none can hold what was sent."""
    reply = await door.tick(body)
    assert reply.status in {202, 400}
    assert CANARY.encode() not in reply.body
    ANSWERS.add(reply.body)
    assert len(ANSWERS) < 30


ANSWERS: set[bytes] = set()
"""What the door has said to the test above."""
