"""The stream of ticks given up on."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import NamedTuple

import msgspec
from nats.js.api import RawStreamMsg

from adapters.state.limits import Load
from adapters.state.nats.connection import ASKING, REQUEST_SECONDS, Connection
from adapters.state.nats.layout import GIVEN_UP, token
from adapters.state.nats.publishing import publish_after
from adapters.state.nats.ticks import add_tick, messages
from adapters.state.nats.unreadable import UNREADABLE
from application.errors import InboxFull
from application.ports.dead_letters import InboxEntry, TickState
from application.ports.intake import SealedTick


class GivenUp(msgspec.Struct, frozen=True):
    """A tick given up on: how often it was tried, when it was given up and why."""

    tick: SealedTick
    attempts: int
    at: datetime
    reason: str

    def entry(self) -> InboxEntry:
        """What may be shown of it."""
        tick = self.tick
        return InboxEntry(
            tick.id, tick.channel, TickState.GIVEN_UP, tick.accepted_at, self.attempts, self.at, self.reason
        )


class Kept(NamedTuple):
    """One of them, with its number in the stream."""

    sequence: int
    given_up: GivenUp


_decoder = msgspec.msgpack.Decoder(GivenUp)


class GivenUpTicks:
    """One message for each, which the stream keeps for thirty days.

    Args:
        connection: Opened.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def keep(self, given_up: GivenUp) -> None:
        """Keep it; again is as good as once."""
        subject = _subject(given_up.tick.id)
        await publish_after(
            self._connection,
            GIVEN_UP,
            subject,
            msgspec.msgpack.encode(given_up),
            revision=None,
            message_id=f"{given_up.tick.id}.{given_up.at.isoformat()}",
        )

    async def load(self) -> Load:
        """Ask the stream how much it holds."""
        info = await self._connection.ask(lambda: self._connection.jetstream.stream_info(GIVEN_UP), ASKING)
        return Load(info.state.messages, info.state.bytes)

    async def all(self, tick_id: str | None = None) -> AsyncIterator[Kept]:
        """All of them, or one, oldest first."""
        async for message in messages(self._connection, GIVEN_UP, _subject(tick_id)):
            try:
                yield Kept(message.seq or 0, _decoder.decode(message.data or b""))
            except msgspec.DecodeError:
                yield Kept(message.seq or 0, _unreadable(message))

    async def revive(self, tick_id: str | None) -> int:
        """Publish anew what has no twin, and drop it here; return how many."""
        revived = 0
        async for sequence, given_up in self.all(tick_id):
            if not given_up.tick.payload:
                continue
            # Another message id than the first time, or the stream would take it for a repetition.
            message_id = f"{given_up.tick.id}.{sequence}"
            try:
                added = await add_tick(self._connection, given_up.tick, message_id, ASKING)
            except InboxFull:  # the rest can be put back later
                break
            if added:
                await self._drop(given_up.tick.id, sequence)
                revived += 1
        return revived

    async def purge(self, tick_id: str | None) -> int:
        """Drop them; return how many."""
        return await self._drop(tick_id)

    async def _drop(self, tick_id: str | None, sequence: int | None = None) -> int:
        """Up to and with a number, so that what is given up anew meanwhile stays."""
        # nats-py does not pass on how many were purged.
        request = {"filter": _subject(tick_id)} | ({"seq": sequence + 1} if sequence else {})
        answer = await self._connection.ask(
            lambda: self._connection.client.request(
                f"$JS.API.STREAM.PURGE.{GIVEN_UP}", json.dumps(request).encode(), timeout=REQUEST_SECONDS
            ),
            ASKING,
        )
        return int(json.loads(answer.data).get("purged", 0))


def _unreadable(message: RawStreamMsg) -> GivenUp:
    """Its place holder, with the id that its subject ends with."""
    at = message.time or datetime.fromtimestamp(0, UTC)
    tick = SealedTick((message.subject or "").rpartition(".")[2], "", "", at, b"")
    return GivenUp(tick, 0, at, UNREADABLE)


def _subject(tick_id: str | None) -> str:
    return f"spend.given-up.{token(tick_id) if tick_id else '*'}"
