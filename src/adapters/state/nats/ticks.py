"""The stream of accepted ticks."""

from __future__ import annotations

from collections.abc import AsyncIterator

import msgspec
from nats.js.api import Header, RawStreamMsg
from nats.js.errors import APIError

from adapters.state.nats.bucket import NOT_FOUND, WRITTEN_SINCE
from adapters.state.nats.connection import ASKING, Connection, Patience
from adapters.state.nats.layout import token
from application.errors import InboxFull
from application.ports.inbox import SealedTick

FULL = {10077}
"""The API's code for a stream that holds as much as it may."""

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
    headers: dict[str, str] = {Header.MSG_ID: message_id, Header.EXPECTED_LAST_SUBJECT_SEQUENCE: "0"}
    try:
        await connection.publish(
            subject, msgspec.msgpack.encode(tick), headers, patience, WRITTEN_SINCE | FULL
        )
    except APIError as exc:
        if exc.err_code in FULL:
            raise InboxFull("as many ticks are waiting as the inbox may hold") from exc
        return False
    return True


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
