"""The ledger on NATS."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable

from adapters.state.ledger_pages import DELIVERED, KEPT, PAGES_KEPT, decode_page, encode_page, worth
from adapters.state.nats.bucket import Bucket
from application.errors import StorageUnavailable
from application.ports.ledger import Ledger, Page

TRIES = 100
"""How often a page is changed anew that others change at the same time."""


class NatsLedger(Ledger):
    """Pages as JSON in a key-value bucket.

    Args:
        bucket: Where they are.
    """

    def __init__(self, bucket: Bucket) -> None:
        self._bucket = bucket

    async def read(self, channel: str, topic: str) -> Page:
        """Get one key."""
        entry = await self._bucket.get(channel, topic)
        return decode_page(entry.value) if entry else Page()

    async def update(self, channel: str, topic: str, change: Callable[[Page], Page]) -> Page:
        """Get, change and put one key, until nobody else has put it in between."""
        for _ in range(TRIES):
            entry = await self._bucket.get(channel, topic)
            page = decode_page(entry.value) if entry else Page()
            changed = change(page)
            revision = entry.revision if entry else 0
            kept = KEPT[worth(changed)]
            if changed == page or await self._bucket.put(
                *(channel, topic),
                value=encode_page(changed),
                revision=revision,
                ttl=kept if kept < PAGES_KEPT else None,
            ):
                return changed
            await asyncio.sleep(random.uniform(0, 0.02))  # noqa: S311  # spreads out, hides nothing
        raise StorageUnavailable("too many change the same page at once")

    async def knows(self, channel: str, asks: str | None = None) -> bool:
        """Look through the channel's keys."""
        async for content in self._bucket.under(channel):
            page = decode_page(content)
            if worth(page) >= DELIVERED if asks is None else asks in page.asks:
                return True
        return False
