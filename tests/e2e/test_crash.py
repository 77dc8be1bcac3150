"""What was answered 202 is answered in its channel, whatever happens to the process."""

from __future__ import annotations

import random
import signal
import sqlite3
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import closing, suppress
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

import pytest

from adapters.state.pages import decode_page
from adapters.vault import AesGcmVault, load_or_create_key_file
from tests.doubles import service
from tests.doubles.forks import start_forked
from tests.doubles.storm import Sender, Storm, storm

ROUNDS = 20
BURST = 500
DATABASE = "spend-monitor.db"
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


@dataclass(slots=True)
class Deaths:
    """What each process left behind: by generation, the channels recorded as told at its death."""

    folder: Path
    recorded: list[set[str]] = field(default_factory=list)

    def note(self) -> None:
        """Read the dead process's ledger."""
        with closing(sqlite3.connect(self.folder / DATABASE)) as connection:
            rows = connection.execute("SELECT channel, content FROM page").fetchall()
        pages = {channel: decode_page(content) for channel, content in rows}
        self.recorded.append({channel for channel, page in pages.items() if page.told or page.failures})

    def told_twice_for_no_reason(self, outside: Storm) -> list[str]:
        """Channels told again by the same process, or by a later one although the record was there."""
        vault = AesGcmVault(load_or_create_key_file(self.folder / f"{DATABASE}.key"))
        wrong = []
        for channel, generations in outside.messages.items():
            fingerprint = vault.fingerprint("channel", outside.return_url(channel))
            for earlier, later in pairwise(generations):
                if earlier == later or fingerprint in self.recorded[earlier]:
                    wrong.append(channel)
        return wrong


async def test_no_kill_loses_what_was_accepted(
    tmp_path: Path, outside: Storm, record_property: Callable[[str, object], None]
) -> None:
    """20 bursts of 500 ticks, each cut short by SIGKILL: none lost, and doubled only for want of a record."""
    accepted: list[str] = []
    deaths = Deaths(tmp_path)
    for outside.generation in range(ROUNDS):
        running = await start_forked("serve", "--port", "0", folder=tmp_path, AWS_ENDPOINT_URL=outside.url)
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
        deaths.note()
    outside.generation = ROUNDS
    async with service.running(folder=tmp_path, AWS_ENDPOINT_URL=outside.url) as running:
        with suppress(TimeoutError):
            await outside.wait_for(accepted, seconds=180)
        assert not running.events("tick_given_up")
    lost = set(accepted) - set(outside.messages)
    copies = Counter(len(generations) for generations in outside.messages.values())
    doubled = sum(copies.values()) - copies[1]
    record_property(
        "said",
        f"{ROUNDS} kills: {len(accepted)} ticks accepted, {len(lost)} lost, {doubled} told more than once",
    )
    assert not lost
    assert deaths.told_twice_for_no_reason(outside) == []
