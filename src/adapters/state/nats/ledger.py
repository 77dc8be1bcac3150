"""The ledger on NATS."""

from __future__ import annotations

from dataclasses import replace

from adapters.state.nats.bucket import Bucket
from adapters.state.pages import decode_page, encode_page
from application.ports.ledger import Ledger, Page


class NatsLedger(Ledger):
    """Pages as JSON in a key-value bucket, whose revisions are theirs.

    Args:
        bucket: Where they are.
    """

    def __init__(self, bucket: Bucket) -> None:
        self._bucket = bucket

    async def read(self, channel: str, topic: str) -> Page:
        """Get one key."""
        entry = await self._bucket.get(channel, topic)
        return decode_page(*entry) if entry else Page()

    async def write(self, channel: str, topic: str, page: Page) -> Page | None:
        """Put one key if its revision is still the page's."""
        revision = await self._bucket.put(channel, topic, value=encode_page(page), revision=page.revision)
        return replace(page, revision=revision) if revision else None
