"""What an engine keeps, as it is copied to another."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple, Protocol

from application.ports.dead_letters import TickState
from application.ports.intake import SealedTick
from application.ports.ledger import Page
from application.ports.work_queue import NOTHING_YET, Progress, Why


@dataclass(frozen=True, slots=True)
class KeptTick:
    """A tick as an engine keeps it.

    Args:
        tick: The tick.
        state: Where it stands.
        at: Paused: when it is tried again.
        reason: Why it is paused, or was given up on.
        why: Paused: what for.
        progress: How far it has come.
    """

    tick: SealedTick
    state: TickState
    at: datetime
    reason: str = ""
    why: Why | None = None
    progress: Progress = NOTHING_YET


class KeptPage(NamedTuple):
    """A page of the ledger as an engine keeps it.

    Args:
        channel: Keyed hash of the return_url.
        topic: What is told.
        page: What was told.
        written_at: When that was last changed (UTC), to the day at least.
    """

    channel: str
    topic: str
    page: Page
    written_at: datetime


class Contents(Protocol):
    """What an engine keeps, for whoever copies or lists it."""

    @abstractmethod
    def ticks(self) -> AsyncIterator[KeptTick]:
        """Every tick, given-up ones first, each kind oldest first.

        Raises:
            StateRefused: There is something that this version cannot read.
        """

    @abstractmethod
    def pages(self) -> AsyncIterator[KeptPage]:
        """Every page of the ledger."""

    @abstractmethod
    def values(self, prefix: str) -> AsyncIterator[tuple[str, bytes, datetime]]:
        """The store's values whose keys begin so: key, value, until when."""
