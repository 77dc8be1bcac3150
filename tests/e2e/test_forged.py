"""Strangers at the running service: what they send is taken or refused, and breaks nothing behind it."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from tests.doubles import forks
from tests.doubles.storm import Sender, Storm, storm

SCHEMATHESIS = str(Path(sys.executable).with_name("schemathesis"))
CHECKS = (
    "not_a_server_error,status_code_conformance,content_type_conformance,"
    "response_schema_conformance,unsupported_method"
)
REAL_TICKS = Path(__file__).parents[1] / "data/telex-ticks.jsonl"

ODD_SETTINGS = (
    "null",
    "{}",
    '"text"',
    "[[]]",
    "[" * 500 + "]" * 500,
    '[{"label": "threshold", "default": ' + "9" * 5000 + "}]",
    '[{"label": "threshold", "default": 1e999999}]',
    '[{"label": "frequency", "default": "\\u0000\\u202e@everyone"}]',
    '[{"label": "aws_access_key_id", "default": ["a", {"b": null}]}]',
    '[{"label": "interval", "default": "' + "* " * 50_000 + '"}]',
)


@pytest.fixture
async def outside() -> AsyncIterator[Storm]:
    """AWS and Telex of the test's own."""
    async with storm() as listening:
        yield listening


async def tick_url_of(url: str, **headers: str) -> str:
    """The tick_url in the manifest that such a caller gets."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    async with aiohttp.ClientSession() as client, client.get(f"{url}/integration", headers=named) as answer:
        return str((await answer.json())["data"]["tick_url"])


async def test_the_openapi_document_holds_under_fuzzing(tmp_path: Path) -> None:
    """schemathesis: no 5xx, no undocumented status, type or shape, no method too many."""
    async with forks.running(folder=tmp_path) as running:
        process = await asyncio.create_subprocess_exec(
            *(SCHEMATHESIS, "run", f"{running.url}/schema/openapi.json", "--checks", CHECKS),
            *("--max-examples", "40", "--seed", "1", "--generation-database", "none", "--no-color"),
            cwd=tmp_path,
            stdout=asyncio.subprocess.PIPE,
        )
        out, _ = await process.communicate()
        assert process.returncode == 0, out.decode()
        assert not running.events("request_crashed")


async def test_whatever_gets_in_is_answered_in_the_channel(tmp_path: Path, outside: Storm) -> None:
    """The shapes of real ticks, and settings that make no sense: each ends in a message, none in a crash."""
    real = [json.loads(line)["payload"] for line in REAL_TICKS.read_text().splitlines()]
    bodies = [json.dumps({**tick, "return_url": outside.return_url(f"r{n}")}) for n, tick in enumerate(real)]
    bodies += [
        f'{{"return_url": "{outside.return_url(f"o{n}")}", "settings": {settings}}}'
        for n, settings in enumerate(ODD_SETTINGS)
    ]
    async with forks.running(folder=tmp_path, AWS_ENDPOINT_URL=outside.url) as running:
        async with aiohttp.ClientSession(running.url) as client:
            for body in bodies:
                async with client.post("/tick", data=body) as answer:
                    assert (answer.status, body[:100]) == (202, body[:100])
        await outside.wait_for(
            [f"r{n}" for n in range(len(real))] + [f"o{n}" for n in range(len(ODD_SETTINGS))]
        )
        assert not running.events("tick_crashed")
        assert not running.events("tick_given_up")


async def test_forwarded_headers_of_strangers_count_for_nothing(tmp_path: Path) -> None:
    """Neither the scheme nor the address that they name."""
    async with forks.running(folder=tmp_path, SPEND_MONITOR_RATE_LIMIT="2") as running:
        first = await tick_url_of(running.url, X_Forwarded_Proto="https", X_Forwarded_For="192.0.2.1")
        second = await tick_url_of(running.url, X_Forwarded_Host="evil.example", Forwarded="proto=https")
        assert first == second == f"{running.url}/tick"
        sender = Sender(running.url, headers={"X-Forwarded-For": "192.0.2.3"})
        await sender.send([{}])
        assert dict(sender.refused) == {429: 1}


async def test_a_trusted_proxy_says_who_asks_and_over_which_scheme(tmp_path: Path) -> None:
    """The manifest is https then, and each client behind the proxy has a limit of its own."""
    trusted = {"SPEND_MONITOR_TRUSTED_PROXIES": "127.0.0.1/8", "SPEND_MONITOR_RATE_LIMIT": "1"}
    async with forks.running(folder=tmp_path, **trusted) as running:
        url = await tick_url_of(
            running.url, Host="spend.example", X_Forwarded_Proto="https", X_Forwarded_For="192.0.2.1"
        )
        assert url == "https://spend.example/tick"
        statuses = {}
        for client in (
            "192.0.2.1",
            "192.0.2.2",
            "6.6.6.6, 192.0.2.2",
            "2001:db8::1",
            "2001:db8::2",
            "nonsense",
        ):
            sender = Sender(running.url, headers={"X-Forwarded-For": client})
            await sender.send([{}])
            statuses[client] = list(sender.refused)
        assert statuses == {
            "192.0.2.1": [429],
            "192.0.2.2": [400],
            "6.6.6.6, 192.0.2.2": [
                429
            ],  # the proxy wrote the last one; the first is the client's own invention
            "2001:db8::1": [400],
            "2001:db8::2": [429],  # the same network
            "nonsense": [400],
        }
