"""Opening the state on NATS."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from functools import partial

import structlog
from nats.errors import Error

from adapters.state.limits import LEASE_LENGTH, Limits
from adapters.state.nats.address import NatsAddress
from adapters.state.nats.bucket import Bucket
from adapters.state.nats.connection import Connection, open_connection
from adapters.state.nats.contents import NatsContents
from adapters.state.nats.given_up import GivenUpTicks
from adapters.state.nats.inbox import NatsInbox
from adapters.state.nats.layout import LEDGER, STORE, ensure_layout, missing
from adapters.state.nats.leases import Leases
from adapters.state.nats.ledger import NatsLedger
from adapters.state.nats.notes import Notes
from adapters.state.nats.room import Room
from adapters.state.nats.store import NatsStore
from adapters.state.state import State
from application.errors import StorageUnavailable
from application.ports.clock import Clock

log = structlog.get_logger()


WATCH_SECONDS = 2.0
"""How soon it is noticed that a stream, a bucket or the consumer is gone."""


@contextlib.asynccontextmanager
async def open_nats_state(
    address: NatsAddress,
    clock: Clock,
    inbox_limit: int,
    replicas: int = 1,
    lease_length: timedelta = LEASE_LENGTH,
) -> AsyncIterator[State]:
    """Connect, make or check the streams and buckets, and in the end put back what this process has leased.

    Any number of processes on any number of machines may have the state open.

    Args:
        address: Where the cluster is.
        clock: What time it is; the machines' clocks should agree to a second or so.
        inbox_limit: Unfinished ticks that there may be, over all processes; whoever starts last sets it.
        replicas: Copies of every stream and bucket; 3 needs a cluster of three.
        lease_length: How long a tick may be worked on before another worker gets it. It becomes the
            ``ack_wait`` of the workers' consumer; a consumer that is there keeps its own.

    Raises:
        StateRefused: What is there is of another kind, or the cluster cannot hold it; one line says what
            to do.
        StorageUnavailable: No server can be reached within a few seconds.
    """
    async with open_connection(address) as connection:
        limits = Limits(inbox_limit)
        length = await ensure_layout(connection, limits, replicas, lease_length)
        leases = Leases(connection, clock, length)
        store = Bucket(connection, STORE, direct=True)
        notes = Notes(Bucket(connection, STORE, direct=False))
        pages = Bucket(connection, LEDGER, direct=False)
        ledger, given_up = NatsLedger(pages), GivenUpTicks(connection)
        room = Room(connection, limits, ledger.knows)
        inbox = NatsInbox(connection, leases, given_up, notes, room, clock)
        contents = NatsContents(connection, given_up, notes, pages, store, clock)
        ensure = partial(ensure_layout, connection, limits, replicas, lease_length)
        tasks = (
            asyncio.create_task(leases.signal_progress(), name="nats progress signals"),
            asyncio.create_task(_keep_layout(connection, ensure), name="nats layout"),
        )
        try:
            yield State(inbox, ledger, NatsStore(store, clock), contents)
        finally:
            for task in tasks:
                task.cancel()
            with contextlib.suppress(Error, OSError):  # then they come back when their time is over
                await leases.give_back()


async def _keep_layout(connection: Connection, ensure: Callable[[], Awaitable[object]]) -> None:
    """Make anew what somebody takes away, for as long as the state is open."""
    trouble = ""
    while True:
        await asyncio.sleep(WATCH_SECONDS)
        before, trouble = trouble, ""
        try:
            await connection.renew_if_lost()
            if gone := await missing(connection):
                log.error("nats_layout_gone", missing=gone, effect="what was in it is lost")
                await ensure()
                log.warning("nats_layout_made_anew")
        except StorageUnavailable as error:
            trouble = str(error)
        except Exception as error:  # noqa: BLE001  # a defect must not end this
            trouble = type(error).__name__
        if trouble and trouble != before:
            log.warning("nats_layout_unknown", reason=trouble)
