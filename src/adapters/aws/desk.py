"""What botocore brings along: opened behind the door, and again when that fails."""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from application.aws_errors import AwsUnavailable

REOPEN_SECONDS = 5.0
"""Certificates and files are mended by people or by other programs: seldom sooner."""

OPEN_SECONDS = 0.5
"""After the start, unless a call comes first: meanwhile the door opens."""

TROUBLE = "its own AWS settings cannot be used"

OnTrouble = Callable[[str], None]
"""Is told why the desk cannot be opened, for whoever runs this: it may hold paths of this machine."""


@dataclass(frozen=True, slots=True)
class Desk:
    """What it takes to write to AWS.

    Args:
        questions: By service, what writes them.
        tls: What checks AWS's certificate.
        partition: Where the calls go.
    """

    questions: Mapping[str, Any]
    tls: ssl.SSLContext
    partition: str


OpenDesk = Callable[[], Desk]


class DeskKeeper:
    """Opens the desk for the first call or soon after the start, and tries again when that has failed.

    Args:
        open_desk: Opens it, in a thread.
        on_trouble: Is told why it could not be opened.
        reopen_seconds: How long after a failure it is tried again, when somebody asks for it.
    """

    def __init__(self, open_desk: OpenDesk, on_trouble: OnTrouble, reopen_seconds: float) -> None:
        self._open_desk = open_desk
        self._on_trouble = on_trouble
        self._reopen_seconds = reopen_seconds
        self._failed_at = 0.0
        self._opening: asyncio.Task[Desk | None] | None = None
        self._soon = asyncio.get_running_loop().call_later(OPEN_SECONDS, self._begin)

    @property
    def trouble(self) -> str:
        """What keeps AWS from being asked at all, in words for everybody; empty if nothing does."""
        opening = self._opening
        return TROUBLE if opening and opening.done() and opening.result() is None else ""

    async def desk(self) -> Desk:
        """Return the desk, once it is open.

        Raises:
            AwsUnavailable: It cannot be opened now. A new one each time: it may travel to a channel.
        """
        opening = self._begin()
        desk = opening.result() if opening.done() else await asyncio.shield(opening)
        if desk is None:
            raise AwsUnavailable(
                f"This service cannot ask AWS now: {TROUBLE}. Whoever runs it finds the reason in its log."
            )
        return desk

    async def close(self) -> None:
        """Open nothing any more."""
        self._soon.cancel()
        if self._opening:
            self._opening.cancel()
            await asyncio.gather(self._opening, return_exceptions=True)

    def _begin(self) -> asyncio.Task[Desk | None]:
        is_due = self.trouble and time.monotonic() - self._failed_at >= self._reopen_seconds
        if self._opening is None or is_due:
            self._opening = asyncio.create_task(self._open())
        return self._opening

    async def _open(self) -> Desk | None:
        try:
            return await asyncio.to_thread(self._open_desk)
        except Exception as error:  # noqa: BLE001  # whatever it is, a process that never asks again is worse
            self._failed_at = time.monotonic()
            self._on_trouble(
                f"{error}" if isinstance(error, AwsUnavailable) else f"{type(error).__name__}: {error}"
            )
            return None


def open_desk(profile: str | None = None) -> Desk:
    """Import botocore, and let it read this machine's settings: a third of a second, for a thread.

    Args:
        profile: Of the AWS configuration files; None: what the environment says.

    Raises:
        AwsUnavailable: They cannot be used.
    """
    return Desk(*import_module("adapters.aws.questions").read_sdk(profile))
