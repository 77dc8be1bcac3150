"""The database's thread: one commit for all, and what happens when the disk fails."""

from __future__ import annotations

import asyncio
import json
import sqlite3
import subprocess
import sys
import textwrap
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest

from adapters.state.sqlite import engine as engines
from adapters.state.sqlite.engine import Engine, open_engine
from adapters.state.sqlite.store import SqliteStore
from application.errors import StorageUnavailable
from tests.doubles.fakes.clock import FixedClock

HOUR = timedelta(hours=1)


@pytest.fixture
async def engine(tmp_path: Path) -> AsyncIterator[Engine]:
    """An engine on a new file, which does not wait long for locks."""
    async with open_engine(tmp_path / "state.db", busy_timeout=0.05) as opened:
        yield opened


@pytest.fixture
def store(engine: Engine) -> SqliteStore:
    """Something to write with."""
    return SqliteStore(engine, FixedClock())


async def test_one_commit_for_all_who_wait(engine: Engine, store: SqliteStore) -> None:
    """Many writes at the same time share few commits, and so few syncs of the disk."""
    statements: list[str] = []
    await engine.read(lambda connection: connection.set_trace_callback(statements.append))
    await asyncio.gather(*[store.put(f"key-{number}", b"", HOUR) for number in range(200)])
    await engine.read(lambda connection: connection.set_trace_callback(None))
    assert 1 <= statements.count("COMMIT") <= 20


async def test_syncs_on_every_commit(engine: Engine) -> None:
    """A commit returns when the disk has it: write-ahead log, synchronous FULL."""
    modes = await engine.read(
        lambda connection: [
            connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("journal_mode", "synchronous")
        ]
    )
    assert modes == ["wal", 2]


async def test_writes_no_temporary_files(engine: Engine) -> None:
    """What a statement may have to undo is kept in memory."""
    kept_in = await engine.read(lambda connection: connection.execute("PRAGMA temp_store").fetchone())
    assert kept_in == (2,)


async def test_reads_lock_the_file_once(engine: Engine, store: SqliteStore) -> None:
    """Many reads at the same time are one transaction."""
    statements: list[str] = []
    await engine.read(lambda connection: connection.set_trace_callback(statements.append))
    await asyncio.gather(*[store.get(f"key-{number}") for number in range(200)])
    await engine.read(lambda connection: connection.set_trace_callback(None))
    assert 1 <= statements.count("BEGIN") <= 20


async def test_a_write_is_seen_by_others_when_it_returns(engine: Engine, store: SqliteStore) -> None:
    """No result comes before its commit."""
    await store.put("key", b"value", HOUR)
    with sqlite3.connect(engine.path) as other:
        row = other.execute("SELECT value FROM stored WHERE key = 'key'").fetchone()
    other.close()
    assert row == (b"value",)


async def test_an_error_of_one_job_is_its_own(engine: Engine, store: SqliteStore) -> None:
    """A job that fails for a reason of its own takes no other down."""
    outcomes = await asyncio.gather(
        store.put("before", b"", HOUR),
        engine.write(lambda _: 1 // 0),
        store.put("a lone surrogate: \ud800", b"", HOUR),
        store.put("after", b"", HOUR),
        return_exceptions=True,
    )
    kinds = [type(outcome) for outcome in outcomes]
    assert kinds == [type(None), ZeroDivisionError, UnicodeEncodeError, type(None)]
    assert (await store.get("before"), await store.get("after")) == (b"", b"")


@asynccontextmanager
async def held(engine: Engine) -> AsyncIterator[None]:
    """What is asked for meanwhile is one batch."""

    def keep_busy(_: sqlite3.Connection) -> None:
        busy.set()
        go_on.wait()

    busy, go_on = threading.Event(), threading.Event()
    engine.read(keep_busy)
    await asyncio.to_thread(busy.wait)
    yield
    await asyncio.sleep(0)
    go_on.set()


@pytest.mark.parametrize(("jobs", "rest"), [(1, 0), (2, 0.001), (50, 0.005)])
async def test_the_more_come_together_the_longer_more_are_waited_for(
    jobs: int, rest: float, engine: Engine, store: SqliteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Few ticks do not wait as a crowd does, for which fewer commits are worth it."""
    rests: list[float] = []
    monkeypatch.setattr(engines, "time", SimpleNamespace(monotonic=lambda: 0.0, sleep=rests.append))
    async with held(engine):
        batch = asyncio.gather(*(store.get(str(number)) for number in range(jobs)))
    await batch
    await store.get("next")
    assert rests[-1] == rest


async def test_a_failure_of_the_storage_fails_the_whole_batch(engine: Engine, store: SqliteStore) -> None:
    """When the transaction is lost, nobody is told that his write was kept."""

    def fail(_: sqlite3.Connection) -> None:
        raise sqlite3.OperationalError("disk I/O error")

    async with held(engine):
        writes = [store.put("before", b"", HOUR), engine.write(fail), store.put("after", b"", HOUR)]
        batch = asyncio.gather(*writes, return_exceptions=True)
    outcomes = await batch
    assert {type(outcome) for outcome in outcomes} == {StorageUnavailable}
    assert (await store.get("before"), await store.get("after")) == (None, None)


async def test_a_locked_file(engine: Engine, store: SqliteStore) -> None:
    """While another holds the file for too long, writes fail and reads work; afterwards all does."""
    other = sqlite3.connect(engine.path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StorageUnavailable, match="locked"):
        await store.put("key", b"value", HOUR)
    missing = await store.get("key")
    other.execute("ROLLBACK")
    other.close()
    await store.put("key", b"value", HOUR)
    assert (missing, await store.get("key")) == (None, b"value")


async def test_a_read_only_disk(engine: Engine, store: SqliteStore) -> None:
    """What cannot be written says so, and is tried anew with the next write."""
    await engine.read(lambda connection: connection.execute("PRAGMA query_only = ON"))
    with pytest.raises(StorageUnavailable, match="readonly"):
        await store.put("key", b"value", HOUR)
    await store.put("key", b"value", HOUR)
    assert await store.get("key") == b"value"


async def test_a_file_that_cannot_grow(engine: Engine, store: SqliteStore) -> None:
    """A full database fails the write that does not fit and keeps all that was there."""
    await store.put("small", b"small", HOUR)
    await engine.read(lambda connection: connection.execute("PRAGMA max_page_count = 1"))
    with pytest.raises(StorageUnavailable, match="full"):
        await store.put("large", bytes(10**6), HOUR)
    assert (await store.get("small"), await store.get("large")) == (b"small", None)


FULL_DISK = """
    import asyncio, json, resource, sys
    from datetime import UTC, datetime, timedelta
    from pathlib import Path
    from adapters.state.sqlite import open_sqlite_state
    from application.errors import StorageUnavailable
    from tests.doubles.fakes.clock import FixedClock

    async def attempt(call):
        try:
            await call
        except StorageUnavailable as error:
            return str(error)
        return "stored"

    async def main():
        async with open_sqlite_state(Path(sys.argv[1]), FixedClock(), 100) as state:
            put = lambda key: attempt(state.store.put(key, b"value", timedelta(hours=1)))
            said = [await put("before")]
            limits = resource.getrlimit(resource.RLIMIT_FSIZE)
            resource.setrlimit(resource.RLIMIT_FSIZE, (0, limits[1]))
            said += [await put("full"), await put("still full"), await attempt(state.inbox.probe())]
            resource.setrlimit(resource.RLIMIT_FSIZE, limits)
            said += [await put("after"), await attempt(state.inbox.probe())]
            kept = [key for key in ("before", "full", "still full", "after") if await state.store.get(key)]
            print(json.dumps([said, kept]))

    asyncio.run(main())
"""


def test_a_full_disk(tmp_path: Path) -> None:
    """While nothing can be written every write and the probe say so; when it can, all is well by itself."""
    command = [sys.executable, "-c", textwrap.dedent(FULL_DISK), str(tmp_path / "state.db")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 0, done.stderr
    said, kept = json.loads(done.stdout)
    assert [text if text == "stored" else "failed" for text in said] == [
        "stored",
        "failed",
        "failed",
        "failed",
        "stored",
        "stored",
    ]
    assert kept == ["before", "after"]


async def test_a_job_without_a_caller(engine: Engine, store: SqliteStore) -> None:
    """A caller who has gone is not missed, and harms nobody."""
    put = asyncio.create_task(store.put("key", b"value", HOUR))
    await asyncio.sleep(0)
    put.cancel()
    await asyncio.wait([put])
    await engine.write(lambda _: None)
    assert put.cancelled()


async def test_closing_finishes_what_was_asked_for(tmp_path: Path) -> None:
    """What was handed over before the end is done, what comes later is refused."""
    async with open_engine(tmp_path / "state.db") as engine:
        store = SqliteStore(engine, FixedClock())
        puts = [asyncio.create_task(store.put(f"key-{number}", b"", HOUR)) for number in range(50)]
        await asyncio.sleep(0)
    with pytest.raises(StorageUnavailable, match="closed"):
        await store.put("late", b"", HOUR)
    await asyncio.gather(*puts)
    with sqlite3.connect(tmp_path / "state.db") as connection:
        assert connection.execute("SELECT count(*) FROM stored").fetchone() == (50,)
    connection.close()
