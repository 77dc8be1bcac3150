"""The stream of accepted ticks."""

from __future__ import annotations

from collections.abc import AsyncIterator

import msgspec
from nats.js.api import RawStreamMsg
from nats.js.errors import APIError

from adapters.state.nats.connection import ASKING, Connection, Patience
from adapters.state.nats.layout import TICKS, token
from adapters.state.nats.publishing import NOT_FOUND, publish_after
from application.errors import InboxFull
from application.ports.inbox import SealedTick

FULL = frozenset({10077})
"""The API's code for a stream that holds as much as it may."""

_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(SealedTick)


async def add_tick(connection: Connection, tick: SealedTick, message_id: str, patience: Patience) -> bool:
    """Publish the tick, unless its twin, which has the same subject, is in the stream.

    Args:
        connection: Opened.
        tick: The tick.
        message_id: What is published under the same one twice is stored once.
        patience: How long.

    Returns:
        False when its twin is there.

    Raises:
        InboxFull: The stream is at its limit.
        StorageUnavailable: The stream did not say that it has stored the tick.
    """
    subject = f"spend.ticks.{token(tick.twin)}"
    try:
        stored = await publish_after(
            connection,
            TICKS,
            subject,
            _encoder.encode(tick),
            revision=0,
            message_id=message_id,
            patience=patience,
            answers=FULL,
        )
    except APIError as exc:
        raise InboxFull("as many ticks are waiting as the inbox may hold") from exc
    return stored is not None


def decode_tick(payload: bytes | None) -> SealedTick | None:
    """Return what was published, or None for what is no tick of this version: it stays where it is."""
    try:
        return _decoder.decode(payload or b"")
    except msgspec.DecodeError:
        return None


async def messages(connection: Connection, stream: str, subject: str) -> AsyncIterator[RawStreamMsg]:
    """All messages of a stream, oldest first, as they are when it comes to each."""
    sequence = 0

    async def following() -> RawStreamMsg:
        return await connection.jetstream.get_msg(stream, seq=sequence + 1, subject=subject, next=True)

    while True:
        try:
            message = await connection.ask(following, ASKING, NOT_FOUND)
        except APIError:
            return
        yield message
        sequence = message.seq or 0
