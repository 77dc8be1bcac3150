"""Files that hold keys: private from their first byte, made once, never written again."""

from __future__ import annotations

import os
import stat
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")


def load_or_create(
    path: Path, parse: Callable[[str], list[T]], make: Callable[[], bytes], variable: str
) -> list[T]:
    """Read the keys in a file that is nobody else's to read; make the file when there is none.

    What its group may do, as Kubernetes' ``fsGroup`` lets it at every start, is taken back where the file is
    ours, and borne where it is not.

    The file appears whole or not at all, and of several processes that start at once one makes it and all
    read the same. What a file holds that is there is never changed.

    Args:
        path: The file.
        parse: Reads its text; a ValueError says what is wrong and repeats nothing.
        make: What a new file holds.
        variable: Of the environment, where the keys can be given instead.

    Raises:
        ValueError: The file is damaged, others may read it, or it can be neither read nor made.
    """
    try:
        try:
            return _read(path, parse, variable)
        except FileNotFoundError:
            _create(path, make())
            return _read(path, parse, variable)
    except OSError as exc:
        raise ValueError(f"the key file {path} can be neither read nor made: {exc.strerror}") from exc


def _read(path: Path, parse: Callable[[str], list[T]], variable: str) -> list[T]:
    with path.open("rb") as file:
        mode = os.fstat(file.fileno()).st_mode
        if mode & stat.S_IRWXO:
            raise ValueError(
                f"everybody on this machine may read the key file {path}; run 'chmod 600' on it, "
                f"or give the key in {variable} instead"
            )
        if mode & stat.S_IRWXG:
            with suppress(OSError):  # it is another's, or the volume is read-only
                os.fchmod(file.fileno(), stat.S_IMODE(mode) & ~stat.S_IRWXG)
        content = file.read()
    try:
        return parse(content.decode("ascii"))
    except UnicodeDecodeError:
        problem = "it is not text"
    except ValueError as exc:
        problem = str(exc)
    raise ValueError(f"the key file {path} is damaged ({problem}); restore it from a backup")


def _create(path: Path, content: bytes) -> None:
    """Write a file of another name; then give it the name if that is free."""
    descriptor, draft = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileExistsError):
            os.link(draft, path)
        _sync_folder(path.parent)
    finally:
        Path(draft).unlink()


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
