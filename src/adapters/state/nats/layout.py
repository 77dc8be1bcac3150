"""The streams and buckets: what they must be like, and whether they are."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from enum import Enum
from functools import partial
from typing import TypeVar

from nats.js.api import ConsumerConfig, DiscardPolicy, RetentionPolicy, StorageType, StreamConfig
from nats.js.errors import APIError

from adapters.state.ledger_pages import PAGES_KEPT
from adapters.state.limits import GIVEN_UP_KEPT, Limits
from adapters.state.nats.connection import ASKING, AT_THE_DOOR, START_SECONDS, Connection, OutagePatience
from adapters.state.state import StateRefused

T = TypeVar("T")

TICKS = "SPEND_TICKS"
GIVEN_UP = "SPEND_GIVEN_UP"
WORKERS = "workers"
"""The consumer of TICKS that all workers share."""

LEDGER = "SPEND_LEDGER"
STORE = "SPEND_STORE"

VERSION = 1
"""Of the forms of what is kept."""

MARK = "aws-spend-monitor-version"
"""The key of a stream's metadata that says of which version it is; without it: of the first."""

DUPLICATE_WINDOW = timedelta(minutes=2)
"""Longer than any patience: what is published again after an outage is stored once."""

AT_START = OutagePatience(START_SECONDS, AT_THE_DOOR.silent)
"""A start that falls into an election waits for its end."""

MISSING = frozenset({10014, 10059})
"""The API's codes for a consumer and a stream that are not there."""

OTHERWISE = frozenset({10014, 10058})
"""The API's codes for a consumer that is not there, and for a stream that is, but is another."""

REFUSED = frozenset({10052, 10074})
"""Its codes for what this server cannot make, such as copies on other nodes when there are none."""

SETTLED = ("subjects", "retention", "discard", "storage", "num_replicas", "max_age", "max_msgs_per_subject")
CONSUMER_SETTLED = ("ack_policy", "max_ack_pending", "max_deliver", "filter_subject")
"""What must be as it is wanted; only an operator can say what to do about it."""


def token(text: str) -> str:
    """Return the text as one token of a subject or key; different for different texts."""
    return re.sub(r"[^A-Za-z0-9_-]", lambda match: f"={ord(match.group()):X}=", text)


def text_of(token: str) -> str:
    """The inverse of ``token``."""
    return re.sub(r"=([0-9A-F]+)=", lambda match: chr(int(match[1], 16)), token)


def bucket_stream(bucket: str) -> str:
    """The stream below a key-value bucket."""
    return f"KV_{bucket}"


async def ensure_layout(
    connection: Connection, limits: Limits, replicas: int, lease_length: timedelta
) -> timedelta:
    """Make what is not there, and check what is.

    Args:
        connection: Opened.
        limits: What there may be.
        replicas: Copies of everything.
        lease_length: How long a worker has a tick; of a consumer that is there, its own length stays.

    Returns:
        The length of a lease.

    Raises:
        StateRefused: Something is there but of another kind, or cannot be made. One line says what to do.
        StorageUnavailable: The cluster does not answer.
    """
    for config in _streams(limits, replicas):
        await _ensure_stream(connection, config)
    return await _ensure_consumer(connection, lease_length)


def _streams(limits: Limits, replicas: int) -> Sequence[StreamConfig]:
    common = StreamConfig(
        storage=StorageType.FILE,
        num_replicas=replicas,
        duplicate_window=DUPLICATE_WINDOW.total_seconds(),
        max_age=0,
        max_msgs=-1,
        max_bytes=-1,
        metadata={MARK: str(VERSION)},
    )
    bucket = common.evolve(
        max_msgs_per_subject=1, allow_msg_ttl=True, allow_direct=True, allow_rollup_hdrs=True
    )
    return [
        common.evolve(
            name=TICKS,
            description="Accepted ticks that are not answered",
            subjects=["spend.ticks.*"],
            retention=RetentionPolicy.WORK_QUEUE,
            discard=DiscardPolicy.NEW,
            max_msgs=2 * limits.ticks,  # see Room, which also counts bytes: a server would set these aside
        ),
        common.evolve(
            name=GIVEN_UP,
            description="Ticks given up on, and why",
            subjects=["spend.given-up.*"],
            retention=RetentionPolicy.LIMITS,
            max_msgs_per_subject=1,
            max_age=GIVEN_UP_KEPT.total_seconds(),
            max_msgs=limits.ticks,
            max_bytes=limits.bytes // 4,
        ),
        bucket.evolve(
            name=bucket_stream(LEDGER),
            description="What the channels have been told",
            subjects=[f"$KV.{LEDGER}.>"],
            retention=RetentionPolicy.LIMITS,
            max_age=PAGES_KEPT.total_seconds(),
        ),
        bucket.evolve(
            name=bucket_stream(STORE),
            description="Small values that expire",
            subjects=[f"$KV.{STORE}.>"],
            retention=RetentionPolicy.LIMITS,
        ),
    ]


async def missing(connection: Connection) -> list[str]:
    """What somebody has taken away since the start.

    Raises:
        StorageUnavailable: The cluster does not answer.
    """
    questions: dict[str, Callable[[], Awaitable[object]]] = {
        f"stream {name}": partial(connection.jetstream.stream_info, name)
        for name in (TICKS, GIVEN_UP, bucket_stream(LEDGER), bucket_stream(STORE))
    }
    questions[f"consumer {WORKERS}"] = lambda: connection.jetstream.consumer_info(TICKS, WORKERS)
    gone = []
    for name, question in questions.items():
        try:
            await connection.ask(question, ASKING, MISSING)
        except APIError:
            gone.append(name)
    return gone


async def _ensure_stream(connection: Connection, wanted: StreamConfig) -> None:
    name = str(wanted.name)
    try:
        found = (await _ask(connection, lambda: connection.jetstream.add_stream(wanted))).config
    except APIError:  # it is there, and is another
        found = (await _ask(connection, lambda: connection.jetstream.stream_info(name))).config
    _check_version(name, found)
    _compare(f"stream {name}", found, wanted, SETTLED)
    marked = {**(found.metadata or {}), MARK: str(VERSION)}
    # The operator may have set another SPEND_MONITOR_INBOX_LIMIT.
    changes = {"max_msgs": wanted.max_msgs, "max_bytes": wanted.max_bytes, "metadata": marked}
    if any(getattr(found, field) != value for field, value in changes.items()):
        changed = found.evolve(**changes)
        await _ask(connection, lambda: connection.jetstream.update_stream(changed))


def _check_version(name: str, found: StreamConfig) -> None:
    version = (found.metadata or {}).get(MARK, "1")
    if not version.isdecimal() or int(version) > VERSION:
        raise StateRefused(
            f"the NATS stream {name} has version {version}, but this program knows up to {VERSION}; it is "
            "left as it is: run the newer program, or use another NATS account"
        )


async def _ensure_consumer(connection: Connection, lease_length: timedelta) -> timedelta:
    wanted = ConsumerConfig(
        name=WORKERS,
        durable_name=WORKERS,
        ack_wait=lease_length.total_seconds(),
        max_ack_pending=-1,  # paused ticks count too, and there may be as many as the inbox holds
        max_deliver=-1,
    )
    try:
        info = await _ask(connection, lambda: connection.jetstream.consumer_info(TICKS, WORKERS))
    except APIError:  # it is not there
        info = await _ask(connection, lambda: connection.jetstream.add_consumer(TICKS, wanted))
    _compare(f"consumer {WORKERS} of stream {TICKS}", info.config, wanted, CONSUMER_SETTLED)
    return timedelta(seconds=info.config.ack_wait or lease_length.total_seconds())


async def _ask(connection: Connection, question: Callable[[], Awaitable[T]]) -> T:
    try:
        return await connection.ask(question, AT_START, OTHERWISE | REFUSED)
    except APIError as exc:
        if exc.err_code in OTHERWISE:
            raise
        raise StateRefused(f"{connection.address} cannot hold the state: {exc.description}") from exc


def _compare(name: str, found: object, wanted: object, fields: Sequence[str]) -> None:
    for field in fields:
        has, needs = getattr(found, field), getattr(wanted, field)
        if has != needs:
            setting = f"set SPEND_MONITOR_NATS_REPLICAS={has}, or " if field == "num_replicas" else ""
            raise StateRefused(
                f"the NATS {name} has {field} {_plain(has)}, but {_plain(needs)} is wanted: {setting}"
                "change it with the nats command, or delete it if nothing in it is wanted"
            )


def _plain(value: object) -> object:
    return value.value if isinstance(value, Enum) else value
