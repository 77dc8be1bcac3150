"""Publishing that compares before it sets."""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Mapping

from nats.js.api import Header, PubAck
from nats.js.errors import APIError

from adapters.state.nats.connection import WORKING, Connection, OutagePatience

NOT_FOUND = frozenset({None, 10037})
"""The API's codes for a message that is not there: asked of any node, and of the stream's leader."""

WRITTEN_SINCE = frozenset({10071, 10164})
"""Its codes for a subject whose last message is not the expected one."""


async def publish_after(
    connection: Connection,
    stream: str,
    subject: str,
    payload: bytes,
    *,
    revision: int | None,
    message_id: str | None = None,
    headers: Mapping[str, str] | None = None,
    patience: OutagePatience = WORKING,
    answers: frozenset[int] = frozenset(),
) -> int | None:
    """Publish if the subject's last message is the expected one; however often it is sent, once.

    Args:
        connection: Opened.
        stream: Which stream has the subject.
        subject: Where to.
        payload: What.
        revision: The number of the expected message; 0: there must be none; None: whatever is there.
        message_id: Names what may be published again by another call; None: it is this call's own.
        headers: Further headers.
        patience: How long to wait for the stream's acknowledgement.
        answers: Codes of errors that the caller takes for an answer.

    Returns:
        The number of the message, or None when another than the expected one is there.

    Raises:
        APIError: One of the ``answers``.
        StorageUnavailable: The stream did not say that it has stored it.
    """
    name = message_id or secrets.token_hex(12)
    all_headers: dict[str, str] = {**(headers or {}), Header.MSG_ID: name}
    if revision is not None:
        all_headers[Header.EXPECTED_LAST_SUBJECT_SEQUENCE] = str(revision)
    sent = 0

    def publish() -> Awaitable[PubAck]:
        nonlocal sent
        sent += 1
        # A copy each time, since the client adds to it.
        return connection.jetstream.publish(subject, payload, headers=dict(all_headers))

    try:
        ack = await connection.ask(publish, patience, WRITTEN_SINCE | answers)
    except APIError as exc:
        if exc.err_code not in WRITTEN_SINCE:
            raise
        may_be_there = message_id or sent > 1
        return await _own(connection, stream, subject, name, patience) if may_be_there else None
    return ack.seq


async def _own(
    connection: Connection, stream: str, subject: str, message_id: str, patience: OutagePatience
) -> int | None:
    """The number of the subject's last message if it is our own, whose acknowledgement got lost."""
    try:
        last = await connection.ask(
            lambda: connection.jetstream.get_last_msg(stream, subject), patience, NOT_FOUND
        )
    except APIError:
        return None
    return last.seq if (last.headers or {}).get(Header.MSG_ID) == message_id else None
