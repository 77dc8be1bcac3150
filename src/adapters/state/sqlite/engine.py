"""One thread that owns the database, and one commit for all who wait."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from queue import SimpleQueue
from threading import Thread
from typing import Any, NamedTuple, TypeVar, TypeVarTuple

import structlog

from adapters.state.sqlite.files import DatabaseFiles
from adapters.state.sqlite.schema import connect, inspect
from application.errors import StorageUnavailable

log = structlog.get_logger()

T = TypeVar("T")
Ts = TypeVarTuple("Ts")

MOST_JOBS_PER_COMMIT = 1000
"""Bounds how long the first caller of a batch waits for the last."""

REST_SECONDS = 0.0005
"""After a batch of several jobs, for each of them, while more gather: a commit costs much the same for one as
for a hundred. Jobs that come one by one never wait for that, and those of a few ticks not for long."""

LONGEST_REST_SECONDS = 0.005

STALLED_SECONDS = 3.0
"""Beyond the time that a batch may wait for a lock. No disk takes so long: it has stopped answering."""

WATCH_SECONDS = 0.5

READ = "BEGIN"
"""So many reads at once lock the file once, not each for itself."""

WRITE = "BEGIN IMMEDIATE"

_deserted: list[sqlite3.Connection] = []
"""Connections to files that were taken away, which must not be closed while others use what is there now."""


class _Job(NamedTuple):
    future: asyncio.Future[Any]
    writes: bool
    function: Callable[..., Any]
    args: tuple[Any, ...]


class _Outcome(NamedTuple):
    future: asyncio.Future[Any]
    result: Any
    error: Exception | None = None


class _Opened(NamedTuple):
    connection: sqlite3.Connection
    files: DatabaseFiles


@contextlib.asynccontextmanager
async def open_engine(path: Path, busy_timeout: float = 5) -> AsyncIterator[Engine]:
    """Check and open the file, and close it in the end, when all that was asked for is done.

    Args:
        path: The database; made if there is none.
        busy_timeout: Seconds to wait while another process writes.

    Raises:
        StateRefused: The file is damaged, of a newer version, or none of ours. It is left as it is.
        StorageUnavailable: It cannot be opened or written.
    """
    engine = Engine(path, busy_timeout)
    watch = None
    try:
        await engine.read(lambda _: None)
        watch = asyncio.create_task(engine.watch(), name="sqlite watch")
        yield engine
    finally:
        if watch:
            watch.cancel()
        await engine.close()


class Engine:
    """Runs jobs, which are functions of the connection, in the database's own thread.

    The thread takes all jobs that wait, runs them in one transaction, commits, which syncs once, and only
    then answers them all. When the storage fails, the transaction is rolled back and every job of the batch
    fails with StorageUnavailable. The next batch opens the file anew, so all is well again when the disk is.

    Nobody waits for a disk that has stopped answering: its jobs fail, and so does whatever comes until it
    answers again. What it had been given may then still be kept, so a failed write may have been one.

    Args:
        path: The database.
        busy_timeout: Seconds to wait while another process writes.
    """

    def __init__(self, path: Path, busy_timeout: float) -> None:
        self.path = path
        self._busy_timeout = busy_timeout
        self._loop = asyncio.get_running_loop()
        self._jobs: SimpleQueue[_Job | None] = SimpleQueue()
        self._unanswered: set[asyncio.Future[Any]] = set()
        self._closing = False
        self._stopped = self._loop.create_future()
        self._inspected = False
        self._opened: _Opened | None = None
        self._began: float | None = None
        self._rests_until = 0.0
        self._start_thread()

    def read(self, function: Callable[[sqlite3.Connection, *Ts], T], *args: *Ts) -> asyncio.Future[T]:
        """Run a function that changes nothing; it waits for no commit of its own batch."""
        return self._submit(function, args, writes=False)

    def write(self, function: Callable[[sqlite3.Connection, *Ts], T], *args: *Ts) -> asyncio.Future[T]:
        """Run a function inside the next transaction; its result comes when that is durable.

        An error of the function's own (none of SQLite's) reaches its caller only; the function raises it
        before it changes anything.
        """
        return self._submit(function, args, writes=True)

    async def watch(self) -> None:
        """Answer for the thread when it does not, for as long as this runs."""
        while True:
            await asyncio.sleep(WATCH_SECONDS)
            if not self._thread.is_alive():
                log.error("storage_thread_died")
                self._fail_all("its thread has died")
                self._opened = None  # which only that thread could use
                self._start_thread()
            elif self._is_stalled and self._unanswered:
                log.error("storage_stalled", path=str(self.path))
                self._fail_all("the disk does not answer")

    async def close(self) -> None:
        """Do all that was asked for, and close the file; but wait for no disk that does not answer."""
        if not self._closing:
            self._closing = True
            self._jobs.put(None)
        while not self._stopped.done() and self._thread.is_alive() and not self._is_stalled:
            await asyncio.wait([self._stopped], timeout=WATCH_SECONDS)
        self._fail_all("the disk does not answer")

    def _submit(
        self, function: Callable[..., Any], args: tuple[Any, ...], *, writes: bool
    ) -> asyncio.Future[Any]:
        if self._closing:
            raise StorageUnavailable("the state is closed")
        if self._is_stalled:
            raise StorageUnavailable("the SQLite file cannot be used: the disk does not answer")
        future = self._loop.create_future()
        self._unanswered.add(future)
        self._jobs.put(_Job(future, writes, function, args))
        return future

    @property
    def _is_stalled(self) -> bool:
        began = self._began
        return began is not None and time.monotonic() - began > self._busy_timeout + STALLED_SECONDS

    def _fail_all(self, problem: str) -> None:
        error = StorageUnavailable(f"the SQLite file cannot be used: {problem}")
        self._settle([_Outcome(future, None, error) for future in self._unanswered])

    def _settle(self, outcomes: list[_Outcome]) -> None:
        for future, result, error in outcomes:
            self._unanswered.discard(future)
            if future.done():  # its caller has gone
                continue
            if error is None:
                future.set_result(result)
            else:
                future.set_exception(error)

    def _start_thread(self) -> None:
        self._began = None
        self._thread = Thread(target=self._work, name="sqlite", daemon=True)
        self._thread.start()

    # What follows runs in the thread.

    def _work(self) -> None:
        try:
            self._work_off()
        finally:  # also when the thread dies: what is open is rolled back, and locks nobody out
            self._disconnect()
        self._tell(self._stopped.set_result, None)

    def _work_off(self) -> None:
        stopping = False
        while not stopping:
            batch = self._next_batch()
            stopping = batch[-1] is None
            # What failed while the disk did not answer is not begun any more.
            jobs = [job for job in batch if job and (not job.future.done() or job.future.cancelled())]
            self._run([job for job in jobs if not job.writes], READ)
            self._run([job for job in jobs if job.writes], WRITE)
            rest = min(len(batch) * REST_SECONDS, LONGEST_REST_SECONDS) if len(batch) > 1 else 0
            self._rests_until = time.monotonic() + rest

    def _next_batch(self) -> list[_Job | None]:
        batch = [self._jobs.get()]
        time.sleep(max(self._rests_until - time.monotonic(), 0))
        while len(batch) < MOST_JOBS_PER_COMMIT and not self._jobs.empty():
            batch.append(self._jobs.get_nowait())
        return batch

    def _run(self, jobs: list[_Job], begin: str) -> None:
        if not jobs:
            return
        self._began = time.monotonic()
        try:
            outcomes = _run_all(self._connected(), jobs, begin)
        except Exception as exc:  # noqa: BLE001  # whatever it is, nobody must wait for ever
            outcomes = [_Outcome(job.future, None, _unavailable(exc)) for job in jobs]
            self._leave()
        self._began = None
        self._tell(self._settle, outcomes)

    def _connected(self) -> _Opened:
        if not self._inspected:
            inspect(self.path)
            self._inspected = True
        if self._opened is None:
            with contextlib.ExitStack() as stack:
                connection = stack.enter_context(contextlib.closing(connect(self.path, self._busy_timeout)))
                self._opened = _Opened(connection, DatabaseFiles(self.path))
                stack.pop_all()  # it stays open
        return self._opened

    def _leave(self) -> None:
        """Let the next batch open the file anew, once what this connection alone still has is in safety."""
        if self._opened is None:
            return
        connection, files = self._opened
        # Tried again after the next batch, whatever it is: what only this thread has open must not be lost.
        with contextlib.suppress(Exception):
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            if files.mend(connection):
                self._disconnect()
            else:
                _deserted.append(connection)
                self._opened, self._inspected = None, False

    def _disconnect(self) -> None:
        if self._opened is not None:
            with contextlib.suppress(sqlite3.Error):
                self._opened.connection.close()  # rolls back what is open
            self._opened = None

    def _tell(self, function: Callable[..., object], *args: object) -> None:
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits any more
            self._loop.call_soon_threadsafe(function, *args)


def _run_all(opened: _Opened, jobs: list[_Job], begin: str) -> list[_Outcome]:
    connection, files = opened
    connection.execute(begin)
    files.check()
    outcomes = [_outcome(connection, job) for job in jobs]
    connection.execute("COMMIT")
    files.check()
    return outcomes


def _outcome(connection: sqlite3.Connection, job: _Job) -> _Outcome:
    try:
        return _Outcome(job.future, job.function(connection, *job.args))
    except sqlite3.Error:
        raise
    except Exception as exc:  # noqa: BLE001  # whatever it is, it must not take the others down
        return _Outcome(job.future, None, exc)


def _unavailable(exc: Exception) -> StorageUnavailable:
    if isinstance(exc, StorageUnavailable):
        return type(exc)(str(exc))
    name = getattr(exc, "sqlite_errorname", type(exc).__name__)
    unavailable = StorageUnavailable(f"the SQLite file cannot be used: {exc} ({name})")
    unavailable.__cause__ = exc
    return unavailable
