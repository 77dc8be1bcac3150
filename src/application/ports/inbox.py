"""The inbox as a whole: what an engine implements."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from application.ports.dead_letters import DeadLetters
from application.ports.intake import Intake
from application.ports.work_queue import WorkQueue


@dataclass(frozen=True, slots=True)
class Depth:
    """How full the inbox is.

    Args:
        unfinished: Ticks waiting, paused or leased.
        given_up: Ticks given up on and kept.
        oldest_accepted_at: When the oldest unfinished tick was accepted, or None when there is none.
        fullness: How much of what may be there is: 0 to 1, that of the share that is used up most.
        given_up_fullness: The same of what is kept of the ticks given up on.
        oldest_due_at: Since when the longest waiting tick could be worked on (UTC), or None when none could.
    """

    unfinished: int
    given_up: int
    oldest_accepted_at: datetime | None
    fullness: float = 0.0
    given_up_fullness: float = 0.0
    oldest_due_at: datetime | None = None

    def late_by(self, now: datetime) -> timedelta:
        """How long the longest waiting tick could have been worked on."""
        return max(now - self.oldest_due_at, timedelta()) if self.oldest_due_at else timedelta()


class InboxHealth(Protocol):
    """Tells how the inbox fares. Every method may raise StorageUnavailable."""

    @abstractmethod
    async def depth(self) -> Depth:
        """Count; cheap enough to ask every second."""

    @abstractmethod
    async def probe(self) -> None:
        """Prove that the storage can be written now, or raise StorageUnavailable."""


class Inbox(Intake, WorkQueue, DeadLetters, InboxHealth, Protocol):
    """Accepted ticks, until they are answered: all four needs of it, of one storage."""
