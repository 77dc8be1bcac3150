"""What an operator does about ticks, when the disk is full too."""

# ruff: noqa: ASYNC240  # nothing else runs here

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from adapters.state.sqlite import engine, open_sqlite_state
from adapters.state.sqlite.reserve import RESERVED_BYTES, keep_reserve, release_reserve
from application.errors import StorageUnavailable
from application.notes import note_gone
from application.ports.work_queue import Progress, Why
from application.say_once import DESTINATION
from entrypoints.commands.inbox import purge, revive, show
from entrypoints.config import Config
from tests.contract.states import a_tick
from tests.doubles.fakes.clock import FixedClock


@pytest.fixture
async def config(tmp_path: Path) -> Config:
    """Of a service that has given up on three ticks and has stopped."""
    path = tmp_path / "state.db"
    async with open_sqlite_state(path, FixedClock(), 1000) as state:
        for _ in range(3):
            await state.inbox.put(a_tick(FixedClock().now()))
        for lease in await state.inbox.lease(3, 0):
            await state.inbox.give_up(lease, "refused")
    return Config(state_url=f"sqlite:///{path}")


@pytest.fixture
def reserve(config: Config) -> Path:
    """The file that keeps some room."""
    assert config.sqlite_path
    keep_reserve(config.sqlite_path)
    return config.sqlite_path.with_name("state.db.reserve")


@pytest.fixture
def _full_disk(reserve: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing can be written before the reserve is gone."""
    fail_writes(monkeypatch, reserve.exists)


def fail_writes(monkeypatch: pytest.MonkeyPatch, disk_is_full: Callable[[], bool]) -> None:
    """As SQLite does on a full disk."""
    run_all = engine._run_all

    def run(opened: Any, jobs: Any, begin: str) -> Any:
        if begin == engine.WRITE and disk_is_full():
            raise sqlite3.OperationalError("database or disk is full")
        return run_all(opened, jobs, begin)

    monkeypatch.setattr(engine, "_run_all", run)


async def test_what_a_tick_waits_for_is_listed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Whoever lists the inbox reads what a tick waits for, until when, and why."""
    path, tick = tmp_path / "state.db", a_tick(FixedClock().now())
    async with open_sqlite_state(path, FixedClock(), 1000) as state:
        await state.inbox.put(tick)
        [lease] = await state.inbox.lease(1, 0)
        reason, until = (
            "AWS has not published all of 2026-11-22 yet",
            datetime(2026, 11, 24, 0, 1, tzinfo=UTC),
        )
        await state.inbox.pause(lease, until, reason, Why.NEWS, Progress(looks=1))
    config = Config(state_url=f"sqlite:///{path}")
    await show(config, "table")
    row = " ".join(capsys.readouterr().out.split())
    assert f"paused {tick.accepted_at:%Y-%m-%d %H:%M:%S} 1 2026-11-24 00:01:00 news {reason}" in row
    await show(config, "json")
    [entry] = json.loads(capsys.readouterr().out)
    assert (entry["state"], entry["why"], entry["at"]) == ("paused", "news", "2026-11-24T00:01:00Z")


async def test_retry_calls_a_channel_that_was_gone_once_more(tmp_path: Path) -> None:
    """The operator knows better: whoever deleted the webhook may have put it back."""
    config = Config(state_url=f"sqlite:///{tmp_path / 'state.db'}")
    tick = a_tick(FixedClock().now())
    async with open_sqlite_state(tmp_path / "state.db", FixedClock(), 1000) as state:
        await state.inbox.put(tick)
        [lease] = await state.inbox.lease(1, 0)
        await state.inbox.give_up(lease, "channel-gone: The channel answered HTTP 404.")
        note = partial(note_gone, FixedClock().now().date())
        await state.ledger.update(tick.channel, DESTINATION, note)
    assert await revive(config, None) == 1
    async with open_sqlite_state(tmp_path / "state.db", FixedClock(), 1000) as state:
        assert (await state.ledger.read(tick.channel, DESTINATION)).failures == {}


async def test_purge_leaves_the_reserve_alone(config: Config, reserve: Path) -> None:
    """As long as it is not needed."""
    assert (await purge(config, None), reserve.stat().st_size) == (3, RESERVED_BYTES)


@pytest.mark.usefixtures("_full_disk")
async def test_purge_on_a_full_disk(config: Config, reserve: Path) -> None:
    """Room is made in the room that is kept for it."""
    assert (await purge(config, None), reserve.exists()) == (3, False)


@pytest.mark.usefixtures("_full_disk")
async def test_without_a_reserve(config: Config, reserve: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What cannot be done is said."""
    reserve.unlink()
    fail_writes(monkeypatch, lambda: True)
    with pytest.raises(StorageUnavailable, match="disk is full"):
        await purge(config, None)


class Usage(NamedTuple):
    """As ``shutil.disk_usage`` has it."""

    total: int
    used: int
    free: int


def test_no_reserve_where_there_is_little_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What little there is, is for the service."""
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(10**9, 10**9, RESERVED_BYTES))
    keep_reserve(tmp_path / "state.db")
    assert list(tmp_path.iterdir()) == []


async def test_the_reserve_empties_the_log(tmp_path: Path) -> None:
    """While the service goes on, its log gives its room back: that is more than the reserve."""
    path = tmp_path / "state.db"
    async with open_sqlite_state(path, FixedClock(), 1000) as state:
        keep_reserve(path)
        for _ in range(20):
            await state.inbox.put(a_tick(FixedClock().now(), size=20_000))
        before = path.with_name("state.db-wal").stat().st_size
        released = release_reserve(path)
        after = path.with_name("state.db-wal").stat().st_size
        assert (await state.inbox.depth()).unfinished == 20
    assert (released, before > 400_000, after) == (True, True, 0)
    assert not release_reserve(path)
