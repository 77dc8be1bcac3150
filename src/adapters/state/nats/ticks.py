"""The stream of accepted ticks."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import NamedTuple

import msgspec
from nats.js.api import Header, RawStreamMsg
from nats.js.errors import APIError

from adapters.state.nats.connection import ASKING, Connection, OutagePatience
from adapters.state.nats.layout import TICKS, token
from adapters.state.nats.publishing import NOT_FOUND, publish_after
from application.errors import InboxFull
from application.ports.intake import SealedTick

FULL = frozenset({10077})
"""The API's code for a stream that holds as much as it may."""

GONE = frozenset({10043, 10057}) | NOT_FOUND
"""Its codes for a message that cannot be deleted since it is not there."""

EARLY = ".early."
"""In the message id of a tick that is tried before its pause is over."""

_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(SealedTick)


class Stored(NamedTuple):
    """A tick in the stream, and the number of its message."""

    sequence: int
    tick: SealedTick


async def add_tick(
    connection: Connection, tick: SealedTick, message_id: str, patience: OutagePatience, after: int = 0
) -> bool:
    """Publish the tick, unless its twin, which has the same subject, is in the stream.

    Args:
        connection: Opened.
        tick: The tick.
        message_id: What is published under the same one twice is stored once.
        patience: How long.
        after: The number of a message that is no twin, since this one replaces it.

    Returns:
        False when its twin is there.

    Raises:
        InboxFull: The stream is at its limit.
        StorageUnavailable: The stream did not say that it has stored the tick.
    """
    try:
        stored = await publish_after(
            connection,
            TICKS,
            _subject(tick),
            _encoder.encode(tick),
            revision=after,
            message_id=message_id,
            patience=patience,
            answers=FULL,
        )
    except APIError as exc:
        raise InboxFull("as many ticks are waiting as the inbox may hold") from exc
    return stored is not None


async def try_early(connection: Connection, stored: Stored, patience: OutagePatience) -> bool:
    """Let a paused tick be delivered now: publish it again, and delete the message that is put off.

    A crash in between leaves both, and the tick is worked on twice.
    """
    message_id = f"{stored.tick.id}{EARLY}{stored.sequence}"
    try:
        if not await add_tick(connection, stored.tick, message_id, patience, after=stored.sequence):
            return False
    except InboxFull:  # it stays put off
        return False
    await drop_tick(connection, stored.sequence, patience)
    return True


def is_early(headers: Mapping[str, str] | None) -> bool:
    """Whether a message is one of a tick that was paused before, and is tried early."""
    return EARLY in (headers or {}).get(Header.MSG_ID, "")


async def drop_tick(connection: Connection, sequence: int, patience: OutagePatience) -> bool:
    """Delete one message; False when it is not there."""
    try:
        return await connection.ask(
            lambda: connection.jetstream.delete_msg(TICKS, sequence), patience, answers=GONE
        )
    except APIError:
        return False


async def twin_of(connection: Connection, tick: SealedTick, patience: OutagePatience) -> Stored | None:
    """The tick in the stream that asks the same."""
    subject = _subject(tick)
    try:
        message = await connection.ask(
            lambda: connection.jetstream.get_last_msg(TICKS, subject), patience, NOT_FOUND
        )
    except APIError:
        return None
    twin = decode_tick(message.data)
    return Stored(message.seq or 0, twin) if twin else None


async def find_tick(connection: Connection, tick_id: str) -> Stored | None:
    """Look through the stream for a tick: it is sorted by what ticks ask."""
    async for message in messages(connection, TICKS, "spend.ticks.>"):
        tick = decode_tick(message.data)
        if tick and tick.id == tick_id:
            return Stored(message.seq or 0, tick)
    return None


def _subject(tick: SealedTick) -> str:
    return f"spend.ticks.{token(tick.twin)}"


def decode_tick(payload: bytes | None) -> SealedTick | None:
    """Return what was published, or None for what is no tick of this version: it stays where it is."""
    try:
        return _decoder.decode(payload or b"")
    except msgspec.DecodeError:
        return None


async def messages(
    connection: Connection, stream: str, subject: str, after: int = 0
) -> AsyncIterator[RawStreamMsg]:
    """All messages of a stream with higher numbers, oldest first, as they are when it comes to each."""
    sequence = after

    async def following() -> RawStreamMsg:
        return await connection.jetstream.get_msg(stream, seq=sequence + 1, subject=subject, next=True)

    while True:
        try:
            message = await connection.ask(following, ASKING, NOT_FOUND)
        except APIError:
            return
        yield message
        sequence = message.seq or 0
