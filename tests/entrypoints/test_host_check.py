"""``doctor --host`` on machines that lack one thing or another."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Unpack

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from click.testing import CliRunner

from adapters.state.sqlite import open_sqlite_state
from adapters.vault import load_or_create_key_file
from application.diagnose import Finding
from entrypoints.cli import main
from entrypoints.commands import host_check
from entrypoints.commands.host_check import look_at_host
from entrypoints.config import Config
from entrypoints.container import Adapters
from tests.contract.states import a_tick
from tests.doubles.aws_service import open_double
from tests.doubles.fakes.clock import FixedClock
from tests.doubles.webhooks import certificate_for

NOW = datetime.now(UTC)


class Host:
    """A machine with everything, and what its public address answers."""

    def __init__(self, config: Config) -> None:
        self.config = config
        self.status = 200
        self.manifest: object = {"data": {"tick_url": f"{config.public_url}/tick"}}

    async def findings(self, **adapters: Unpack[Adapters]) -> dict[str, Finding]:
        """By subject."""
        return {finding.subject: finding for finding in await look_at_host(self.config, **adapters)}


@pytest.fixture
async def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Host]:
    """Where all is well, and this machine trusts the certificate of the public address."""
    path = tmp_path / "state.db"
    load_or_create_key_file(tmp_path / "state.db.key")
    async with open_sqlite_state(path, FixedClock(NOW), 1000):
        pass
    host = Host(Config(state_url=f"sqlite:///{path}"))

    async def answer(request: web.Request) -> web.Response:
        return web.json_response(host.manifest if request.path == "/integration" else {}, status=host.status)

    app = web.Application()
    app.router.add_get("/{path}", answer)
    certificate, _ = certificate_for("127.0.0.1", tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "127.0.0.1.pem"))
    server = TestServer(app)
    async with open_double(monkeypatch):
        await server.start_server(ssl=certificate)
        base = str(server.make_url("")).rstrip("/")
        host.config = replace(host.config, public_url=base)
        host.manifest = {"data": {"tick_url": f"{base}/tick"}}
        yield host
        await server.close()


async def test_all_is_well(host: Host) -> None:
    """Every line, and nothing that costs anything."""
    findings = await host.findings()
    assert {subject: finding.detail for subject, finding in findings.items() if not finding.works} == {}
    assert list(findings) == ["State", "Oldest tick", "Secret key", "AWS", "Clock", "Public URL", "Manifest"]
    assert findings["Clock"].detail.startswith("within ")


async def test_no_database(host: Host, tmp_path: Path) -> None:
    """It is not made by looking for it."""
    host.config = replace(host.config, state_url=f"sqlite:///{tmp_path}/other.db")
    findings = await host.findings()
    assert not findings["State"].works
    assert not findings["Secret key"].works
    assert not (tmp_path / "other.db").exists()


async def test_a_key_that_others_can_read(host: Host, tmp_path: Path) -> None:
    """The command that mends it."""
    (tmp_path / "state.db.key").chmod(0o644)
    assert "chmod 600" in (await host.findings())["Secret key"].remedy


async def test_a_key_that_is_damaged(host: Host, tmp_path: Path) -> None:
    """It is not repeated."""
    (tmp_path / "state.db.key").write_text("not-a-key")
    finding = (await host.findings())["Secret key"]
    assert not finding.works
    assert "not-a-key" not in finding.detail


async def test_nobody_works(host: Host, tmp_path: Path) -> None:
    """A tick that has been due for long."""
    long_ago = FixedClock(NOW - timedelta(hours=2))
    async with open_sqlite_state(tmp_path / "state.db", long_ago, 1000) as state:
        await state.inbox.put(a_tick(long_ago.now()))
    finding = (await host.findings())["Oldest tick"]
    assert not finding.works
    assert "nobody has worked on it" in finding.detail


async def test_a_clock_that_is_off(host: Host) -> None:
    """Sooner than AWS refuses it."""
    ahead = FixedClock(datetime.now(UTC) + timedelta(minutes=10))
    finding = (await host.findings(clock=ahead))["Clock"]
    assert not finding.works
    assert "ahead of AWS's" in finding.detail


async def test_aws_that_is_not_reached(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is said of the clock then."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    findings = await host.findings()
    assert not findings["AWS"].works
    assert "Clock" not in findings


async def test_a_proxy_is_named_without_its_password(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    """Host and port."""
    monkeypatch.setenv("HTTPS_PROXY", "http://user:password@proxy.example:3128")
    detail = (await host.findings())["AWS"].detail
    assert "proxy.example:3128" in detail
    assert "password" not in detail


@pytest.mark.parametrize(
    ("status", "manifest", "said"),
    [
        (502, {}, "the answer is 502"),
        (200, ["another program"], "no tick_url"),
        (200, {"data": {"tick_url": "https://elsewhere.example/tick"}}, "not below this address"),
    ],
)
async def test_an_address_that_leads_elsewhere(status: int, manifest: object, said: str, host: Host) -> None:
    """What answers there is not this service."""
    host.status, host.manifest = status, manifest
    assert said in (await host.findings())["Manifest"].detail


async def test_an_address_that_leads_nowhere(host: Host) -> None:
    """And one that is not set is no failure."""
    host.config = replace(host.config, public_url="http://127.0.0.1:1")
    assert not (await host.findings())["Public URL"].works
    host.config = replace(host.config, public_url=None)
    assert (await host.findings())["Public URL"].works


async def test_the_command(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    """Exit code 0 when all is well, else 3; no cent is spoken of."""
    monkeypatch.setattr("entrypoints.logs.configure_logs", lambda *_, **__: None)
    monkeypatch.setenv("SPEND_MONITOR_STATE_URL", host.config.state_url)
    monkeypatch.setenv("SPEND_MONITOR_PUBLIC_URL", host.config.public_url or "")
    result = await asyncio.to_thread(CliRunner().invoke, main, ["doctor", "--host"])
    assert (result.exit_code, result.stderr) == (0, "")
    monkeypatch.setattr(host_check, "CLOCK_MAY_BE_OFF", timedelta(seconds=-1))
    assert (await asyncio.to_thread(CliRunner().invoke, main, ["doctor", "--host"])).exit_code == 3
