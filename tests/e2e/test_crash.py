"""What was answered 202 is answered in its channel, whatever happens to the process."""

from __future__ import annotations

import random
import signal
import sqlite3
from base64 import b64encode
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import closing, suppress
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

import asyncpg
import pytest

from adapters.state.ledger_pages import decode_page
from adapters.vault import AesGcmVault
from tests.doubles import forks, service
from tests.doubles.postgresql_server import empty, shared_server
from tests.doubles.storm import Sender, Storm, storm

ROUNDS = {"sqlite": 6, "postgresql": 4}
"""By engine. ``make soak`` plays many more."""

BURST = 500
DATABASE = "spend-monitor.db"
KEY = bytes(range(32))
DICE = random.Random(20)  # noqa: S311  # the same kills every time, as far as two processes can


@pytest.fixture
async def outside() -> AsyncIterator[Storm]:
    """AWS and Telex of the test's own."""
    async with storm() as listening:
        yield listening


@dataclass(slots=True)
class Killer:
    """Kills a process when it has answered 202, or posted to a channel, so many times.

    Args:
        running: The process.
        after: How many times.
    """

    running: service.Service
    after: int

    def strike(self) -> None:
        """Count down."""
        self.after -= 1
        if self.after == 0:
            self.running.process.send_signal(signal.SIGKILL)


async def sqlite_pages(folder: Path) -> list[tuple[str, bytes]]:
    """The ledger of a file."""
    with closing(sqlite3.connect(folder / DATABASE)) as connection:
        return connection.execute("SELECT channel, content FROM page").fetchall()


async def postgresql_pages(_: Path) -> list[tuple[str, bytes]]:
    """The ledger of the server."""
    connection = await asyncpg.connect(shared_server().url)
    try:
        return [
            tuple(row) for row in await connection.fetch("SELECT channel, content FROM spend_monitor.page")
        ]
    finally:
        await connection.close()


PAGES = {"sqlite": sqlite_pages, "postgresql": postgresql_pages}


@dataclass(slots=True)
class Deaths:
    """What each process left behind: by generation, the channels recorded as told at its death."""

    folder: Path
    engine: str
    recorded: list[set[str]] = field(default_factory=list)

    async def note(self) -> None:
        """Read the dead process's ledger."""
        pages = {channel: decode_page(content) for channel, content in await PAGES[self.engine](self.folder)}
        self.recorded.append({channel for channel, page in pages.items() if page.told or page.failures})

    def told_twice_for_no_reason(self, outside: Storm) -> list[str]:
        """Channels told again by the same process, or by a later one although the record was there."""
        vault = AesGcmVault([KEY])
        wrong = []
        for channel, generations in outside.messages.items():
            fingerprint = vault.fingerprint("channel", outside.return_url(channel))
            for earlier, later in pairwise(generations):
                if earlier == later or fingerprint in self.recorded[earlier]:
                    wrong.append(channel)
        return wrong


@pytest.fixture
async def state_url(engine: str) -> AsyncIterator[str]:
    """Where the engine keeps it all; a server is left empty."""
    if engine == "sqlite":
        yield f"sqlite:///{DATABASE}"
    else:
        yield shared_server().url
        await empty(shared_server())


@pytest.mark.parametrize("engine", ROUNDS)
async def test_no_kill_loses_what_was_accepted(
    engine: str,
    state_url: str,
    tmp_path: Path,
    outside: Storm,
    record_property: Callable[[str, object], None],
) -> None:
    """Bursts of 500 ticks, each cut short by SIGKILL: none lost, and doubled only for want of a record."""
    accepted: list[str] = []
    deaths = Deaths(tmp_path, engine)
    rounds = ROUNDS[engine]
    variables = {
        "AWS_ENDPOINT_URL": outside.url,
        "SPEND_MONITOR_STATE_URL": state_url,
        "SPEND_MONITOR_SECRET_KEY": b64encode(KEY).decode(),
    }
    for outside.generation in range(rounds):
        running = await forks.start("serve", "--port", "0", folder=tmp_path, **variables)
        sender, killer = Sender(running.url), Killer(running, after=DICE.randint(1, 300))
        if outside.generation % 2:
            sender.on_accepted = killer.strike
        else:
            outside.on_message = killer.strike
        names = (f"{outside.generation}-{n}" for n in range(BURST))
        # Most need not ask AWS: a failure is claimed, posted, recorded and acknowledged as a figure is.
        await sender.send(outside.tick(name, None if n % 5 else n) for n, name in enumerate(names))
        await running.process.wait()
        await running.stop()
        outside.on_message = lambda: None
        accepted += sender.accepted
        await deaths.note()
    outside.generation = rounds
    async with forks.running(folder=tmp_path, **variables) as running:
        with suppress(TimeoutError):
            await outside.wait_for(accepted, seconds=180)
        assert not running.events("tick_given_up")
    lost = set(accepted) - set(outside.messages)
    copies = Counter(len(generations) for generations in outside.messages.values())
    doubled = sum(copies.values()) - copies[1]
    record_property(
        "said",
        f"{engine}, {rounds} kills: {len(accepted)} ticks accepted, {len(lost)} lost, {doubled} told twice",
    )
    assert not lost
    assert deaths.told_twice_for_no_reason(outside) == []
