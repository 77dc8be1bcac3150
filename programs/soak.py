"""``make soak``: 10,000 ticks while all fails that can, then 100,000 that wait. Ends with 0 if none is lost.

With names of engines (``make soak ENGINE="nats sqs+dynamodb"``): twenty rounds of kills on each.

Two processes share one SQLite file. One of them is killed every few seconds; AWS throttles, breaks and
dawdles; Telex is away, asks for patience and hangs up; another program locks the database; the disk is full.
At last strangers do what they can, beside honest tenants: see ``strangers.py`` and ``fillers.py``.
"""

# ruff: noqa: T201  # what it prints is its result

from __future__ import annotations

import asyncio
import json
import random
import resource
import signal
import sqlite3
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from adapters.vault import AesGcmVault, load_or_create_key_file
from programs.fillers import fillers
from programs.strangers import MOST_MEMORY, SLOWEST_REPORT, memory_of, strangers
from tests.doubles.kills import ENGINES, play
from tests.doubles.service import Service, run, start
from tests.doubles.storm import Faults, Sender, Storm, storm

TICKS = 10_000
BATCH = 250
BACKLOG = 100_000
WARM_UP = 1000
LONGEST_SECONDS = 200
MIB = 2**20
MOST_GROWTH = 100 * MIB
UNLIMITED = resource.RLIM_INFINITY

FAULTS = Faults(throttled=0.03, broken=0.03, away=0.05, too_many=0.02, reset=0.03, slow=0.02, seconds=2)

DICE = random.Random(4)  # noqa: S311  # the same faults every time, as far as processes can


@dataclass(slots=True)
class Soak:
    """The service under attack.

    Args:
        folder: Where its database is.
        outside: AWS and Telex.
    """

    folder: Path
    outside: Storm
    accepted: list[str] = field(default_factory=list)
    refused: Counter[int] = field(default_factory=Counter)
    unanswered: int = 0
    kills: int = 0
    unfinished: dict[str, Any] = field(default_factory=dict)
    calm: asyncio.Event = field(default_factory=asyncio.Event)
    door: Service = field(init=False)
    worker: Service = field(init=False)

    async def run(self) -> None:
        """Send all ticks while everything fails; then let it calm down, and wait for every message."""
        self.door, self.worker = await self._start("serve", "--port", "0"), await self._start("worker")
        self.outside.faults = FAULTS
        await asyncio.gather(self._send(), self._kill(), self._lock(), self._fill_disk())
        self.outside.faults = Faults()
        with suppress(TimeoutError):
            await self.outside.wait_for(self.accepted, seconds=LONGEST_SECONDS)
        await asyncio.gather(self.door.stop(), self.worker.stop())
        _, listed, _ = await run("inbox", "list", "--format", "json", folder=self.folder)
        self.unfinished = {entry["channel"]: entry for entry in json.loads(listed)}

    async def _start(self, *command: str) -> Service:
        """As whoever supervises it would: again, if it could not start on a locked or full disk."""
        self.outside.generation += 1
        while True:
            with suppress(AssertionError):
                return await start(*command, folder=self.folder, AWS_ENDPOINT_URL=self.outside.url)

    async def _send(self) -> None:
        """In batches, a while apart, so that attacks fall between and into them, until all are accepted."""
        missing = {f"c{n}": self._tick(n) for n in range(TICKS)}
        while missing:
            sender = Sender(self.door.url)
            await sender.send(list(missing.values())[:BATCH])
            for channel in sender.accepted:
                del missing[channel]
            self.accepted += sender.accepted
            self.refused.update(sender.refused)
            self.unanswered += sender.unanswered
            await asyncio.sleep(DICE.uniform(0.2, 0.8))
        self.calm.set()

    def _tick(self, n: int) -> dict[str, Any]:
        """Of ten: one with unusable settings, three of one account, six of accounts of their own."""
        kind = n % 10
        return self.outside.tick(f"c{n}", None if kind == 0 else 1 if kind <= 3 else n)

    async def _kill(self) -> None:
        while await self._goes_on(DICE.uniform(1, 4)):
            self.kills += 1
            if DICE.random() < 0.5:
                await self.worker.stop(signal.SIGKILL)
                self.worker = await self._start("worker")
            else:
                await self.door.stop(signal.SIGKILL)
                self.door = await self._start("serve", "--port", "0")

    async def _lock(self) -> None:
        """As a backup program would that takes the database for itself."""
        while await self._goes_on(DICE.uniform(5, 10)):
            await asyncio.to_thread(self._hold_lock, DICE.uniform(0.5, 7))

    def _hold_lock(self, seconds: float) -> None:
        with closing(sqlite3.connect(self.folder / "spend-monitor.db", isolation_level=None)) as connection:
            with suppress(sqlite3.OperationalError):  # there was no getting it: the service is busy
                connection.execute("BEGIN EXCLUSIVE")
            time.sleep(seconds)

    async def _fill_disk(self) -> None:
        while await self._goes_on(DICE.uniform(10, 15)):
            self._limit_files(1)
            await asyncio.sleep(2)
            self._limit_files(UNLIMITED)

    async def _goes_on(self, seconds: float) -> bool:
        """Wait so long, or until it is time to be calm; whether it is not."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self.calm.wait()
        return not self.calm.is_set()

    def _limit_files(self, most_bytes: int) -> None:
        for running in (self.door, self.worker):
            with suppress(ProcessLookupError):
                resource.prlimit(running.process.pid, resource.RLIMIT_FSIZE, (most_bytes, UNLIMITED))

    @property
    def lost(self) -> list[str]:
        """Accepted and not answered, and what the inbox knows of them."""
        vault = AesGcmVault(load_or_create_key_file(self.folder / "spend-monitor.db.key"))

        def known_of(channel: str) -> Any:
            return self.unfinished.get(vault.fingerprint("channel", self.outside.return_url(channel)))

        return [
            f"{channel}: {known_of(channel)}"
            for channel in self.accepted
            if channel not in self.outside.messages
        ]

    @property
    def duplicates(self) -> int:
        """Messages that a channel had read before."""
        return sum(len(generations) - 1 for generations in self.outside.messages.values())


async def growth(folder: Path, outside: Storm) -> tuple[int, int]:
    """The door's memory when idle, and with 100,000 ticks waiting."""
    door = await start("serve", "--port", "0", "--no-worker", folder=folder)
    sender = Sender(door.url)
    await sender.send(outside.tick(f"idle-{n}", n) for n in range(WARM_UP))
    idle = memory_of(door)
    await sender.send(waiting(outside))
    full = memory_of(door)
    assert len(sender.accepted) == BACKLOG, sender.refused
    await door.stop()
    return idle, full


def waiting(outside: Storm) -> Iterator[dict[str, Any]]:
    """What is missing to a full inbox."""
    return (outside.tick(f"waiting-{n}", n) for n in range(BACKLOG - WARM_UP))


async def kills(names: Sequence[str]) -> int:
    """Play twenty rounds of kills on each engine, print what became of it, and return the exit code."""
    bad = False
    for name in names:
        began = time.monotonic()
        burst = 40 if name == "sqs+dynamodb" else 500  # moto, its double, takes its time
        with tempfile.TemporaryDirectory() as folder:
            async with storm() as outside, ENGINES[name](Path(folder)) as engine:
                outcome = await play(engine, Path(folder), outside, rounds=20, burst=burst, dice=DICE)
        print(
            f"{name:12}  {outcome.accepted:,} accepted, lost: {len(outcome.lost)}, "
            f"told twice {outcome.doubled}, of these without excuse: {len(outcome.unexcused)}; "
            f"{time.monotonic() - began:.0f} s",
            flush=True,
        )
        bad = bad or bool(outcome.lost or outcome.unexcused or outcome.given_up)
    return int(bad)


async def main() -> int:
    """Attack, print what became of it, and return the exit code."""
    began = time.monotonic()
    async with storm() as outside:
        with tempfile.TemporaryDirectory() as folder:
            soak = Soak(Path(folder), outside)
            await soak.run()
            lost = soak.lost
        print(
            f"accepted    {len(soak.accepted):,}, refused {dict(soak.refused)}, unanswered {soak.unanswered}"
        )
        print(f"kills       {soak.kills}")
        print(f"lost        {len(lost)}", *lost, sep="\n  ")
        print(f"duplicates  {soak.duplicates}")
        print(f"seconds     {time.monotonic() - began:.0f}", flush=True)
        with tempfile.TemporaryDirectory() as folder:
            idle, full = await growth(Path(folder), outside)
        print(f"memory      {idle / MIB:.0f} MiB idle, {full / MIB:.0f} MiB with {BACKLOG:,} ticks waiting")
        print(f"seconds     {time.monotonic() - began:.0f}", flush=True)
        with tempfile.TemporaryDirectory() as folder:
            stormed = await strangers(Path(folder), outside)
        print(
            f"strangers   memory {stormed.idle / MIB:.0f} MiB idle, {stormed.most / MIB:.0f} MiB at most; "
            f"{len(stormed.sent)} honest reports, the slowest after {stormed.slowest:.1f} s; "
            f"lost: {len(stormed.lost)}"
        )
        print(f"seconds     {time.monotonic() - began:.0f}", flush=True)
        with tempfile.TemporaryDirectory() as folder:
            filled = await fillers(Path(folder), outside)
        print(
            f"fillers     memory {filled.idle / MIB:.0f} MiB idle, {filled.memory / MIB:.0f} MiB at most; "
            f"disk {filled.disk / MIB:.0f} MiB at most; {filled.refused[202]:,} of theirs taken in, "
            f"{filled.refused[503]:,} refused; {len(filled.delays)} honest reports, "
            f"the slowest after {filled.slowest:.1f} s; {filled.spam} messages in a spammed channel; "
            f"lost: {filled.lost}"
        )
        print(f"seconds     {time.monotonic() - began:.0f}")
    too_much = full - idle > MOST_GROWTH or stormed.most - stormed.idle > MOST_MEMORY
    too_much = too_much or filled.memory - filled.idle > MOST_MEMORY or filled.is_too_much
    too_slow = max(stormed.slowest, filled.slowest) > SLOWEST_REPORT
    return 1 if lost or stormed.lost or filled.lost or too_much or too_slow else 0


if __name__ == "__main__":
    sys.exit(asyncio.run(kills(sys.argv[1:]) if sys.argv[1:] else main()))
