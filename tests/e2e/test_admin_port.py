"""The operator's own port: of the service, of several processes, of a worker alone."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from entrypoints.serve import url_of
from tests.doubles import forks
from tests.doubles.storm import Sender, storm


def free_port() -> int:
    """A port that is free now."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port: int = free.getsockname()[1]
    return port


async def get(url: str) -> tuple[int, Any]:
    """Status and content."""
    async with aiohttp.ClientSession() as client, client.get(url) as answer:
        is_json = "json" in answer.content_type
        return answer.status, await answer.json(content_type=None) if is_json else await answer.text()


async def test_metrics_ready_and_schema_have_a_port_of_their_own(tmp_path: Path) -> None:
    """They answer there and nowhere else, and nothing else answers there; processes share it."""
    admin = f"http://127.0.0.1:{(port := free_port())}"
    variables = {"SPEND_MONITOR_ADMIN_PORT": str(port)}
    arguments = ("serve", "--port", "0", "--workers", "2")
    async with storm() as outside:
        variables["AWS_ENDPOINT_URL"] = outside.url
        async with forks.running(*arguments, folder=tmp_path, **variables) as served:
            await served.wait_for("admin_listening")
            await Sender(served.url).send([outside.tick("c1", 1)])
            await outside.wait_for(["c1"])
            await served.wait_for("tick_told")
            assert [(await get(served.url + path))[0] for path in ("/ready", "/metrics", "/schema")] == [
                404
            ] * 3
            assert await get(f"{admin}/ready") == (
                200,
                {"status": "ready", "storage": "ready", "worker": "ready", "aws": "ready"},
            )
            assert "spend_monitor_paid_requests_total 1.0" in (await get(f"{admin}/metrics"))[1]
            paths = (await get(f"{admin}/schema"))[1]["paths"]
            assert set(paths) >= {"/tick", "/integration", "/health", "/ready"}
            for path in ("/tick", "/", "/integration"):
                assert (await get(admin + path))[0] == 404
        assert served.process.returncode == 0


async def test_a_worker_says_how_it_is(tmp_path: Path) -> None:
    """``worker --port`` answers ``/health``, ``/ready`` and ``/metrics``, and nothing else."""
    async with storm() as outside:
        door = await forks.start("serve", "--port", "0", "--no-worker", folder=tmp_path)
        worker = await forks.start("worker", "--port", "0", folder=tmp_path, AWS_ENDPOINT_URL=outside.url)
        url = (await worker.wait_for("admin_listening"))[0]["urls"][0]
        await Sender(door.url).send([outside.tick("c1", 1)])
        await outside.wait_for(["c1"])
        await worker.wait_for("tick_told")
        assert (await get(f"{url}/health"))[0] == 200
        assert (await get(f"{url}/ready"))[1]["worker"] == "ready"
        assert 'ticks_answered_total{outcome="told"} 1.0' in (await get(f"{url}/metrics"))[1]
        assert (await get(f"{url}/schema"))[0] == 404
        assert [await door.stop(), await worker.stop()] == [0, 0]


@pytest.mark.parametrize("which", ["public", "operator"])
async def test_a_port_that_is_taken_is_said(which: str, tmp_path: Path) -> None:
    """Nothing is served without what the operator has asked for."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        public, own = (port, {}) if which == "public" else ("0", {"SPEND_MONITOR_ADMIN_PORT": port})
        code, _, err = await forks.run("serve", "--port", public, folder=tmp_path, **own)
    assert code == 3
    assert f'"port":{port}' in err
    assert "in use" in err


@pytest.mark.parametrize(
    ("host", "url"), [("127.0.0.1", "http://127.0.0.1:8000"), ("::1", "http://[::1]:8000")]
)
def test_an_address_that_is_logged_can_be_opened(host: str, url: str) -> None:
    """An IPv6 address stands in brackets in a URL."""
    assert url_of(host, 8000) == url
