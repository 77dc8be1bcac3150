"""What an engine keeps, as it is copied to another."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from application.ports.inbox import NOTHING_YET, Progress, SealedTick, TickState, Why
from application.ports.ledger import Page


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


class Contents(Protocol):
    """What an engine keeps, for whoever copies it while nothing else runs on it."""

    @abstractmethod
    def ticks(self) -> AsyncIterator[KeptTick]:
        """Every tick, oldest first."""

    @abstractmethod
    def pages(self) -> AsyncIterator[tuple[str, str, Page]]:
        """Every page of the ledger: channel, topic, page."""

    @abstractmethod
    def values(self, prefix: str) -> AsyncIterator[tuple[str, bytes, datetime]]:
        """The store's values whose keys begin so: key, value, until when."""
