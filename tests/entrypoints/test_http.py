"""The door's table: what each address answers, to whom, and with which headers."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from structlog.testing import capture_logs

from entrypoints.config import Config
from tests.doubles.door import RETURN_URL, Door, Reply, open_door

pytestmark = pytest.mark.asyncio(loop_scope="module")

HARDENING = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "cross-origin",
    "Referrer-Policy": "no-referrer",
    "Strict-Transport-Security": "max-age=31536000",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}

FIRST_FIVE_SETTINGS = [
    {"label": "aws_access_key_id", "type": "text", "required": True, "default": "key"},
    {"label": "aws_secret_access_key", "type": "text", "required": True, "default": "key"},
    {"label": "threshold", "type": "text", "required": True, "default": "100"},
    {
        "label": "frequency",
        "type": "dropdown",
        "options": ["Daily", "Monthly", "Weekly", "Month-to-date"],
        "default": "Daily",
        "required": True,
    },
    {"label": "interval", "type": "text", "required": True, "default": "0 0 * * *"},
]
KEY_FEATURES = [
    "Tracks AWS spending in real-time and sends alerts.",
    "Supports daily and monthly cost monitoring.",
    "Automatically fetches AWS cost data using Cost Explorer API.",
    "Notifies users when spending exceeds the configured threshold.",
    "Allows custom threshold and frequency settings.",
    "Validates AWS credentials to prevent misconfigurations.",
]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def door() -> AsyncIterator[Door]:
    """One door for all tests that leave it as it was."""
    async with open_door() as opened:
        yield opened


def tick(return_url: str = RETURN_URL, **settings: str) -> str:
    """A tick's body."""
    listed = [{"label": label, "default": value} for label, value in settings.items()]
    return json.dumps({"return_url": return_url, "settings": listed})


def error_of(reply: Reply) -> str:
    """What an error answer says; it is JSON with ``status`` and ``error``."""
    assert reply.headers["Content-Type"] == "application/json"
    answer = json.loads(reply.body)
    assert (answer["status"], sorted(answer)) == ("error", ["error", "status"])
    return str(answer["error"])


async def test_a_tick_is_accepted_once_it_is_stored(door: Door) -> None:
    """202 with the promised body, and the tick in the inbox, sealed."""
    before = await door.inbox.depth()
    reply = await door.tick(tick(threshold="1"))
    assert (reply.status, reply.body) == (202, b'{"status":"accepted"}')
    assert reply.headers["Content-Type"] == "application/json"
    assert (await door.inbox.depth()).unfinished == before.unfinished + 1


async def test_the_same_tick_again_is_accepted_and_not_stored_twice(door: Door) -> None:
    """Whoever asks twice gets one answer."""
    await door.tick(tick(threshold="2"))
    before = await door.inbox.depth()
    assert (await door.tick(tick(threshold="2"))).status == 202
    assert await door.inbox.depth() == before


@pytest.mark.parametrize("path", ["/integration", "/integration.json"])
async def test_the_manifest_is_what_telex_installs(path: str, door: Door) -> None:
    """Shape, words and the settings that installed integrations send for ever."""
    reply = await door.ask("GET", path, Host="spend.example:8443")
    data = json.loads(reply.body)["data"]
    settings = data.pop("settings")
    assert [{**setting, "description": ...} for setting in settings[:5]] == [
        {**setting, "description": ...} for setting in FIRST_FIVE_SETTINGS
    ]
    assert all(setting["description"] for setting in settings)
    assert all(setting["required"] is False and "default" in setting for setting in settings[5:])
    descriptions = data.pop("descriptions")
    assert descriptions.pop("app_logo").startswith("https://")
    assert descriptions.pop("app_description")
    assert descriptions == {
        "app_name": "AWS Spend Monitor",
        "app_url": "http://spend.example:8443",
        "background_color": "#fff",
    }
    assert data == {
        "date": {"created_at": "2025-02-19", "updated_at": "2025-02-19"},
        "is_active": False,
        "integration_type": "interval",
        "key_features": KEY_FEATURES,
        "integration_category": "Finance & Payments",
        "author": "Anthony Triumph",
        "website": "http://spend.example:8443",
        "tick_url": "http://spend.example:8443/tick",
        "target_url": "",
    }
    assert (reply.status, reply.headers["Content-Type"]) == (200, "application/json")


async def test_a_configured_address_wins_over_the_host_header() -> None:
    """Whoever asks under another name still installs the configured address."""
    async with open_door(Config(state_url="memory://", public_url="https://spend.example/aws")) as door:
        data = json.loads((await door.ask("GET", "/integration", Host="evil.example")).body)["data"]
    assert data["tick_url"] == "https://spend.example/aws/tick"
    assert data["descriptions"]["app_url"] == data["website"] == "https://spend.example/aws"


async def test_head_and_options_answer_for_the_manifest(door: Door) -> None:
    """HEAD is GET without a body; OPTIONS names the methods."""
    head = await door.ask("HEAD", "/integration")
    get = await door.ask("GET", "/integration")
    options = await door.ask("OPTIONS", "/integration")
    assert (head.status, head.body, head.headers["Content-Length"]) == (200, b"", str(len(get.body)))
    assert (options.status, options.headers["Allow"]) == (204, "GET, HEAD, OPTIONS")


@pytest.mark.parametrize(
    "origin",
    [
        "https://telex.im",
        "https://staging.telex.im",
        "https://telextest.im",
        "https://staging.telextest.im",
    ],
)
async def test_telex_in_a_browser_may_read_the_manifest(origin: str, door: Door) -> None:
    """The preflight and the request itself allow the origin, never with credentials."""
    preflight = await door.ask("OPTIONS", "/integration", Origin=origin, Access_Control_Request_Method="GET")
    reply = await door.ask("GET", "/integration", Origin=origin)
    assert (preflight.status, reply.status) == (204, 200)
    for each in (preflight, reply):
        assert each.headers["Access-Control-Allow-Origin"] == origin
        assert "Access-Control-Allow-Credentials" not in each.headers


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "http://telex.im", "https://telex.im.evil.example"]
)
async def test_other_sites_in_a_browser_may_not(origin: str, door: Door) -> None:
    """No answer names a foreign origin, so browsers keep it from the page."""
    for method in ("GET", "OPTIONS"):
        reply = await door.ask(method, "/integration", Origin=origin, Access_Control_Request_Method="GET")
        assert "Access-Control-Allow-Origin" not in reply.headers
        assert origin.encode() not in reply.body


async def test_health_lives(door: Door) -> None:
    """200 as long as anything answers; what watches it may ask with HEAD."""
    assert (await door.ask("GET", "/health")).status == 200
    for path in ("/health", "/ready"):
        head = await door.ask("HEAD", path)
        assert (head.status, head.body) == (200, b"")


async def test_ready_says_what_failed(door: Door) -> None:
    """200 while the storage answers; 503 naming it when it does not; nothing of a worker where none lives."""
    assert json.loads((await door.ask("GET", "/ready")).body)["status"] == "ready"
    door.disk.break_after(0)
    broken = await door.ask("GET", "/ready")
    door.disk.mend()
    assert broken.status == 503
    assert json.loads(broken.body) == {"status": "not ready", "storage": "failed: the disk is full"}
    assert (await door.ask("GET", "/ready")).status == 200


async def test_ready_looks_at_the_storage_once_for_all_who_ask() -> None:
    """A look is a write and a sync: a hundred strangers a second cost no more than one."""
    async with open_door(ready_seconds=60) as door:
        looks = asyncio.gather(*(door.ask("GET", "/ready") for _ in range(20)))
        assert {reply.status for reply in await looks} == {200}
        door.disk.break_after(0)
        assert (await door.ask("GET", "/ready")).status == 200
    async with open_door(ready_seconds=60) as door:
        door.disk.break_after(1)
        replies = await asyncio.gather(*(door.ask("GET", "/ready") for _ in range(20)))
        assert {reply.status for reply in replies} == {200}


@pytest.mark.parametrize("path", ["/metrics", "/ready", "/ready/", "/schema", "/schema/openapi.json"])
async def test_what_is_the_operators_can_leave_the_public_port(path: str) -> None:
    """With a port of its own it is as if it had never been here; the rest is as before."""
    async with open_door(Config(state_url="memory://", admin_port=1)) as door:
        gone, never = await door.ask("GET", path), await door.ask("GET", "/never")
        assert (gone.status, gone.body) == (404, never.body)
        assert (await door.ask("GET", "/health")).status == 200
        assert (await door.ask("GET", "/integration")).status == 200
        assert (await door.tick(tick())).status == 202


async def test_metrics_and_openapi_answer(door: Door) -> None:
    """Prometheus text, and an OpenAPI document that knows every other address."""
    metrics = await door.ask("GET", "/metrics")
    schema = await door.ask("GET", "/schema")
    assert (metrics.status, schema.status) == (200, 200)
    assert metrics.headers["Content-Type"].startswith("text/plain; version=")
    paths = json.loads(schema.body)["paths"]
    assert set(paths) >= {"/tick", "/integration", "/integration.json", "/health", "/ready"}
    assert set(paths["/tick"]) == {"post"}
    assert set(paths["/tick"]["post"]["responses"]) >= {"202", "400", "413", "503"}
    read = paths["/tick"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    assert (set(read["properties"]), read["required"]) == (
        {"return_url", "channel_id", "settings"},
        ["return_url"],
    )
    sent = json.loads(schema.body)["webhooks"]["report"]["post"]["requestBody"]
    body = sent["content"]["application/json"]["schema"]
    assert {event["$ref"].rpartition("/")[2] for event in body["oneOf"]} <= set(body["$defs"])


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/tick", 405),
        ("PUT", "/tick", 405),
        ("DELETE", "/tick", 405),
        ("POST", "/integration", 405),
        ("POST", "/", 405),
        ("GET", "/tick/../../etc/passwd", 404),
        ("GET", "/%00%ff%f0", 404),
        ("POST", "/x" * 2000, 404),
    ],
)
async def test_what_is_not_there_is_said_in_json(method: str, path: str, status: int, door: Door) -> None:
    """404 and 405 are answers for people, and repeat nothing."""
    reply = await door.ask(method, path)
    assert reply.status == status
    assert path not in error_of(reply) or path in {"/", "/tick", "/integration"}


async def test_every_answer_is_hardened(door: Door) -> None:
    """Good, refused, malformed, broken: each answer carries each header once, and no banner."""
    door.disk.break_after(0)
    broken = await door.tick(tick(threshold="3"))
    door.disk.mend()
    replies = {
        202: await door.tick(tick(threshold="3")),
        200: await door.ask("GET", "/integration"),
        204: await door.ask(
            "OPTIONS", "/integration", Origin="https://telex.im", Access_Control_Request_Method="GET"
        ),
        400: await door.tick("{}"),
        404: await door.ask("GET", "/nothing"),
        405: await door.ask("GET", "/tick"),
        413: await door.tick(b" " * 300_000),
        503: broken,
    }
    assert list(replies) == [reply.status for reply in replies.values()]
    for reply in replies.values():
        assert {name: reply.headers.getall(name, []) for name in HARDENING} == {
            name: [value] for name, value in HARDENING.items()
        }
        assert "Server" not in reply.headers
    malformed = (await door.say(b"HELLO\r\n\r\n")).decode().lower()
    assert malformed.startswith("http/1.1 400 ")
    assert all(f"{name}: {value}".lower() in malformed for name, value in HARDENING.items())
    assert "server:" not in malformed


async def test_a_defect_is_a_500_that_tells_nothing(
    door: Door, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Neither the answer nor the log holds the error's text, which could be a secret; the headers stay."""
    secret = f"canary-{door.port}"  # the log may show lines of code, so it stands in none

    async def defect(*_: object) -> None:
        raise ZeroDivisionError(secret)

    monkeypatch.setattr(type(door.inbox), "put", defect)
    reply = await door.tick(tick(threshold="4"))
    assert reply.status == 500
    assert error_of(reply) == "Internal error; see the log."
    assert reply.headers["X-Content-Type-Options"] == "nosniff"
    out, err = capsys.readouterr()
    assert "ZeroDivisionError" in out + err
    assert secret not in out + err


async def test_a_full_inbox_sheds_load_at_the_door() -> None:
    """503 with Retry-After, and nothing stored; what waits already is accepted once more."""
    async with open_door(inbox_limit=1) as door:
        assert (await door.tick(tick(threshold="1"))).status == 202
        full = await door.tick(tick(threshold="2"))
        twin = await door.tick(tick(threshold="1"))
        assert (await door.inbox.depth()).unfinished == 1
    assert (full.status, twin.status) == (503, 202)
    assert int(full.headers["Retry-After"]) > 0
    assert "not stored" in error_of(full)


async def test_a_failing_storage_is_never_a_202(door: Door) -> None:
    """503 with Retry-After, nothing stored, and all is well when the disk is."""
    before = await door.inbox.depth()
    door.disk.break_after(0)
    reply = await door.tick(tick(threshold="5"))
    door.disk.mend()
    assert (reply.status, await door.inbox.depth()) == (503, before)
    assert int(reply.headers["Retry-After"]) > 0
    assert "not stored" in error_of(reply)
    assert (await door.tick(tick(threshold="5"))).status == 202


async def test_there_is_no_rate_limit_unless_configured(door: Door) -> None:
    """All of Telex comes from few addresses."""
    assert {(await door.tick("{}")).status for _ in range(100)} == {400}


async def test_a_configured_rate_limit_holds_for_all_but_the_operator() -> None:
    """The third request a minute is 429 in JSON; health, readiness and metrics always answer."""
    async with open_door(Config(state_url="memory://", rate_limit=2)) as door:
        assert [(await door.tick("{}")).status for _ in range(3)] == [400, 400, 429]
        limited = await door.ask("GET", "/integration")
        beside = [(await door.ask("GET", path)).status for path in ("/health", "/ready", "/metrics") * 2]
    assert limited.status == 429
    assert "Too many requests" in error_of(limited)
    assert int(limited.headers["Retry-After"]) <= 60
    assert beside == [200] * 6


async def test_the_metrics_know_no_strangers_words(door: Door) -> None:
    """Unheard-of paths, methods and query strings add no time series."""

    async def series() -> set[str]:
        lines = (await door.ask("GET", "/metrics")).body.decode().splitlines()
        return {line.rpartition(" ")[0] for line in lines if not line.startswith("#")}

    async def strange(n: int) -> None:
        await door.ask("GET", f"/random-{n}")
        await door.ask("GET", f"/integration?random={n}")
        await door.ask("POST", f"/tick/{n}")
        await door.ask(f"RANDOM{n}", "/tick")
        await door.ask("PROPFIND", f"/integration/{n}")
        await door.tick(tick(return_url=f"ftp://random-{n}"))

    await strange(0)
    await series()  # which is counted too
    before = await series()
    for n in range(1, 10):
        await strange(n)
    assert await series() == before
    assert not [each for each in before if "random" in each.lower()]


@pytest.mark.parametrize(
    "host",
    ['a"b', "[::1", "a:b", "a:99999", "[::1]@", "a:", "@", "[]", "a b", "\xff", "a/../b", "", "x" * 5000],
)
async def test_an_odd_host_header_breaks_nothing(host: str, door: Door) -> None:
    """It is refused, or it stays text inside the manifest's JSON."""
    said = await door.say(
        b"GET /integration HTTP/1.1\r\nConnection: close\r\nHost: " + host.encode("latin-1") + b"\r\n\r\n"
    )
    status, body = int(said.split(b" ")[1]), said.partition(b"\r\n\r\n")[2]
    assert status in {200, 400}
    answer: dict[str, Any] = json.loads(body)
    assert ("data" in answer) == (status == 200)


async def test_an_address_without_encryption_is_warned_of() -> None:
    """Behind a proxy that is not trusted the manifest would name an http address: said once in the log."""
    with capture_logs() as events:
        async with open_door() as door:
            await door.ask("GET", "/integration")
            local = [event for event in events if event["event"] == "http_address_in_manifest"]
            for _ in range(2):
                await door.ask("GET", "/integration", Host="spend.example")
    warned = [event for event in events if event["event"] == "http_address_in_manifest"]
    assert (local, len(warned)) == ([], 1)
    assert "SPEND_MONITOR_PUBLIC_URL" in warned[0]["remedy"]
