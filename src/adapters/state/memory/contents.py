"""All that is in memory."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime

from adapters.state.contents import Contents, KeptPage, KeptTick
from adapters.state.memory.inbox import MemoryInbox
from adapters.state.memory.ledger import MemoryLedger
from adapters.state.memory.store import MemoryStore


class MemoryContents(Contents):
    """What the three hold.

    Args:
        inbox: The ticks.
        ledger: The pages.
        store: The values.
    """

    def __init__(self, inbox: MemoryInbox, ledger: MemoryLedger, store: MemoryStore) -> None:
        self._inbox = inbox
        self._ledger = ledger
        self._store = store

    async def ticks(self) -> AsyncIterator[KeptTick]:
        """Given-up ones first."""
        for kept in self._inbox.kept():
            yield kept

    async def pages(self) -> AsyncIterator[KeptPage]:
        """As they were written."""
        for kept in self._ledger.kept():
            yield kept

    async def values(self, prefix: str) -> AsyncIterator[tuple[str, bytes, datetime]]:
        """As they were put."""
        for kept in self._store.kept(prefix):
            yield kept
