"""The port by which accepted ticks are worked off."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from application.ports.intake import SealedTick
from domain.settling import Seen


class Why(StrEnum):
    """Why a tick is paused."""

    FAILURE = "failure"
    """A try has failed."""
    TURN = "turn"
    """It waits for its turn: at a busy host, at a busy AWS account, behind another tick of its channel."""
    NEWS = "news"
    """It waits for AWS to publish, or for somebody to mend something; the same tick put again ends it."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a tick has come; kept with it through its pauses.

    Args:
        failures: Tries in a row that failed.
        failing_since: When the first of these was (UTC); None while there are none.
        turns: Waits in a row for its turn, or for somebody to mend something.
        looks: How often AWS was asked, and is to be asked again.
        planned: How many of these were planned; the others were wanted by the same tick put again.
        next_look: When AWS is to be asked again (UTC).
        looked_at: When AWS has given the answer that is not delivered yet (UTC): it will do for the next try.
        seen: What the looks have shown.
        deaths: How many processes had ended with it in flight when it was last paused.
    """

    failures: int = 0
    failing_since: datetime | None = None
    turns: int = 0
    looks: int = 0
    planned: int = 0
    next_look: datetime | None = None
    looked_at: datetime | None = None
    seen: Seen | None = None
    deaths: int = 0

    def failed(self, now: datetime) -> Progress:
        """One more failure."""
        since = self.failing_since or now
        return replace(self, failures=self.failures + 1, failing_since=since, turns=0, deaths=0)

    def waits(self) -> Progress:
        """One more wait for its turn."""
        return replace(self, turns=self.turns + 1)

    def refused(self) -> Progress:
        """AWS has said no once more: that is no failure, and will be another look."""
        return replace(self.goes_on(), looks=self.looks + 1, turns=self.turns + 1)

    def goes_on(self) -> Progress:
        """This try has succeeded, and there will be another."""
        return Progress(looks=self.looks, planned=self.planned, next_look=self.next_look, seen=self.seen)

    def looked(self, now: datetime, next_look: datetime, seen: Seen | None = None) -> Progress:
        """One more look, and the next is known."""
        is_planned = self.next_look is None or now >= self.next_look
        return Progress(
            looks=self.looks + 1,
            planned=self.planned + is_planned,
            next_look=next_look,
            seen=seen or self.seen,
        )


NOTHING_YET = Progress()


@dataclass(frozen=True, slots=True)
class Lease:
    """A tick that one worker, and no other, works on until ``expires_at``.

    Args:
        tick: The tick.
        attempt: Its leases since it came in or was last paused, this one included; from 1. More than 1 says
            that as many less one ended without a result: the process died, or the result could not be kept.
        expires_at: When it goes back to the inbox by itself.
        token: The adapter's own mark of this very lease.
        progress: What the last pause was given.
    """

    tick: SealedTick
    attempt: int
    expires_at: datetime
    token: object
    progress: Progress = NOTHING_YET


class WorkQueue(Protocol):
    """Hands accepted ticks out, and is told what became of them.

    Every method may raise StorageUnavailable; what it was to change is then unchanged.
    A lease that has expired is lost: acknowledge, pause and give_up then return False and change nothing.
    """

    @abstractmethod
    async def lease(self, limit: int, wait: float) -> Sequence[Lease]:
        """Take up to ``limit`` ticks, or wait up to ``wait`` seconds for the first.

        Ticks come in the order of acceptance, but the ticks of one channel count as accepted a second apart
        at least, so that a channel with a thousand does not hold up the others; those that ask what the
        channel was told about before are not held up by the channel's others. Paused ticks come back when
        their time has come, leased ones when their lease has expired, as if they had been accepted then.
        """

    @abstractmethod
    async def acknowledge(self, lease: Lease) -> bool:
        """Forget the tick: it is answered."""

    @abstractmethod
    async def pause(
        self, lease: Lease, until: datetime, reason: str, why: Why, progress: Progress = NOTHING_YET
    ) -> bool:
        """Put the tick back, not to be leased before ``until``; ``progress`` comes back on the next lease.

        The reason is shown to operators: no secrets.
        """

    @abstractmethod
    async def give_up(self, lease: Lease, reason: str) -> bool:
        """Keep the tick aside with the reason. It no longer counts as unfinished, nor as anybody's twin.

        So many are kept, and so many bytes of them; the oldest go first, strangers' before the others.
        """
