"""Who holds leases, and who of them is dead.

Every inbox holds a lock on a small file beside the database for as long as it lives. The operating system
lets go of it when the process ends, however it ends, so a lock that can be taken belonged to a dead owner.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import secrets
from collections.abc import Iterator
from pathlib import Path

import structlog

log = structlog.get_logger()


class Owner:
    """This inbox as an owner of leases, until it is released.

    ``flock`` belongs to the opened file, not to the process: no other opening or closing of the same file
    in this process lets go of it.

    Args:
        database: The database; the lock lies beside it as ``<database>.lock-<name>``.

    Raises:
        OSError: The lock file cannot be made.
    """

    def __init__(self, database: Path) -> None:
        self._database = database
        self._skipped: set[str] = set()
        descriptor = None
        while (
            descriptor is None
        ):  # as it is if, in this moment, another takes the new file for a dead owner's
            self.name = secrets.token_hex(8)
            descriptor = _lock(self._path(self.name), os.O_CREAT | os.O_EXCL)
        self._descriptor = descriptor

    def release(self) -> None:
        """Be no owner any more."""
        with contextlib.suppress(OSError):
            self._path(self.name).unlink()
        os.close(self._descriptor)

    def dead(self) -> Iterator[str]:
        """The dead owners' names. Each stays locked until the caller comes back for the next.

        One whose lock file cannot be opened, as when root has made it, is left alone: its leases end by
        themselves.

        Raises:
            OSError: The folder cannot be read.
        """
        prefix = self._path("").name
        for path in self._database.absolute().parent.iterdir():
            name = path.name.removeprefix(prefix)
            if name in (path.name, self.name):
                continue
            descriptor = self._try_lock(name)
            if descriptor is not None:
                try:
                    yield name
                finally:
                    os.close(descriptor)

    def forget(self, name: str) -> None:
        """Remove what a dead owner left behind, once none of its leases is left."""
        self._path(name).unlink(missing_ok=True)

    def _try_lock(self, name: str) -> int | None:
        try:
            return _lock(self._path(name))
        except OSError as exc:
            if name not in self._skipped:
                log.warning("lock_file_skipped", path=str(self._path(name)), reason=exc.strerror)
            self._skipped.add(name)
            return None

    def _path(self, name: str) -> Path:
        return self._database.with_name(f"{self._database.name}.lock-{name}")


def _lock(path: Path, flags: int = 0) -> int | None:
    """Open and lock the file, unless it is locked or on its way out."""
    try:
        descriptor = os.open(path, os.O_RDWR | flags, 0o600)
    except FileNotFoundError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if os.fstat(descriptor).st_nlink:
            return descriptor
    except BlockingIOError:
        pass
    os.close(descriptor)
    return None
