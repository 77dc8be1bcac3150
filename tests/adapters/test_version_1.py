"""An upgrade: what version 1 has left in its state goes on.

``tests/data/version-1`` was written by version 1: a tick that waits, one that is paused after HTTP 503, one
whose process was killed, one given up on, and a channel that has been told of the day before.
"""

from __future__ import annotations

import base64
import json
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import nats
import pytest
from nats.aio.client import Client

from adapters.state.nats.address import parse_address
from adapters.state.nats.opening import open_nats_state
from adapters.state.sqlite import open_sqlite_state
from adapters.state.state import State
from adapters.vault import AesGcmVault
from application.accept_tick import AcceptTick
from application.answer import Outcome
from application.notice import SpendNotice
from application.ports.dead_letters import TickState
from domain.periods import Period
from domain.thresholds import Verdict
from tests.doubles.fakes.clock import FixedClock
from tests.doubles.fakes.world import World, bill
from tests.doubles.nats_server import empty, shared_server

LEFT = Path(__file__).parent.parent / "data" / "version-1"
CHANNEL = "https://ping.telex.im/v1/return/"
UPGRADED_AT = datetime(2026, 11, 24, 12, tzinfo=UTC)
ASKED = Period(date(2026, 11, 23), date(2026, 11, 24))
TOLD = Period(date(2026, 11, 22), date(2026, 11, 23))


@asynccontextmanager
async def sqlite(folder: Path, clock: FixedClock) -> AsyncIterator[State]:
    """Its file."""
    left = sqlite3.connect(folder / "state.db")
    left.executescript((LEFT / "state.sql").read_text())
    left.close()
    async with open_sqlite_state(folder / "state.db", clock, 1000) as state:
        yield state


@asynccontextmanager
async def jetstream(_folder: Path, clock: FixedClock) -> AsyncIterator[State]:
    """Its streams and buckets."""
    server, left = shared_server(), json.loads((LEFT / "nats.json").read_text())
    await empty(server)
    client = await nats.connect(server.url)
    try:
        for config in left["streams"]:
            await request(client, f"STREAM.CREATE.{config['name']}", config)
        for consumer in left["consumers"]:
            name = f"{consumer['stream']}.{consumer['config']['name']}"
            body = {"stream_name": consumer["stream"], "config": consumer["config"]}
            await request(client, f"CONSUMER.DURABLE.CREATE.{name}", body)
        for each in left["messages"]:
            content = base64.b64decode(each["data"])
            await client.jetstream().publish(each["subject"], content, headers=each["headers"])
        async with open_nats_state(parse_address(server.url), clock, 1000) as state:
            yield state
    finally:
        await client.close()
        await empty(server)


async def request(client: Client, subject: str, body: Any) -> None:
    """Ask the server for what the client has no call for."""
    answer = json.loads((await client.request(f"$JS.API.{subject}", json.dumps(body).encode())).data)
    assert "error" not in answer, answer


@pytest.mark.parametrize("opened", [sqlite, jetstream])
async def test_what_version_1_has_left_goes_on(
    opened: Callable[[Path, FixedClock], AbstractAsyncContextManager[State]], tmp_path: Path
) -> None:
    """Every tick is answered, the one given up on when it is tried again, and nothing is told anew."""
    world = World()
    world.clock.move_to(UPGRADED_AT)
    world.vault = AesGcmVault([bytes(range(32))])
    async with opened(tmp_path, world.clock) as state:
        world.inbox, world.ledger = state.inbox, state.ledger
        world.accept_tick = AcceptTick(state.inbox, world.vault, world.channel, world.clock)
        world.restart()
        world.account.bill = bill(world.today)
        [given_up] = [one for one in await state.inbox.entries() if one.state is TickState.GIVEN_UP]
        assert given_up.reason == "channel-refused: Telex refused the message: no such channel"
        leases = await state.inbox.lease(10, 1)
        assert [(await world.answer_tick.execute(lease)).outcome for lease in leases] == 4 * [Outcome.TOLD]
        assert await state.inbox.revive() == 1
        [lease] = await state.inbox.lease(10, 1)
        assert (await world.answer_tick.execute(lease)).outcome is Outcome.TOLD
        assert await state.inbox.entries() == []
        page = await state.ledger.read(
            world.vault.fingerprint("channel", f"{CHANNEL}waiting"), "123456789012/daily/100"
        )
    told = {url.removeprefix(CHANNEL): notice for url, notice in world.channel.posts}
    assert set(told) == {"waiting", "paused", "killed", "given-up", "told"}
    for notice in told.values():
        assert isinstance(notice, SpendNotice)
        assert (notice.report.period, notice.report.verdict, notice.also) == (ASKED, Verdict.WITHIN, ())
    assert {period: one.verdicts for period, one in page.told.items()} == {
        TOLD: (Verdict.WITHIN,),
        ASKED: (Verdict.WITHIN,),
    }
