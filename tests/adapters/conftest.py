"""What several of this room's files talk to."""

from __future__ import annotations

from collections.abc import AsyncIterator

import nats
import pytest
from nats.js import JetStreamContext

from adapters.chats.channel import Chats, open_chats
from tests.doubles.fakes.clock import FixedClock
from tests.doubles.nats_server import NatsServer, empty, shared_server
from tests.doubles.webhooks import TelexDouble, telex_double


@pytest.fixture
async def telex() -> AsyncIterator[TelexDouble]:
    """A local Telex."""
    async with telex_double() as double:
        yield double


@pytest.fixture
async def channel() -> AsyncIterator[Chats]:
    """The adapter, allowed to call loopback, and impatient."""
    async with open_chats(FixedClock(), allow_private=True, total_timeout=0.5, connect_timeout=0.3) as opened:
        yield opened


@pytest.fixture
async def server() -> AsyncIterator[NatsServer]:
    """The shared NATS, empty afterwards."""
    yield shared_server()
    await empty(shared_server())


@pytest.fixture
async def jetstream(server: NatsServer) -> AsyncIterator[JetStreamContext]:
    """Its API, as an operator's tools use it."""
    client = await nats.connect(server.url)
    yield client.jetstream()
    await client.close()
