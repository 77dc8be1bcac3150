"""Hosts that have taken messages, kept over a restart: they are no strangers then either."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import timedelta

import msgspec

from adapters.chats.lanes import REMEMBERED, HostLanes
from application.errors import StorageUnavailable, TickUnreadable
from application.ports.store import Store
from application.ports.vault import Vault

KEY = "hosts.delivered"
KEPT = timedelta(days=40)
"""Longer than a channel that reports by the month is silent."""

SECONDS_BETWEEN = 60.0
RENEWED_SECONDS = 24 * 60 * 60.0
"""So that it does not expire while nothing is new."""

LAST_SECONDS = 1.0
"""A stop does not wait an outage of the store out, as work in hand does."""

_decode = msgspec.msgpack.Decoder(list[str]).decode


class KnownHosts:
    """The list in the store, sealed: a host is a part of a return_url. All processes add to it.

    Args:
        store: Where it is.
        vault: Seals it.
        lanes: Know who has delivered in this process.
    """

    def __init__(self, store: Store, vault: Vault, lanes: HostLanes) -> None:
        self._store = store
        self._vault = vault
        self._lanes = lanes
        self._written: set[str] = set()
        self._written_at = time.monotonic()

    async def recall(self) -> None:
        """Let the lanes know who had delivered before."""
        with suppress(StorageUnavailable):
            self._lanes.recall(await self._read())

    async def keep(self) -> None:
        """Add who has delivered since; those who did so longest ago are dropped first."""
        delivered = self._lanes.delivered()
        is_fresh = time.monotonic() - self._written_at < RENEWED_SECONDS
        if is_fresh and self._written.issuperset(delivered):
            return
        with suppress(StorageUnavailable):
            hosts = [host for host in await self._read() if host not in delivered] + delivered
            sealed = self._vault.seal(msgspec.msgpack.encode(hosts[-REMEMBERED:]), context=KEY)
            await self._store.put(KEY, sealed, KEPT)
            self._written, self._written_at = set(delivered), time.monotonic()

    async def _read(self) -> list[str]:
        value = await self._store.get(KEY)
        try:
            return _decode(self._vault.open(value, context=KEY)) if value else []
        except (TickUnreadable, msgspec.DecodeError):  # under a key that has been retired
            return []


@asynccontextmanager
async def keeping_hosts(known: KnownHosts) -> AsyncIterator[None]:
    """Recall them, and keep them every minute and in the end."""
    await known.recall()
    task = asyncio.create_task(_keep(known), name="known hosts")
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait([task])
        with suppress(TimeoutError):
            async with asyncio.timeout(LAST_SECONDS):
                await known.keep()


async def _keep(known: KnownHosts) -> None:
    while True:
        await asyncio.sleep(SECONDS_BETWEEN)
        await known.keep()
