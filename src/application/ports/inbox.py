"""The port to the accepted ticks."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol


@dataclass(frozen=True, slots=True)
class SealedTick:
    """An accepted tick as it rests.

    Args:
        id: Unique; sorts by time of acceptance.
        channel: Keyed hash of the return_url.
        twin: Keyed hash of channel, settings and UTC day: equal for ticks that ask the same.
        accepted_at: When it was accepted (UTC).
        payload: return_url and settings, sealed with ``id`` as context.
    """

    id: str
    channel: str
    twin: str
    accepted_at: datetime
    payload: bytes


@dataclass(frozen=True, slots=True)
class Lease:
    """A tick that one worker, and no other, works on until ``expires_at``.

    Args:
        tick: The tick.
        attempt: How often it has been leased, this time included; from 1.
        expires_at: When it goes back to the inbox by itself.
        token: The adapter's own mark of this very lease.
    """

    tick: SealedTick
    attempt: int
    expires_at: datetime
    token: object


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
        attempts: How often it has been leased.
        at: Paused: when it is tried again. Given up: when that was. Leased: when the lease ends.
        reason: Why it is paused or was given up on; empty before the first failure. No secrets.
    """

    id: str
    channel: str
    state: TickState
    accepted_at: datetime
    attempts: int
    at: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class Depth:
    """How full the inbox is.

    Args:
        unfinished: Ticks waiting, paused or leased.
        given_up: Ticks given up on and kept.
        oldest_accepted_at: When the oldest unfinished tick was accepted, or None when there is none.
    """

    unfinished: int
    given_up: int
    oldest_accepted_at: datetime | None


class Inbox(Protocol):
    """Accepted ticks, until they are answered.

    Every method may raise StorageUnavailable; what it was to change is then unchanged.
    A lease that has expired is lost: acknowledge, retry and give_up then return False and change nothing.
    """

    @abstractmethod
    async def put(self, tick: SealedTick) -> bool:
        """Keep the tick; when this returns it survives a crash.

        Returns:
            False when an unfinished tick with the same ``twin`` is there; nothing is stored then.

        Raises:
            InboxFull: As many unfinished ticks as the limit are there.
        """

    @abstractmethod
    async def lease(self, limit: int, wait: float) -> Sequence[Lease]:
        """Take up to ``limit`` ticks, or wait up to ``wait`` seconds for the first.

        Ticks come in the order of acceptance, but the ticks of one channel count as accepted a second apart
        at least, so that a channel with a thousand does not hold up the others. Paused ticks come back when
        their time has come, leased ones when their lease has expired, as if they had been accepted then.
        """

    @abstractmethod
    async def acknowledge(self, lease: Lease) -> bool:
        """Forget the tick: it is answered."""

    @abstractmethod
    async def retry(self, lease: Lease, at: datetime, reason: str) -> bool:
        """Put the tick back, not to be leased before ``at``."""

    @abstractmethod
    async def give_up(self, lease: Lease, reason: str) -> bool:
        """Keep the tick aside with the reason. It no longer counts as unfinished, nor as anybody's twin."""

    @abstractmethod
    async def depth(self) -> Depth:
        """Count; cheap enough to ask every second."""

    @abstractmethod
    async def entries(self, limit: int = 1000) -> Sequence[InboxEntry]:
        """Return what is there, given-up ticks first, each kind oldest first."""

    @abstractmethod
    async def revive(self, tick_id: str | None = None) -> int:
        """Put one given-up tick, or all, back with no attempts counted; return how many.

        One with an unfinished twin stays given up: its question is being asked already.
        """

    @abstractmethod
    async def purge(self, tick_id: str | None = None) -> int:
        """Drop one given-up tick, or all; return how many."""

    @abstractmethod
    async def probe(self) -> None:
        """Prove that the storage can be written now, or raise StorageUnavailable."""
