"""A ledger for engines that write a page only if it still has the revision that was read."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable

from application.ports.ledger import Ledger, Page


class RevisedLedger(Ledger):
    """Reads a page, changes it, and writes it if nobody has written it meanwhile; else again."""

    async def read(self, channel: str, topic: str) -> Page:
        """Look one page up."""
        return (await self._read(channel, topic))[0]

    async def update(self, channel: str, topic: str, change: Callable[[Page], Page]) -> Page:
        """See the port."""
        while True:
            page, revision = await self._read(channel, topic)
            changed = change(page)
            if changed == page or await self._write(channel, topic, changed, revision):
                return changed

    @abstractmethod
    async def _read(self, channel: str, topic: str) -> tuple[Page, int]:
        """The page and its revision; an empty page and 0 where there is none."""

    @abstractmethod
    async def _write(self, channel: str, topic: str, page: Page, revision: int) -> bool:
        """Write the page if it still has the revision; whether it had."""
