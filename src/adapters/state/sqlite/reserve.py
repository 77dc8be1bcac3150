"""Some room on the disk for whoever makes room: to delete from a database, SQLite has to write."""

from __future__ import annotations

import os
import shutil
import sqlite3
from contextlib import closing, suppress
from pathlib import Path

RESERVED_BYTES = 4 * 2**20

ENOUGH = 8
"""Times the reserve: while less is free, what is free is for the service."""


def keep_reserve(database: Path) -> None:
    """Set the room aside, in a file beside the database, if there is plenty left."""
    path = _path(database)
    if path.exists() or shutil.disk_usage(path.parent).free < ENOUGH * RESERVED_BYTES:
        return
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        os.posix_fallocate(descriptor, 0, RESERVED_BYTES)
    except OSError:
        path.unlink()
        raise
    finally:
        os.close(descriptor)


def release_reserve(database: Path) -> bool:
    """Let it be used; whether there was any.

    It is used at once to carry the log over to the database, which a full disk has kept from happening: the
    log, once empty, leaves more room than there was in the reserve.
    """
    try:
        _path(database).unlink()
    except OSError:
        return False
    with suppress(sqlite3.Error), closing(sqlite3.connect(database, isolation_level=None)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return True


def _path(database: Path) -> Path:
    return database.with_name(f"{database.name}.reserve")
