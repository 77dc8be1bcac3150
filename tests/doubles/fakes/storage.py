"""Storage that breaks when a test wants it to: around any inbox, ledger and store."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from application.errors import StorageUnavailable
from application.ports.dead_letters import InboxEntry
from application.ports.inbox import Depth, Inbox
from application.ports.intake import SealedTick
from application.ports.ledger import Ledger, Page
from application.ports.store import Store
from application.ports.work_queue import NOTHING_YET, Lease, Progress, Why


class Disk:
    """What inbox, ledger and store rest on. Every access gives way to other tasks, as a real one does.

    Attributes:
        left: How many accesses still work; None while the disk is whole.
    """

    def __init__(self) -> None:
        self.left: int | None = None

    def break_after(self, accesses: int) -> None:
        """Let as many accesses pass, and none after them."""
        self.left = accesses

    def mend(self) -> None:
        """Let all pass again."""
        self.left = None

    async def access(self) -> None:
        """Pass, or fail."""
        await asyncio.sleep(0)
        if self.left is None:
            return
        if self.left == 0:
            raise StorageUnavailable("the disk is full")
        self.left -= 1


class BreakableInbox(Inbox):
    """An inbox on a disk."""

    def __init__(self, inbox: Inbox, disk: Disk) -> None:
        self._inbox = inbox
        self._disk = disk

    async def put(self, tick: SealedTick) -> bool:
        """Pass on if the disk works; so does all that follows."""
        await self._disk.access()
        return await self._inbox.put(tick)

    async def lease(self, limit: int, wait: float) -> Sequence[Lease]:
        """Pass on."""
        await self._disk.access()
        return await self._inbox.lease(limit, wait)

    async def acknowledge(self, lease: Lease) -> bool:
        """Pass on."""
        await self._disk.access()
        return await self._inbox.acknowledge(lease)

    async def pause(
        self, lease: Lease, until: datetime, reason: str, why: Why, progress: Progress = NOTHING_YET
    ) -> bool:
        """Pass on."""
        await self._disk.access()
        return await self._inbox.pause(lease, until, reason, why, progress)

    async def give_up(self, lease: Lease, reason: str) -> bool:
        """Pass on."""
        await self._disk.access()
        return await self._inbox.give_up(lease, reason)

    async def depth(self) -> Depth:
        """Pass on."""
        await self._disk.access()
        return await self._inbox.depth()

    async def entries(self, limit: int = 1000) -> Sequence[InboxEntry]:
        """Pass on."""
        await self._disk.access()
        return await self._inbox.entries(limit)

    async def revive(self, tick_id: str | None = None) -> int:
        """Pass on."""
        await self._disk.access()
        return await self._inbox.revive(tick_id)

    async def purge(self, tick_id: str | None = None) -> int:
        """Pass on."""
        await self._disk.access()
        return await self._inbox.purge(tick_id)

    async def probe(self) -> None:
        """Pass on."""
        await self._disk.access()
        await self._inbox.probe()


class BreakableLedger(Ledger):
    """A ledger on a disk."""

    def __init__(self, ledger: Ledger, disk: Disk) -> None:
        self._ledger = ledger
        self._disk = disk

    async def read(self, channel: str, topic: str) -> Page:
        """Pass on if the disk works."""
        await self._disk.access()
        return await self._ledger.read(channel, topic)

    async def update(self, channel: str, topic: str, change: Callable[[Page], Page]) -> Page:
        """Pass on."""
        await self._disk.access()
        return await self._ledger.update(channel, topic, change)

    async def knows(self, channel: str, asks: str | None = None) -> bool:
        """Pass on."""
        await self._disk.access()
        return await self._ledger.knows(channel, asks)


class BreakableStore(Store):
    """A store on a disk."""

    def __init__(self, store: Store, disk: Disk) -> None:
        self._store = store
        self._disk = disk

    async def get(self, key: str) -> bytes | None:
        """Pass on if the disk works; so does all that follows."""
        await self._disk.access()
        return await self._store.get(key)

    async def put(self, key: str, value: bytes, ttl: timedelta) -> None:
        """Pass on."""
        await self._disk.access()
        await self._store.put(key, value, ttl)

    async def add(self, key: str, value: bytes, ttl: timedelta) -> bytes | None:
        """Pass on."""
        await self._disk.access()
        return await self._store.add(key, value, ttl)

    async def remove(self, key: str) -> None:
        """Pass on."""
        await self._disk.access()
        await self._store.remove(key)

    async def count(self, key: str, by: int, ttl: timedelta) -> int:
        """Pass on."""
        await self._disk.access()
        return await self._store.count(key, by, ttl)
