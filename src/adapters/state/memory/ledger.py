"""The ledger in memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime

from adapters.state.contents import KeptPage
from adapters.state.ledger_pages import DELIVERED, KEPT, Worth, worth
from application.ports.clock import Clock
from application.ports.ledger import Ledger, Page


@dataclass(frozen=True, slots=True)
class _Kept:
    page: Page
    until: datetime


class MemoryLedger(Ledger):
    """Pages in a dictionary, those that were written last behind the others.

    Args:
        clock: What time it is.
        most_refuse: How many pages of each kind there may be that say nothing that was told of costs.
    """

    def __init__(self, clock: Clock, most_refuse: int) -> None:
        self._clock = clock
        self._most_refuse = most_refuse
        self._pages: dict[tuple[str, str], _Kept] = {}

    async def read(self, channel: str, topic: str) -> Page:
        """Look it up."""
        kept = self._pages.get((channel, topic))
        return kept.page if kept and kept.until > self._clock.now() else Page()

    async def update(self, channel: str, topic: str, change: Callable[[Page], Page]) -> Page:
        """Replace it by what it becomes, and drop what is too much then."""
        before = await self.read(channel, topic)
        page = change(before)
        if page != before:
            self._pages.pop((channel, topic), None)
            self._pages[channel, topic] = _Kept(page, self._clock.now() + KEPT[worth(page)])
            self._prune(worth(page))
        return page

    async def knows(self, channel: str, asks: str | None = None) -> bool:
        """Look through all."""
        pages = [kept.page for (other, _), kept in self._pages.items() if other == channel]
        if asks is not None:
            return any(asks in page.asks for page in pages)
        return any(worth(page) >= DELIVERED for page in pages)

    def kept(self) -> Iterator[KeptPage]:
        """Every page that has not expired."""
        for (channel, topic), kept in self._pages.items():
            if kept.until > self._clock.now():
                yield KeptPage(channel, topic, kept.page, kept.until - KEPT[worth(kept.page)])

    def _prune(self, kind: Worth) -> None:
        if kind in {Worth.CLAIM, Worth.FAILURES}:
            same = [key for key, kept in self._pages.items() if worth(kept.page) is kind]
            for key in same[: -self._most_refuse]:
                del self._pages[key]
