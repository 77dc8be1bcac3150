"""The service's own schedule, as an operator meets it: a file, signals, commands, and no Telex at all."""

from __future__ import annotations

import json
import signal
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from pathlib import Path

import aiohttp
import pytest

from tests.doubles import forks, service
from tests.doubles.aws import MotoAws, days, moto_aws
from tests.doubles.telex import LocalChannel, local_channel
from tests.doubles.watches import HOURLY, known_since_yesterday, variables

BROKEN = HOURLY.replace("threshold = 42", 'threshold = "lots"')


@pytest.fixture(scope="module")
def cloud() -> Iterator[MotoAws]:
    """One moto for all tests of this file: a day costs a little more than the budget."""
    with moto_aws() as server:
        server.bill(days(datetime.now(UTC).date(), *[{"Amazon EC2": "43.10"}] * 35))
        yield server


@pytest.fixture(scope="module")
def key(cloud: MotoAws) -> tuple[str, str]:
    """The service's own key."""
    return cloud.user("watcher")


@pytest.fixture
async def channel() -> AsyncIterator[LocalChannel]:
    """A chat of the test's own."""
    async with local_channel() as listening:
        yield listening


@pytest.fixture
def environment(
    tmp_path: Path, cloud: MotoAws, key: tuple[str, str], channel: LocalChannel
) -> dict[str, str]:
    """A service's, with one watch that tells the chat."""
    file = tmp_path / "watches.toml"
    file.write_text(HOURLY, encoding="utf-8")
    return variables(file, channel.slack_url("team"), cloud.url, key)


def written(environment: dict[str, str], text: str) -> None:
    """Change the file."""
    Path(environment["SPEND_MONITOR_WATCHES"]).write_text(text, encoding="utf-8")


def files_in(folder: Path) -> list[str]:
    """By name."""
    return sorted(path.name for path in folder.iterdir())


async def ready(running: service.Service) -> tuple[int, dict[str, str]]:
    """What ``/ready`` says."""
    async with aiohttp.ClientSession() as client, client.get(f"{running.url}/ready") as answer:
        return answer.status, json.loads(await answer.text())


@pytest.mark.parametrize("command", [("serve", "--port", "0", "--workers", "2"), ("worker",)])
async def test_a_watch_tells_its_chat_though_nobody_ticks(
    command: tuple[str, ...], tmp_path: Path, environment: dict[str, str], channel: LocalChannel
) -> None:
    """A time that was missed is made up for at the start, once, whatever runs and however often."""
    await known_since_yesterday(tmp_path, environment)
    async with forks.running(*command, folder=tmp_path, **environment) as running:
        (message,) = await channel.wait_for("team")
        await running.wait_for("tick_told")
    assert message["text"].startswith("🔔")
    assert "$43.10" in json.dumps(message), "as Slack is told"
    async with forks.running(folder=tmp_path, **environment) as again:
        await again.wait_for("watching")
        assert (await ready(again))[1]["watches"] == "ready"
    assert len(channel.received("team")) == 1
    code, listed, _ = await forks.run("watches", "list", folder=tmp_path, **environment)
    assert code == 0
    assert "production" in listed
    assert "exceeded, $43.10" in listed


async def test_a_changed_file_counts_at_once_on_a_hangup_and_a_broken_one_not_at_all(
    tmp_path: Path, environment: dict[str, str]
) -> None:
    """The one before it stays in force, the log says what is wrong, and ``/ready`` that something is."""
    async with forks.running(folder=tmp_path, **environment) as running:
        await running.wait_for("watching")
        written(environment, BROKEN)
        running.process.send_signal(signal.SIGHUP)
        (broken,) = await running.wait_for("watches_broken")
        assert broken["mistakes"][0].startswith('watches.toml:7: watch.production.threshold is "lots"')
        status, checks = await ready(running)
        assert (status, checks["watches"].partition(":")[0]) == (
            200,
            "ready, but the changed file is broken and the one before it in force",
        )
        written(environment, HOURLY.replace("production", "staging"))
        running.process.send_signal(signal.SIGHUP)
        (loaded,) = await running.wait_for("watches_loaded")
        assert loaded["watches"] == ["staging"]
        assert (await ready(running))[1]["watches"] == "ready"


@pytest.mark.parametrize("command", [("serve", "--port", "0"), ("watches", "check")])
async def test_a_file_with_mistakes_stops_the_start(
    command: tuple[str, ...], tmp_path: Path, environment: dict[str, str]
) -> None:
    """Each mistake is a line; nothing listens."""
    written(environment, BROKEN + 'spike_alert = "40"\n')
    code, out, err = await forks.run(*command, folder=tmp_path, **environment)
    said = [line for line in err.splitlines() if not line.startswith("{")]
    assert (code, out) == (2, "")
    assert [line.partition(" is ")[0] for line in said] == [
        "watches.toml:7: watch.production.threshold",
        "watches.toml:9: watch.production.spike_alert",
    ]


async def test_a_file_without_mistakes_is_said_to_be_good(
    tmp_path: Path, environment: dict[str, str]
) -> None:
    """With what fires next, and what does nothing; no database is made by looking."""
    written(environment, HOURLY + 'milestones = "50"\n')
    file = environment.pop("SPEND_MONITOR_WATCHES")
    code, out, _ = await forks.run("watches", "check", file, folder=tmp_path, **environment)
    assert code == 0
    assert "production: milestones does nothing with daily" in out
    assert f"{file}: 1 watch; production fires next, at " in out
    assert files_in(tmp_path) == ["watches.toml"]


async def test_a_watch_can_be_run_now(
    tmp_path: Path, environment: dict[str, str], channel: LocalChannel
) -> None:
    """It prints and delivers one look; its exit code is that of a check."""
    code, out, _ = await forks.run("watches", "run", "production", folder=tmp_path, **environment)
    assert code == 1, "exceeded"
    assert "$43.10" in out
    assert len(channel.received("team")) == 1
    code, _, err = await forks.run("watches", "run", "prod", folder=tmp_path, **environment)
    assert (code, "there is no watch 'prod'; there are production" in err) == (2, True)


async def test_a_look_that_reaches_no_chat_fails(
    tmp_path: Path, environment: dict[str, str], channel: LocalChannel
) -> None:
    """Exit code 3, one line, and no address in it."""
    channel.statuses = [400]
    code, _, err = await forks.run("watches", "run", "production", folder=tmp_path, **environment)
    assert code == 3
    assert "/services/" not in err
