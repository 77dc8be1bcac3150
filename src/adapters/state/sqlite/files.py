"""Whether the files are still those that were opened, and what is done when somebody has taken them away.

An open file that is deleted works on as if nothing had happened, until the process ends and all is gone
with it. So there is a look before and after every change, and nothing counts as kept that is not in the files
that the next start will find. What was kept before is brought back from the connection that is still open.

Several processes may notice at the same time. That stays in order because a change is begun only after a look
that was taken while holding SQLite's own lock for writing, and a checkpoint takes that lock too.
"""

from __future__ import annotations

import os
import secrets
import sqlite3
from contextlib import closing, suppress
from pathlib import Path
from typing import NamedTuple

import structlog

from application.errors import StorageUnavailable

log = structlog.get_logger()


class _Identity(NamedTuple):
    device: int
    inode: int


class DatabaseFiles:
    """The database and its write-ahead log, as a connection has opened them.

    Args:
        path: The database.

    Raises:
        OSError: They are gone already.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._log = _beside(path, "-wal")
        self._opened = self._now()

    def check(self) -> None:
        """Raise unless both are still there.

        Raises:
            StorageUnavailable: Something else is there, or nothing.
        """
        if self._now() != self._opened:
            raise StorageUnavailable(f"{self._path} was taken away, or its log was, while it was in use")

    def mend(self, connection: sqlite3.Connection) -> bool:
        """Bring back what was kept, as far as that is this connection's to do.

        Args:
            connection: The one that has opened these files, in no transaction.

        Returns:
            Whether the connection may be closed. One to a deleted file may not: the last to close such a
            file removes the log by its name, which by then is another's.

        Raises:
            OSError, sqlite3.Error: It cannot be done now; the connection is needed for the next try.
        """
        database, wal = self._now()
        if database is None:
            log.error("database_gone", path=str(self._path))
            self._drop_log()
            self._write_anew(connection)
            log.warning("database_restored", path=str(self._path))
            return False
        if database != self._opened[0]:
            log.warning("database_replaced", path=str(self._path), effect="the one that is there now counts")
            if wal == self._opened[1]:  # or it would be replayed into a database that it does not belong to
                self._drop_log()
            return False
        if wal != self._opened[1]:
            log.error("database_log_gone", path=str(self._log))
            self._empty_log(connection, another_is_there=wal is not None)
            log.warning("database_log_restored", path=str(self._log))
        return True

    @staticmethod
    def _empty_log(connection: sqlite3.Connection, *, another_is_there: bool) -> None:
        """Carry all that is in the log over to the database."""
        try:
            done = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        except sqlite3.OperationalError:
            if another_is_there:  # its process has emptied this one, and what it has is not in here
                return
            raise
        if done is None or done[0]:
            raise sqlite3.OperationalError("another process is using the log that was taken away")

    def _now(self) -> tuple[_Identity | None, _Identity | None]:
        return _identity(self._path), _identity(self._log)

    def _write_anew(self, connection: sqlite3.Connection) -> None:
        """Under another name, then under its own, unless another process was quicker."""
        draft = _beside(self._path, f".draft-{secrets.token_hex(4)}")
        os.close(os.open(draft, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
        try:
            with closing(sqlite3.connect(draft, isolation_level=None)) as copy:
                connection.backup(copy)
            with suppress(FileExistsError):
                os.link(draft, self._path)
        finally:
            for suffix in ("", "-wal", "-shm"):
                _beside(draft, suffix).unlink(missing_ok=True)
        _sync(self._path.parent)

    def _drop_log(self) -> None:
        for suffix in ("-wal", "-shm"):
            _beside(self._path, suffix).unlink(missing_ok=True)


def _beside(path: Path, suffix: str) -> Path:
    return path.with_name(path.name + suffix)


def _identity(path: Path) -> _Identity | None:
    try:
        found = os.stat(path)  # noqa: PTH116  # asked before and after every commit: Path.stat takes twice as long
    except FileNotFoundError:
        return None
    return _Identity(found.st_dev, found.st_ino)


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
