"""What is taken away or spoilt under the service on NATS is noticed, said, and mended."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from nats.aio.client import Client
from nats.js.client import JetStreamContext
from structlog.testing import capture_logs

from adapters.clock import SystemClock
from adapters.state.nats import connection as connections
from adapters.state.nats import opening
from adapters.state.nats.address import parse_address
from adapters.state.nats.connection import Connection, open_connection
from adapters.state.nats.layout import GIVEN_UP, LEDGER, STORE, TICKS, WORKERS, bucket_stream
from adapters.state.nats.opening import open_nats_state
from adapters.state.state import State, StateRefused
from application.errors import StorageUnavailable
from application.ports.ledger import Page
from tests.contract.states import a_tick
from tests.doubles.nats_operator import operator_mode
from tests.doubles.nats_server import NatsServer, running

now = SystemClock().now

PARTS = {
    "ticks": TICKS,
    "given-up": GIVEN_UP,
    "ledger": bucket_stream(LEDGER),
    "store": bucket_stream(STORE),
    "consumer": None,
}


@pytest.fixture
async def state(server: NatsServer) -> AsyncIterator[State]:
    """The state on it."""
    async with open_nats_state(parse_address(server.url), SystemClock(), 100) as opened:
        yield opened


async def take_away(jetstream: JetStreamContext, part: str) -> None:
    """As an operator does who tidies up the wrong account."""
    stream = PARTS[part]
    if stream:
        await jetstream.delete_stream(stream)
    else:
        await jetstream.delete_consumer(TICKS, WORKERS)


@pytest.mark.parametrize("part", PARTS)
async def test_it_is_noticed(state: State, jetstream: JetStreamContext, part: str) -> None:
    """Whoever asks is told what is missing."""
    await take_away(jetstream, part)
    with pytest.raises(StorageUnavailable, match=PARTS[part] or WORKERS):
        await state.inbox.probe()


@pytest.mark.parametrize("part", PARTS)
async def test_it_is_mended(
    server: NatsServer, jetstream: JetStreamContext, part: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Within seconds it is made anew, and ticks come in and are answered as before."""
    monkeypatch.setattr(opening, "WATCH_SECONDS", 0.05)
    with capture_logs() as events:
        async with open_nats_state(parse_address(server.url), SystemClock(), 100) as state:
            await take_away(jetstream, part)
            async with asyncio.timeout(20):
                while "nats_layout_made_anew" not in [event["event"] for event in events]:  # noqa: ASYNC110
                    await asyncio.sleep(0.01)
                await state.inbox.probe()
                tick = a_tick(now())
                await state.inbox.put(tick)
                (lease,) = await state.inbox.lease(1, 10)
                await state.ledger.update("channel", "topic", lambda _: Page(failures={"code": "2026-11-23"}))
                await state.store.put("key", b"value", timedelta(hours=1))
                await state.inbox.give_up(lease, "refused")
                assert ((await state.inbox.depth()).given_up, await state.store.get("key")) == (1, b"value")


async def test_what_cannot_be_decoded(state: State, jetstream: JetStreamContext) -> None:
    """It is logged once, shown, and dropped by the id that it is shown by; others are answered."""
    await jetstream.publish("spend.ticks.odd", b"from the future")
    await jetstream.publish("spend.given-up.some-id", b"from the future")
    tick = a_tick(now())
    await state.inbox.put(tick)
    with capture_logs() as events:
        leases = await state.inbox.lease(10, 10)
        leases = [*leases, *await state.inbox.lease(10, 0.1)]
    assert [tick.id] == [lease.tick.id for lease in leases]
    shown = {entry.id: entry.reason for entry in await state.inbox.entries()}
    assert list(shown) == ["some-id", "unreadable-1", tick.id]
    assert [event["tick"] for event in events if event["event"] == "tick_undecodable"] == ["unreadable-1"]
    assert "cannot be decoded" in shown["unreadable-1"]
    assert (await state.inbox.revive(), await state.inbox.purge("unreadable-1")) == (0, 1)
    assert await state.inbox.purge() == 1
    assert [tick.id] == [entry.id for entry in await state.inbox.entries()]


async def test_a_reconnect_that_fails(server: NatsServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever it fails with, it is tried again."""
    monkeypatch.setattr(connections, "REOPEN_SECONDS", 0.01)
    connect, failures = Connection._connect, [RuntimeError("a defect"), OSError("away")]

    async def connect_or_fail(self: Connection) -> None:
        if failures:
            raise failures.pop()
        await connect(self)

    async with open_connection(parse_address(server.url)) as connection:
        monkeypatch.setattr(Connection, "_connect", connect_or_fail)
        client = connection.client
        await client.close()
        async with asyncio.timeout(10):
            while connection.client is client or not connection.client.is_connected:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        assert await connection.ask(connection.jetstream.account_info)


async def test_a_client_that_does_not_come_back(server: NatsServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """After an outage of a minute another takes its place; that neither can say goodbye hinders nothing."""
    monkeypatch.setattr(connections, "LOST_SECONDS", 0.0)
    close = Client.close

    async def close_with_words_left(self: Client) -> None:
        await close(self)
        raise RuntimeError("unable to perform operation on <TCPTransport closed=True>")  # as uvloop says it

    monkeypatch.setattr(Client, "close", close_with_words_left)
    async with open_connection(parse_address(server.url)) as connection:
        client, connection._away_since = connection.client, time.monotonic() - 1
        await connection.renew_if_lost()
        async with asyncio.timeout(10):
            while connection.client is client or not connection.client.is_connected:  # noqa: ASYNC110
                await asyncio.sleep(0.01)


class TestCredentials:
    """A ``.creds`` file that is not what it should be."""

    @pytest.mark.parametrize(
        ("content", "says"),
        [
            (b"", "holds no NATS credentials"),
            (b"-----BEGIN NATS USER JWT-----\n", "holds no NATS credentials"),
            (b"\xff" * 10**6, "holds no NATS credentials"),
            (None, "cannot be read: No such file"),
        ],
    )
    async def test_a_start_is_refused_at_once(
        self, server: NatsServer, tmp_path: Path, content: bytes | None, says: str
    ) -> None:
        """In one line, with the variable's and the file's name."""
        creds = tmp_path / "user.creds"
        if content is not None:
            creds.write_bytes(content)
        address = parse_address(f"{server.url}?creds={creds}")
        with pytest.raises(StateRefused, match=f"SPEND_MONITOR_STATE_URL: .*user.creds {says}"):
            async with asyncio.timeout(2), open_connection(address):
                pass

    @pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # nats-py leaves sockets
    async def test_a_file_that_is_empty_for_a_while(self, tmp_path: Path) -> None:
        """As while it is replaced: the loop goes on, and the connection comes back with the file."""
        config, creds = operator_mode(tmp_path)
        content = creds.read_bytes()
        with running(NatsServer(tmp_path / "server", config)) as (server,):
            address = parse_address(f"{server.url}?creds={creds}")
            async with open_connection(address) as connection:
                creds.write_bytes(b"")
                server.stop()
                server.start()
                async with asyncio.timeout(20):
                    while "no NATS credentials" not in connection._trouble:  # noqa: ASYNC110
                        await asyncio.sleep(0.01)
                    creds.write_bytes(content)
                    while not connection.client.is_connected:  # noqa: ASYNC110
                        await asyncio.sleep(0.01)
                    assert await connection.ask(connection.jetstream.account_info)
