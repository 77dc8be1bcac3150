"""The port to what was said."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
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
        revision: 0 for a page not yet written; else the number the adapter gave it.
        since: The start of the first period checked, when nothing was said of it: what came before stays
            unsaid.
    """

    told: Mapping[Period, Told] = field(default_factory=lambda: MappingProxyType({}))
    failures: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    claim: Claim | None = None
    revision: int = 0
    since: date | None = None


class Ledger(Protocol):
    """What the channels have been told. Both methods may raise StorageUnavailable."""

    @abstractmethod
    async def read(self, channel: str, topic: str) -> Page:
        """Return the page, or an empty one with revision 0."""

    @abstractmethod
    async def write(self, channel: str, topic: str, page: Page) -> Page | None:
        """Replace the page if it still has ``page.revision``; durable when this returns.

        Returns:
            The page with its new revision, or None when somebody else has written it since it was read.
        """
