"""The watches file on disk: read at the start, and again when it has changed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import structlog

from application.errors import WatchesRejected
from application.ports.watches import ScheduledWatch, Watches

log = structlog.get_logger()

Read = Callable[[str], tuple[ScheduledWatch, ...]]


class WatchesFile(Watches):
    """What was read last without a mistake is in force; what was read since, and is broken, is not.

    Args:
        path: Where it is.
        read: Makes watches of its text, or raises WatchesRejected.

    Attributes:
        broken: What is wrong with the newest text; empty while that is in force.
    """

    def __init__(self, path: Path, read: Read) -> None:
        self.path = path
        self.broken: tuple[str, ...] = ()
        self._read = read
        self._text: str | None = None
        self._in_force: tuple[ScheduledWatch, ...] = ()

    def all(self) -> Sequence[ScheduledWatch]:
        """See the port."""
        return self._in_force

    def load(self) -> None:
        """Read it for the first time.

        Raises:
            WatchesRejected: It cannot be used, and so nothing is in force.
        """
        self._text = self._contents()
        self._in_force = self._read(self._text)

    def reload(self) -> bool:
        """Read it again if it has changed; return whether it had. A broken one is logged, once."""
        try:
            text = self._contents()
        except WatchesRejected as error:
            self._text = None  # what comes back is new, be it as it was
            return self._stays(error)
        if text == self._text:
            return False
        self._text = text
        try:
            self._in_force = self._read(text)
        except WatchesRejected as error:
            return self._stays(error)
        self.broken = ()
        log.info("watches_loaded", watches=[watch.name for watch in self._in_force])
        return True

    def _stays(self, error: WatchesRejected) -> bool:
        """Keep what was; return whether that is news."""
        if error.mistakes == self.broken:
            return False
        self.broken = error.mistakes
        effect = f"the {len(self._in_force)} watches read before stay in force"
        log.error("watches_broken", mistakes=list(self.broken), effect=effect)
        return True

    def _contents(self) -> str:
        try:
            return self.path.read_text(encoding="utf-8")
        except OSError as error:
            raise WatchesRejected(f"{self.path}: cannot be read: {error.strerror or error}.") from error
        except ValueError as error:
            raise WatchesRejected(f"{self.path}: is not UTF-8 text.") from error
