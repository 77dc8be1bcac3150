"""Leases over several processes: dead ones, living ones, and workers that go away."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import subprocess
import sys
import textwrap
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from adapters.clock import SystemClock
from adapters.state import sqlite, waiting
from adapters.state.sqlite import open_sqlite_state, ticks
from adapters.state.sqlite.inbox import SqliteInbox
from adapters.state.state import State
from application.ports.work_queue import Lease, Why
from tests.contract.inboxes import FAILED
from tests.contract.states import a_tick
from tests.doubles.fakes.clock import FixedClock

WORKER = """
    import asyncio, sys
    from pathlib import Path
    from adapters.clock import SystemClock
    from adapters.state.sqlite import open_sqlite_state

    async def main():
        async with open_sqlite_state(Path(sys.argv[1]), SystemClock(), 1000) as state:
            {body}
    asyncio.run(main())
"""

HOLD_EVERYTHING = """
            leases = await state.inbox.lease(1000, 10)
            print(len(leases), flush=True)
            await asyncio.Event().wait()
"""

WORK = """
            for _ in sys.stdin:
                leases = await state.inbox.lease(7, 0)
                print(*[lease.tick.id for lease in leases], flush=True)
                await asyncio.gather(*map(state.inbox.acknowledge, leases))
"""

FILL = """
            from tests.contract.states import a_tick
            now = SystemClock().now()
            puts = [state.inbox.put(a_tick(now, twin=f"{sys.argv[2]}-{n}")) for n in range(50)]
            print(sum(await asyncio.gather(*puts)))
"""


@contextlib.contextmanager
def process(body: str, path: Path, *args: str) -> Iterator[subprocess.Popen[str]]:
    """Another process on the same file; killed in the end."""
    code = textwrap.dedent(WORKER.format(body=body.strip()))
    command = [sys.executable, "-c", code, str(path), *args]
    running = subprocess.Popen(command, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        yield running
    finally:
        running.kill()
        running.communicate()


def said(running: subprocess.Popen[str]) -> str:
    """The next line of what the process prints."""
    assert running.stdout is not None
    return running.stdout.readline().strip()


async def fill(state: State, count: int) -> None:
    """Put so many ticks."""
    now = SystemClock().now()
    await asyncio.gather(*[state.inbox.put(a_tick(now)) for _ in range(count)])


def locks(folder: Path) -> list[str]:
    """The lock files there."""
    return [path.name for path in folder.glob("state.db.lock-*")]


async def test_a_killed_process_leaves_its_ticks_to_the_next(tmp_path: Path) -> None:
    """What a killed process had leased is there at once for the next one, long before the leases expire."""
    path = tmp_path / "state.db"
    async with open_sqlite_state(path, SystemClock(), 1000) as state:
        await fill(state, 20)
    with process(HOLD_EVERYTHING, path) as worker:
        held = said(worker)
        worker.send_signal(signal.SIGKILL)
        worker.wait()
    async with open_sqlite_state(path, SystemClock(), 1000) as state:
        leases = await state.inbox.lease(100, 0)
        assert ("20", 20, {2}) == (held, len(leases), {lease.attempt for lease in leases})
        assert len(locks(tmp_path)) == 1


async def test_a_process_that_dies_while_others_live(tmp_path: Path) -> None:
    """A living process's ticks are its own; when it is killed, the others find out and go on with them."""
    path = tmp_path / "state.db"
    async with open_sqlite_state(path, SystemClock(), 1000) as state:
        assert isinstance(state.inbox, SqliteInbox)
        await fill(state, 5)
        with process(HOLD_EVERYTHING, path) as worker:
            said(worker)
            await state.inbox.give_back_orphans()
            while_alive = await state.inbox.lease(10, 0)
            worker.send_signal(signal.SIGKILL)
            worker.wait()
            waiting = asyncio.create_task(state.inbox.lease(10, 60))
            await asyncio.sleep(0)
            await state.inbox.give_back_orphans()
            assert (len(while_alive), len(await waiting)) == (0, 5)


async def test_two_processes_share_the_work(tmp_path: Path) -> None:
    """Every tick is worked on by one of two processes, none by both."""
    path = tmp_path / "state.db"
    async with open_sqlite_state(path, SystemClock(), 1000) as state:
        await fill(state, 140)
    leased: Counter[str] = Counter()
    with process(WORK, path) as one, process(WORK, path) as two:
        for _ in range(10):
            for worker in (one, two):
                assert worker.stdin is not None
                worker.stdin.write("go\n")
                worker.stdin.flush()
            leased.update(said(one).split() + said(two).split())
    assert (len(leased), set(leased.values())) == (140, {1})


async def test_processes_that_start_together(tmp_path: Path) -> None:
    """Any number of processes may make the file at the same time; all of their ticks are in it."""
    path = tmp_path / "state.db"
    with contextlib.ExitStack() as stack:
        started = [stack.enter_context(process(FILL, path, str(number))) for number in range(3)]
        stored = [(await asyncio.to_thread(each.communicate))[0].strip() for each in started]
    async with open_sqlite_state(path, SystemClock(), 1000) as state:
        assert (stored, (await state.inbox.depth()).unfinished) == (["50"] * 3, 150)


async def test_closing_gives_leases_back(tmp_path: Path) -> None:
    """What is left when a process stops is there at once for the others, and its lock file is gone."""
    path = tmp_path / "state.db"
    async with open_sqlite_state(path, SystemClock(), 1000) as staying:
        async with open_sqlite_state(path, SystemClock(), 1000) as leaving:
            await fill(leaving, 3)
            await leaving.inbox.lease(3, 0)
        assert (len(await staying.inbox.lease(3, 0)), len(locks(tmp_path))) == (3, 1)


async def test_one_inbox_of_many_in_a_process_closes(tmp_path: Path) -> None:
    """Two inboxes of one process are two owners: that one closes frees nothing of the other's."""
    path = tmp_path / "state.db"
    async with open_sqlite_state(path, SystemClock(), 1000) as first:
        await fill(first, 3)
        await first.inbox.lease(3, 0)
        async with open_sqlite_state(path, SystemClock(), 1000) as second:
            while_both = await second.inbox.lease(3, 0)
        async with open_sqlite_state(path, SystemClock(), 1000) as third:
            assert (while_both, await third.inbox.lease(3, 0)) == ([], [])


async def test_a_worker_that_goes_away_while_it_leases(tmp_path: Path) -> None:
    """Ticks that were leased for somebody who no longer waits are put back, as if they had not been."""
    async with open_sqlite_state(tmp_path / "state.db", FixedClock(), 1000) as state:
        await fill(state, 4)
        gone = asyncio.create_task(state.inbox.lease(4, 60))
        await asyncio.sleep(0)  # the database's thread has been asked
        gone.cancel()
        await asyncio.wait([gone])
        leases = await state.inbox.lease(4, 10)
        assert (gone.cancelled(), [lease.attempt for lease in leases]) == (True, [1] * 4)


async def test_lock_files_that_cannot_be_opened(tmp_path: Path) -> None:
    """One that cannot be opened stops no start, is logged once, and hides no dead owner."""
    path = tmp_path / "state.db"
    for name in ("0", "z"):  # a folder cannot be opened for writing, whoever runs this
        (tmp_path / f"state.db.lock-{name}").mkdir()
    with capture_logs() as events:
        async with open_sqlite_state(path, SystemClock(), 1000) as state:
            assert isinstance(state.inbox, SqliteInbox)
            await fill(state, 5)
            with process(HOLD_EVERYTHING, path) as worker:
                said(worker)
                worker.send_signal(signal.SIGKILL)
                worker.wait()
            await state.inbox.give_back_orphans()
            leases = await state.inbox.lease(10, 0)
    assert ([event["event"] for event in events], len(leases)) == (["lock_file_skipped"] * 2, 5)


async def test_housekeeping_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A chore that fails is logged once, is tried again, and does not keep the others from being done."""
    monkeypatch.setattr(sqlite, "HOUSEKEEPING_SECONDS", 0.0)
    tries, tidied = 0, 0

    async def fail(_: SqliteInbox) -> None:
        nonlocal tries
        tries += 1
        if tries > 1:  # not at the start
            raise RuntimeError("a defect")

    def count_tidying(*_: object) -> bool:
        nonlocal tidied
        tidied += 1
        return False

    monkeypatch.setattr(SqliteInbox, "give_back_orphans", fail)
    monkeypatch.setattr(sqlite, "tidy", count_tidying)
    with capture_logs() as events:
        async with open_sqlite_state(tmp_path / "state.db", FixedClock(), 1000), asyncio.timeout(10):
            while min(tries, tidied) < 5:  # noqa: ASYNC110  # two counters, no event
                await asyncio.sleep(0.001)
    assert [event["event"] for event in events] == ["housekeeping_failed"]


async def test_news_is_not_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker hears of what happens in its own process at once, not when it looks again."""
    monkeypatch.setattr(waiting, "POLL_SECONDS", 60.0)
    clock = FixedClock()
    async with open_sqlite_state(tmp_path / "state.db", clock, 1000) as state:

        async def lease_after(event: Callable[[], Awaitable[object]]) -> Lease:
            async with asyncio.timeout(10):
                waiting = asyncio.create_task(state.inbox.lease(1, 60))
                await asyncio.sleep(0)
                await state.inbox.probe()  # answered after the lease: that has looked, and waits
                await event()
                (lease,) = await waiting
                return lease

        put = await lease_after(lambda: state.inbox.put(a_tick(clock.now())))
        retried = await lease_after(
            lambda: state.inbox.pause(put, clock.now(), "stopped", Why.FAILURE, FAILED)
        )
        await state.inbox.give_up(retried, "refused")
        revived = await lease_after(state.inbox.revive)
    assert [put.attempt, retried.attempt, revived.attempt] == [1, 1, 1]


async def test_more_given_up_ticks_than_one_job_takes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Revived and purged in bites, all of them are, and those that stay hold up nobody."""
    monkeypatch.setattr(ticks, "BITE", 10)
    clock = FixedClock()
    async with open_sqlite_state(tmp_path / "state.db", clock, 1000, timedelta(minutes=2)) as state:
        twins = [a_tick(clock.now(), twin=f"twin-{number}") for number in range(35)]
        await asyncio.gather(*map(state.inbox.put, twins))
        for lease in await state.inbox.lease(100, 0):
            await state.inbox.give_up(lease, "refused")
        for number in range(12):
            await state.inbox.put(a_tick(clock.now(), twin=f"twin-{number}"))
        assert (await state.inbox.revive(), await state.inbox.purge()) == (23, 12)
