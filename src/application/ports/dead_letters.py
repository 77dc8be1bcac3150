"""The port by which an operator sees what waits and what was given up on, and puts it back or drops it."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from application.ports.work_queue import Why


class TickState(StrEnum):
    """Where a tick in the inbox stands."""

    WAITING = "waiting"
    PAUSED = "paused"
    LEASED = "leased"
    GIVEN_UP = "given-up"


@dataclass(frozen=True, slots=True)
class InboxEntry:
    """What may be shown of a tick in the inbox.

    Args:
        id: The tick's id.
        channel: Keyed hash of the return_url.
        state: Where it stands.
        accepted_at: When it was accepted (UTC).
        attempts: How often it was tried: failures, looks, and leases without a result (yet). Waiting for a
            turn is none.
        at: Paused: when it is tried again. Given up: when that was. Leased: when the lease ends.
        reason: Why it was last paused or was given up on; empty before that. No secrets.
        why: Paused: what for.
    """

    id: str
    channel: str
    state: TickState
    accepted_at: datetime
    attempts: int
    at: datetime
    reason: str
    why: Why | None = None


class DeadLetters(Protocol):
    """Ticks given up on, and those that still wait. Every method may raise StorageUnavailable."""

    @abstractmethod
    async def entries(self, limit: int = 1000) -> Sequence[InboxEntry]:
        """Return what is there, given-up ticks first, each kind oldest first."""

    @abstractmethod
    async def revive(self, tick_id: str | None = None) -> int:
        """Put one given-up tick, or all of them, back with nothing counted; return how many.

        One with an unfinished twin stays given up: its question is being asked already. By its id, a paused
        tick is tried again at once.
        """

    @abstractmethod
    async def purge(self, tick_id: str | None = None) -> int:
        """Drop one given-up tick, or all of them; return how many.

        By its id also one that waits or is paused, but not one that is leased.
        """
