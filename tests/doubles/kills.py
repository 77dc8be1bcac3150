"""Rounds of ticks, each cut short by SIGKILL, on every durable engine: what was lost, what came twice."""

from __future__ import annotations

import random
import signal
from base64 import b64encode
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

from adapters.clock import SystemClock
from adapters.state.aws import open_aws_state
from adapters.state.aws.inbox import SqsDynamoDbInbox
from adapters.state.aws.items import LATER, MOVED, change, due_at
from adapters.state.moments import to_micros
from adapters.state.nats.address import parse_address
from adapters.state.nats.opening import open_nats_state
from adapters.state.postgresql import open_postgresql_state
from adapters.state.sqlite import open_sqlite_state
from adapters.state.state import State
from adapters.vault import AesGcmVault
from tests.doubles import aws_server, forks, nats_server, postgresql_server, service
from tests.doubles.storm import Sender, Storm

CLOCK = SystemClock()
LIMIT = 100_000
KEY = bytes(range(32))
LONGEST_SECONDS = 180


async def _nothing(_: State) -> None:
    """Leases of the dead come back by themselves."""


@dataclass(frozen=True, slots=True)
class Engine:
    """A state that outlives its processes.

    Args:
        url: For ``SPEND_MONITOR_STATE_URL``.
        open: Opens it, to look into it.
        variables: What else a process needs to reach it.
        end_leases: Lets the time pass that a dead process's leases last.
    """

    url: str
    open: Callable[[], AbstractAsyncContextManager[State]]
    variables: dict[str, str] = field(default_factory=dict)
    end_leases: Callable[[State], Awaitable[None]] = _nothing


@asynccontextmanager
async def sqlite(folder: Path) -> AsyncIterator[Engine]:
    """A file in the processes' folder."""
    yield Engine("sqlite:///state.db", lambda: open_sqlite_state(folder / "state.db", CLOCK, LIMIT))


@asynccontextmanager
async def postgresql(_: Path) -> AsyncIterator[Engine]:
    """A real server."""
    server = postgresql_server.shared_server()
    yield Engine(server.url, lambda: open_postgresql_state(server.url, CLOCK, LIMIT))
    await postgresql_server.empty(server)


@asynccontextmanager
async def nats(_: Path) -> AsyncIterator[Engine]:
    """A real server. Its consumer has an ``ack_wait`` of a second, as an operator may set it."""
    server = nats_server.shared_server()
    engine = Engine(
        server.url,
        lambda: open_nats_state(parse_address(server.url), CLOCK, LIMIT, lease_length=timedelta(seconds=1)),
    )
    async with engine.open():
        pass
    yield engine
    await nats_server.empty(server)


@asynccontextmanager
async def sqs_dynamodb(_: Path) -> AsyncIterator[Engine]:
    """A table and a queue on moto's server."""
    client, address = aws_server.client(), aws_server.new_address()
    yield Engine(
        f"dynamodb://{address.table}?queue={address.queue}",
        lambda: open_aws_state(address, CLOCK, LIMIT, **client),
        {
            "AWS_ENDPOINT_URL_DYNAMODB": client["endpoint_url"],
            "AWS_ENDPOINT_URL_SQS": client["endpoint_url"],
            "AWS_REGION": client["region_name"],
            "AWS_ACCESS_KEY_ID": client["aws_access_key_id"],
            "AWS_SECRET_ACCESS_KEY": client["aws_secret_access_key"],
        },
        _end_leases_in_table,
    )


async def _end_leases_in_table(state: State) -> None:
    assert isinstance(state.inbox, SqsDynamoDbInbox)
    table, now = state.inbox._table, to_micros(CLOCK.now())
    for item in [item async for item in table.due(LATER) if item["phase"] == "leased"]:
        ended = {"at": now, "due": due_at(now, item["id"])}
        await table.write(change(item["sk"], ended, MOVED, {":rev": item["rev"]}))


ENGINES: dict[str, Callable[[Path], AbstractAsyncContextManager[Engine]]] = {
    "sqlite": sqlite,
    "postgresql": postgresql,
    "nats": nats,
    "sqs+dynamodb": sqs_dynamodb,
}


@dataclass(slots=True)
class Outcome:
    """What became of all that was accepted.

    Args:
        accepted: Ticks answered 202.
        lost: Channels among them that heard nothing.
        doubled: Channels that heard it twice.
        unexcused: Those of them that were told again by the same process, or by a later one although the
            record was there.
        given_up: Ticks that were given up on.
    """

    accepted: int
    lost: set[str]
    doubled: int
    unexcused: list[str]
    given_up: int


async def play(
    engine: Engine, folder: Path, outside: Storm, *, rounds: int, burst: int, dice: random.Random
) -> Outcome:
    """Send bursts to one process after the other, each of which is killed; let the last one finish it all."""
    accepted: list[str] = []
    recorded: list[set[str]] = []
    variables = {
        "AWS_ENDPOINT_URL_COST_EXPLORER": outside.url,
        "AWS_ENDPOINT_URL_STS": outside.url,
        "SPEND_MONITOR_STATE_URL": engine.url,
        "SPEND_MONITOR_SECRET_KEY": b64encode(KEY).decode(),
        **engine.variables,
    }
    for outside.generation in range(rounds):
        running = await forks.start("serve", "--port", "0", folder=folder, **variables)
        sender, killer = Sender(running.url), _Killer(running, after=dice.randint(1, burst * 3 // 5))
        if outside.generation % 2:
            sender.on_accepted = killer.strike
        else:
            outside.on_message = killer.strike
        names = (f"{outside.generation}-{n}" for n in range(burst))
        # Most need not ask AWS: a failure is claimed, posted, recorded and acknowledged as a figure is.
        await sender.send(outside.tick(name, None if n % 5 else n) for n, name in enumerate(names))
        await running.process.wait()
        await running.stop()
        outside.on_message = lambda: None
        accepted += sender.accepted
        async with engine.open() as state:
            recorded.append(await _told(state))
            await engine.end_leases(state)
    outside.generation = rounds
    async with forks.running(folder=folder, **variables) as running:
        with suppress(TimeoutError):
            await outside.wait_for(accepted, seconds=LONGEST_SECONDS)
        given_up = len(running.events("tick_given_up"))
    copies = Counter(len(generations) for generations in outside.messages.values())
    return Outcome(
        len(accepted),
        set(accepted) - set(outside.messages),
        sum(copies.values()) - copies[1],
        _unexcused(outside, recorded),
        given_up,
    )


@dataclass(slots=True)
class _Killer:
    """Kills a process when it has answered 202, or posted to a channel, so many times."""

    running: service.Service
    after: int

    def strike(self) -> None:
        self.after -= 1
        if self.after == 0:
            self.running.process.send_signal(signal.SIGKILL)


async def _told(state: State) -> set[str]:
    return {kept.channel async for kept in state.contents.pages() if kept.page.told or kept.page.failures}


def _unexcused(outside: Storm, recorded: list[set[str]]) -> list[str]:
    vault = AesGcmVault([KEY])
    wrong = []
    for channel, generations in outside.messages.items():
        fingerprint = vault.fingerprint("channel", outside.return_url(channel))
        for earlier, later in pairwise(generations):
            if earlier == later or fingerprint in recorded[earlier]:
                wrong.append(channel)
    return wrong
