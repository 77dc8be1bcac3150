"""Some room on the disk for whoever makes room: to delete from a database, SQLite has to write."""

from __future__ import annotations

import os
import shutil
from contextlib import suppress
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
    """Let it be used; whether there was any."""
    with suppress(OSError):
        _path(database).unlink()
        return True
    return False


def _path(database: Path) -> Path:
    return database.with_name(f"{database.name}.reserve")
