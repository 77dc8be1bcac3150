"""The database, its disk or its thread goes away under the service: it is noticed, and mended."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import sqlite3
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from adapters.state import sqlite
from adapters.state.sqlite import engine as engines
from adapters.state.sqlite import open_sqlite_state
from adapters.state.sqlite.engine import Engine, open_engine
from adapters.state.sqlite.store import SqliteStore
from application.errors import StorageUnavailable
from tests.contract.states import a_tick
from tests.doubles.fakes.clock import FixedClock

HOUR = timedelta(hours=1)
PATIENCE = 10.0
ALL = ("", "-wal", "-shm")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Of the database."""
    return tmp_path / "state.db"


@pytest.fixture
async def engine(path: Path) -> AsyncIterator[Engine]:
    """An engine on a new file, which does not wait long for locks."""
    async with open_engine(path, busy_timeout=0.05) as opened:
        yield opened


@pytest.fixture
def store(engine: Engine) -> SqliteStore:
    """Something to write with."""
    return SqliteStore(engine, FixedClock())


def delete(path: Path, *suffixes: str) -> None:
    """As somebody does who tidies up."""
    for suffix in suffixes:
        path.with_name(path.name + suffix).unlink()


def kept(path: Path) -> list[str]:
    """What the next process finds that opens the file."""
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        return [key for (key,) in connection.execute("SELECT key FROM stored ORDER BY key")]


async def keep(store: SqliteStore, key: str) -> int:
    """Put one value, as often as it takes; return how often it was refused."""
    refused = 0
    async with asyncio.timeout(PATIENCE):
        while True:
            try:
                await store.put(key, b"", HOUR)
            except StorageUnavailable:
                refused += 1
                await asyncio.sleep(0)  # a refusal may come at once, and the time has to run out
            else:
                return refused


@pytest.mark.parametrize("gone", [("",), ("-wal",), ("-shm", "-wal"), ALL], ids="+".join)
async def test_deleted(path: Path, store: SqliteStore, gone: tuple[str, ...]) -> None:
    """The next write is refused, the one after it is kept, and so is all that had been."""
    await store.put("before", b"", HOUR)
    delete(path, *gone)
    refused = await keep(store, "since")
    assert (refused, kept(path)) == (1, ["before", "since"])


@pytest.mark.parametrize("gone", [("",), ("-wal",), ALL], ids="+".join)
async def test_deleted_under_several_processes(path: Path, gone: tuple[str, ...]) -> None:
    """Whatever any of them was told is kept is there afterwards, and the file is whole."""

    async def fill(store: SqliteStore, name: str) -> list[str]:
        keys = [f"{name}-{number:03}" for number in range(120)]
        for number, key in enumerate(keys):
            if (name, number) in {("a", 40), ("b", 80)}:
                delete(path, *(suffix for suffix in gone if path.with_name(path.name + suffix).exists()))
            await keep(store, key)
        return keys

    async with contextlib.AsyncExitStack() as stack:
        opened = [await stack.enter_async_context(open_engine(path)) for _ in range(3)]
        stores = [SqliteStore(each, FixedClock()) for each in opened]
        filled = await asyncio.gather(*[fill(store, name) for store, name in zip(stores, "abc", strict=True)])
    assert sorted(key for keys in filled for key in keys) == kept(path)


async def test_nothing_is_read_from_what_is_gone(path: Path, store: SqliteStore) -> None:
    """A read says so too: it would tell what nobody else sees."""
    await store.put("key", b"value", HOUR)
    delete(path, *ALL)
    with pytest.raises(StorageUnavailable, match="taken away"):
        await store.get("key")
    assert await store.get("key") == b"value"


async def test_replaced(path: Path, store: SqliteStore) -> None:
    """Whoever moves a backup into its place gets what is in the backup, and no old log on top of it."""
    await store.put("in the backup", b"", HOUR)
    backup = path.with_name("backup.db")
    with closing(sqlite3.connect(path)) as other:
        other.execute("VACUUM INTO ?", (str(backup),))
    await store.put("not in it", b"", HOUR)
    backup.replace(path)
    await keep(store, "since")
    assert kept(path) == ["in the backup", "since"]


async def test_replaced_by_something_else(path: Path, store: SqliteStore) -> None:
    """What is no database of ours is refused and left alone."""
    await store.put("key", b"", HOUR)
    path.with_name("other").write_bytes(b"no database" * 1000)
    path.with_name("other").replace(path)
    with pytest.raises(StorageUnavailable, match="taken away"):
        await store.put("key", b"", HOUR)
    with pytest.raises(StorageUnavailable, match="damaged, or no SQLite database"):
        await store.put("key", b"", HOUR)
    assert path.read_bytes() == b"no database" * 1000  # noqa: ASYNC240  # nothing else runs here


async def test_the_folder_is_away_for_a_while(path: Path, store: SqliteStore) -> None:
    """While there is nowhere to write, writes are refused; then everything is there again."""
    await store.put("before", b"", HOUR)
    folder = path.parent.rename(path.parent.with_name("elsewhere"))
    for file in folder.iterdir():
        file.unlink()
    for _ in range(3):
        with pytest.raises(StorageUnavailable):
            await store.put("meanwhile", b"", HOUR)
    folder.rename(path.parent)
    await keep(store, "since")
    assert kept(path) == ["before", "since"]


async def test_noticed_when_nobody_asks(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Housekeeping finds out within seconds, long before the next tick."""
    monkeypatch.setattr(sqlite, "HOUSEKEEPING_SECONDS", 0.0)
    async with open_sqlite_state(path, FixedClock(), 1000) as state:
        await state.inbox.put(a_tick(FixedClock().now()))
        with capture_logs() as events:
            delete(path, *ALL)
            async with asyncio.timeout(PATIENCE):
                while "database_restored" not in [event["event"] for event in events]:  # noqa: ASYNC110
                    await asyncio.sleep(0.001)
        assert (await state.inbox.depth()).unfinished == 1


@pytest.fixture
def stalled(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """The disk has stopped answering, until this is set."""
    monkeypatch.setattr(engines, "STALLED_SECONDS", 0.1)
    monkeypatch.setattr(engines, "WATCH_SECONDS", 0.01)
    stalls, answers = threading.Event(), threading.Event()

    def stall(_: sqlite3.Connection) -> None:
        stalls.set()
        answers.wait()

    engine.write(stall)
    stalls.wait()
    yield answers
    answers.set()


@pytest.mark.usefixtures("stalled")
async def test_a_disk_that_does_not_answer(engine: Engine, store: SqliteStore) -> None:
    """Who waits is told within seconds, and who comes later at once."""
    async with asyncio.timeout(PATIENCE):
        with pytest.raises(StorageUnavailable, match="the disk does not answer"):
            await store.put("waiting", b"", HOUR)
    with pytest.raises(StorageUnavailable, match="the disk does not answer"):
        engine.read(lambda _: None)


async def test_a_disk_that_answers_again(store: SqliteStore, stalled: threading.Event, path: Path) -> None:
    """All is well by itself; what had been refused is not done after all."""
    with pytest.raises(StorageUnavailable):
        await store.put("refused", b"", HOUR)
    stalled.set()
    await keep(store, "since")
    assert kept(path) == ["since"]


@pytest.mark.usefixtures("stalled")
async def test_closing_waits_for_no_disk(engine: Engine, store: SqliteStore) -> None:
    """Nor does whoever still waits for an answer."""
    waiting = asyncio.ensure_future(store.put("waiting", b"", HOUR))
    await asyncio.sleep(0)
    async with asyncio.timeout(PATIENCE):
        await engine.close()
        with pytest.raises(StorageUnavailable):
            await waiting


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
async def test_a_dead_thread(engine: Engine, store: SqliteStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who waits is told, another takes its place, and what was kept is there."""
    await store.put("before", b"", HOUR)

    def die(*_: object) -> None:
        monkeypatch.undo()
        raise SystemExit

    monkeypatch.setattr(engine, "_run", die)
    async with asyncio.timeout(PATIENCE):
        with pytest.raises(StorageUnavailable, match="its thread has died"):
            await store.put("lost", b"", HOUR)
    await keep(store, "since")
    assert (await store.get("before"), await store.get("lost")) == (b"", None)


async def test_a_disk_with_hardly_any_room(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is said before a tick is refused: a small write may still go well."""
    usage = shutil.disk_usage(path.parent)
    async with open_sqlite_state(path, FixedClock(), 1000) as state:
        await state.inbox.probe()
        monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=5000))
        with pytest.raises(StorageUnavailable, match="only 4 KiB are free"):
            await state.inbox.probe()
