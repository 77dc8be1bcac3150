"""The port to what was said."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from types import MappingProxyType
from typing import Protocol

from domain.periods import Period
from domain.reports import Told


@dataclass(frozen=True, slots=True)
class Claim:
    """A tick's announcement that it is about to speak, so that no other says the same meanwhile.

    Args:
        tick_id: Who speaks.
        until: When the claim lapses by itself (UTC).
    """

    tick_id: str
    until: datetime


@dataclass(frozen=True, slots=True)
class Page:
    """All that one channel has been told on one topic.

    Args:
        told: By period, the verdicts and figures.
        failures: By cause (an error's code), the start of the last period that it was told for.
        claim: Who is about to speak, if anybody.
        since: The start of the first period checked, when nothing was said of it: what came before stays
            unsaid.
        fired: Of a watch's page, the newest of its times that is done with (UTC).
        asks: Keyed hashes of the settings that something was told of costs by, newest first.
        answered: By tick id, how often that tick had looked when it last spoke; of the last few ticks. A
            tick that comes back although it has spoken says nothing twice.
        as_of: When AWS gave the newest answer that something was told from (UTC).
        lags: By day, after how many minutes AWS had published it, as far as is known: on an account's own
            page.
    """

    told: Mapping[Period, Told] = field(default_factory=lambda: MappingProxyType({}))
    failures: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    claim: Claim | None = None
    since: date | None = None
    fired: datetime | None = None
    asks: tuple[str, ...] = ()
    answered: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    lags: Mapping[date, int] = field(default_factory=lambda: MappingProxyType({}))
    as_of: datetime | None = None


class Ledger(Protocol):
    """What the channels have been told. Every method may raise StorageUnavailable.

    A page that has nothing that was told of costs is kept for a shorter time.
    """

    @abstractmethod
    async def read(self, channel: str, topic: str) -> Page:
        """Return the page, or an empty one."""

    @abstractmethod
    async def update(self, channel: str, topic: str, change: Callable[[Page], Page]) -> Page:
        """Change the page as it is at this moment, as if nobody else did; durable when this returns.

        Args:
            channel: Keyed hash of the return_url.
            topic: What is told.
            change: Takes the page, and returns what it becomes; the same page if nothing is to change. It
                may be called several times and from another thread, so it does nothing else. What it raises
                reaches the caller, and nothing is changed then.

        Returns:
            The page as it is now.
        """

    @abstractmethod
    async def knows(self, channel: str, asks: str | None = None) -> bool:
        """Whether the channel was ever told anything; if ``asks`` is given, of costs by these settings."""
