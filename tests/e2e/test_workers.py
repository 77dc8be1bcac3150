"""``serve --workers``: several processes behind one address, on one SQLite file."""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path

import aiohttp
import pytest

from tests.doubles import forks, service
from tests.doubles.storm import Sender, storm


async def test_several_processes_share_the_address_the_state_and_the_work(tmp_path: Path) -> None:
    """Every tick is answered once, whichever process took it in; one that is killed is replaced."""
    async with storm() as outside:
        variables = {"AWS_ENDPOINT_URL": outside.url}
        arguments = ("serve", "--port", "0", "--workers", "2")
        async with service.running(*arguments, folder=tmp_path, **variables) as served:
            first, second = await served.wait_for("process_started", 2)
            await served.wait_for("listening", 2)
            os.kill(first["process"], signal.SIGKILL)
            assert (await served.wait_for("process_died"))[0]["process"] == first["process"]
            names = [f"c{n}" for n in range(50)]
            await Sender(served.url).send(outside.tick(name, n) for n, name in enumerate(names))
            await outside.wait_for(names)
            assert {len(each) for each in outside.messages.values()} == {1}
            third = (await served.wait_for("process_started", 3))[-1]
            await served.wait_for("listening", 3)
            assert third["process"] not in {first["process"], second["process"]}
        assert served.process.returncode == 0
        assert len(served.events("stopped")) == 2  # both of the living ended cleanly


async def test_metrics_are_those_of_all_processes(tmp_path: Path) -> None:
    """Whichever process is asked, the counters are the sum."""
    async with storm() as outside:
        variables = {"AWS_ENDPOINT_URL": outside.url}
        arguments = ("serve", "--port", "0", "--workers", "2")
        async with (
            service.running(*arguments, folder=tmp_path, **variables) as served,
            aiohttp.ClientSession(served.url, connector=aiohttp.TCPConnector(force_close=True)) as client,
        ):
            await served.wait_for("listening", 2)
            for n in range(20):  # each over a connection of its own, so that both processes get some
                async with client.post("/tick", json=outside.tick(f"c{n}", n)) as answer:
                    assert answer.status == 202
            async with client.get("/metrics") as answer:
                lines = (await answer.text()).splitlines()
            accepted = [line for line in lines if line.startswith("spend_monitor_ticks_accepted_total")]
            assert [line.rpartition(" ")[2] for line in accepted] == ["20.0"]


async def test_none_outlives_whoever_keeps_them(tmp_path: Path) -> None:
    """Else the port would be taken when it is started again."""
    served = await service.start("serve", "--port", "0", "--workers", "2", folder=tmp_path)
    await served.wait_for("listening", 2)
    async with asyncio.timeout(30):
        await served.stop(signal.SIGKILL)  # waits for the end of the log, which all of them write
    assert len(served.events("stopped")) == 2


async def test_what_cannot_start_ends_all(tmp_path: Path) -> None:
    """A file that is no database of ours is said once, and not tried again for ever."""
    (tmp_path / "spend-monitor.db").write_bytes(b"not a database" * 100)
    async with asyncio.timeout(30):
        code, _, err = await forks.run("serve", "--port", "0", "--workers", "2", folder=tmp_path)
    assert code == 3
    assert "is damaged, or no SQLite database" in err


@pytest.mark.parametrize(
    ("workers", "state", "complaint"),
    [("0", "", "accepted is a number"), ("many", "", "or auto"), ("2", "memory://", "processes can share")],
)
async def test_a_wrong_number_is_wrong_usage(
    workers: str, state: str, complaint: str, tmp_path: Path
) -> None:
    """One line, exit code 2."""
    code, _, err = await forks.run(
        "serve", "--workers", workers, folder=tmp_path, SPEND_MONITOR_STATE_URL=state
    )
    assert (code, complaint in err) == (2, True)
