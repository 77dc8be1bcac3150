"""The ledger on NATS."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable

from adapters.state.nats.bucket import Bucket
from adapters.state.pages import decode_page, encode_page
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
            if changed == page or await self._bucket.put(
                channel, topic, value=encode_page(changed), revision=revision
            ):
                return changed
            await asyncio.sleep(random.uniform(0, 0.02))  # noqa: S311  # spreads out, hides nothing
        raise StorageUnavailable("too many change the same page at once")
