"""A key-value bucket, as the ledger and the store use it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from math import ceil
from typing import NamedTuple

from nats.js.api import Header
from nats.js.errors import APIError

from adapters.state.moments import EPOCH
from adapters.state.nats.connection import Connection
from adapters.state.nats.layout import bucket_stream, text_of, token
from adapters.state.nats.publishing import NOT_FOUND, publish_after
from adapters.state.nats.ticks import messages


class Entry(NamedTuple):
    """What a key holds."""

    value: bytes
    revision: int


class Bucket:
    """Values by key, each with the revision of its last write.

    What nats-py's own ``KeyValue`` does, and beyond that every write may expire, a removal leaves nothing
    behind, and a write that is sent again after an outage counts once.

    Args:
        connection: Opened.
        name: The bucket.
        direct: Whether any node that has a copy may answer: quicker, but it may not know the last write yet.
    """

    def __init__(self, connection: Connection, name: str, *, direct: bool) -> None:
        self._connection = connection
        self._name = name
        self._stream = bucket_stream(name)
        self._direct = direct

    async def get(self, *key: str) -> Entry | None:
        """Return what the key holds, if anything."""
        subject = self._subject(key)
        try:
            message = await self._connection.ask(
                lambda: self._connection.jetstream.get_last_msg(self._stream, subject, direct=self._direct),
                answers=NOT_FOUND,
            )
        except APIError:
            return None
        return Entry(message.data or b"", message.seq or 0)

    async def under(self, *key: str) -> AsyncIterator[bytes]:
        """What the keys hold that begin with these parts."""
        async for message in messages(self._connection, self._stream, f"{self._subject(key)}.>"):
            yield message.data or b""

    async def all(self, parts: int) -> AsyncIterator[tuple[list[str], bytes, datetime]]:
        """Every key of so many parts, what it holds, and since when."""
        async for message in messages(self._connection, self._stream, self._subject(()) + ".*" * parts):
            _, _, *key = (message.subject or "").split(".")
            yield [text_of(part) for part in key], message.data or b"", message.time or EPOCH

    async def put(
        self, *key: str, value: bytes, revision: int | None = None, ttl: timedelta | None = None
    ) -> int | None:
        """Write.

        Args:
            key: Its parts.
            value: At least one byte.
            revision: Write only if the key still has this one; 0: only if it holds nothing.
            ttl: After this the value may be gone; seconds are what a server counts in.

        Returns:
            The new revision, or None when the key had another than the expected one.
        """
        return await publish_after(
            self._connection,
            self._stream,
            self._subject(key),
            value,
            revision=revision,
            headers={Header.MSG_TTL: str(max(1, ceil(ttl.total_seconds())))} if ttl else None,
        )

    async def remove(self, *key: str) -> None:
        """Forget the key."""
        subject = self._subject(key)
        await self._connection.ask(
            lambda: self._connection.jetstream.purge_stream(self._stream, subject=subject)
        )

    def _subject(self, key: tuple[str, ...]) -> str:
        return ".".join(("$KV", self._name, *map(token, key)))
