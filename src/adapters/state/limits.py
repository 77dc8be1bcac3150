"""How much may be kept, by count and by bytes, and for how long: the rules that all engines agree on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NamedTuple, Self

from application.errors import InboxFull
from application.ports.inbox import Depth
from application.ports.intake import SealedTick

LEASE_LENGTH = timedelta(minutes=2)
"""How long a tick may be worked on before another worker gets it."""

GIVEN_UP_KEPT = timedelta(days=30)

BYTES_FOR_EACH = 4096
"""Of a tick, on average: several times what a form sends. Thousands of the largest are too many sooner."""

LEAST_BYTES = 4 * 2**20

LATE_SHARE = 1.25
"""Of the limit: what strangers may have of whose host only few wait."""

BYTES_BESIDE = 600
"""What a tick takes beside its payload: hashes, moments, its places in the indexes."""


class Load(NamedTuple):
    """What is kept of something.

    Args:
        ticks: How many.
        bytes: How much.
    """

    ticks: int
    bytes: int


class Loads(NamedTuple):
    """What is there: of strangers, of known channels, and of what was given up on."""

    strangers: Load
    known: Load
    given_up: Load

    @classmethod
    def counted(
        cls,
        unfinished: int,
        unfinished_bytes: int,
        strangers: int,
        stranger_bytes: int,
        given_up: int,
        given_up_bytes: int,
    ) -> Self:
        """From what a database counts: ticks, and their payloads' bytes."""
        known = unfinished - strangers
        return cls(
            Load(strangers, stranger_bytes + strangers * BYTES_BESIDE),
            Load(known, unfinished_bytes - stranger_bytes + known * BYTES_BESIDE),
            Load(given_up, given_up_bytes + given_up * BYTES_BESIDE),
        )


@dataclass(frozen=True, slots=True)
class Limits:
    """What may be kept. Nobody who sends junk can keep those out to whom something was ever delivered.

    As many unfinished ticks as ``SPEND_MONITOR_INBOX_LIMIT`` says, at 4 KiB each, may be there of channels
    that nothing was ever delivered to, and as many of those that something was. When strangers have used up
    theirs, there is a quarter more for hosts that have only few. As many are kept that were given up on, and
    as many ledger pages that say nothing that was told of costs; of these the oldest go first.

    Args:
        ticks: The operator's number.
    """

    ticks: int
    bytes: int = field(init=False)
    """So many, likewise."""
    of_a_channel: int = field(init=False)
    """How many one channel may have that ask what it was never told about."""
    of_a_late_host: int = field(init=False)
    """How many strangers of one host may wait, if the share of all strangers is used up."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "bytes", max(self.ticks * BYTES_FOR_EACH, LEAST_BYTES))
        object.__setattr__(self, "of_a_channel", max(self.ticks // 20, 2000))
        object.__setattr__(self, "of_a_late_host", self.ticks // 16)

    def check(
        self,
        tick: SealedTick,
        load: Load,
        *,
        known: bool,
        others_of_channel: Callable[[], int],
        others_of_host: Callable[[], int],
    ) -> Load:
        """Raise unless there is room for one more; return what there may be with it.

        Args:
            tick: The one more.
            load: What is there of its kind: of known channels, or of strangers.
            known: Whether something was ever delivered to its channel.
            others_of_channel: How many of its channel are there; 0 for what the channel was told about.
            others_of_host: How many strangers of its host are there.

        Raises:
            InboxFull: There is not.
        """
        if load.ticks >= self.of_a_channel and others_of_channel() >= self.of_a_channel:
            raise InboxFull("as many ticks of this channel are waiting as one may have")
        if self._fits(tick, load, 1):
            return Load(self.ticks, self.bytes)
        if known or not self._fits(tick, load, LATE_SHARE) or others_of_host() >= self.of_a_late_host:
            raise InboxFull(f"as many ticks are waiting as there may be ({self.ticks:,})")
        return Load(int(self.ticks * LATE_SHARE), int(self.bytes * LATE_SHARE))

    def depth(
        self, loads: Loads, oldest_accepted_at: datetime | None, oldest_due_at: datetime | None
    ) -> Depth:
        """What is said about how full the inbox is."""
        strangers, known, given_up = loads
        return Depth(
            strangers.ticks + known.ticks,
            given_up.ticks,
            oldest_accepted_at,
            self.fullness(strangers, known),
            self.fullness(given_up),
            oldest_due_at,
        )

    def fullness(self, *loads: Load) -> float:
        """From 0 to 1, that of the fullest."""
        parts = [(load.ticks / self.ticks, load.bytes / self.bytes) for load in loads]
        return min(max(max(part) for part in parts), 1.0)

    def exceeded_by(self, load: Load) -> bool:
        """Whether something has to go."""
        return load.ticks > self.ticks or load.bytes > self.bytes

    def _fits(self, tick: SealedTick, load: Load, share: float) -> bool:
        return load.ticks + 1 <= self.ticks * share and load.bytes + size_of(tick) <= self.bytes * share


def size_of(tick: SealedTick) -> int:
    """What a tick takes."""
    return len(tick.payload) + BYTES_BESIDE
