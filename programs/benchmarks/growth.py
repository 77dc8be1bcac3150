"""What grows with what waits and with what is remembered: memory, and the cost of a tick."""

from __future__ import annotations

import secrets
import sqlite3
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from statistics import median

from adapters.state.ledger_pages import encode_page
from application.ports.ledger import Page
from domain.money import Money
from domain.periods import Period
from domain.thresholds import Verdict
from domain.told import Told
from programs.benchmarks.load import send, ticks
from programs.benchmarks.measure import Bench, Figure, Goal
from programs.benchmarks.processes import Measured

FEW, MANY = 10_000, 100_000
BITE = 1000
SPARE = 3
"""Bites of ticks that a service may answer while one waits for it to be ready."""

LEDGER_ROWS = 1_000_000
NO_GROWTH = Goal(1.15, at_most=True)
"""A machine's noise, and no more."""


async def backlog(bench: Bench) -> list[Figure]:
    """What it costs to take a tick in, and to answer one, while 0, 10,000 and 100,000 others wait."""
    few, many = bench.scaled(FEW), bench.scaled(MANY)
    taking: dict[int, list[float]] = {}
    answering: dict[int, list[float]] = {}
    grown = []
    for waiting in (0, few, many):
        folder = bench.new_folder()
        variables = {"SPEND_MONITOR_INBOX_LIMIT": "1000000"}
        async with bench.machine.service(folder, "--no-worker", **variables) as door:
            bench.say(f"{waiting:,} ticks are put into the inbox")
            idle = door.resident_mib()
            await send(door.url, ticks(waiting + SPARE * bench.scaled(BITE, least=300), bench.outside.url))
            taking[waiting] = [await _take(bench, door) for _ in range(bench.repetitions)]
            grown.append(door.resident_mib() - idle)
        bench.outside.forget()
        async with bench.machine.service(folder, **variables) as monitor:
            bench.say(f"ticks are answered while {waiting:,} wait")
            await _answer(bench, monitor)  # warms it up
            answering[waiting] = [await _answer(bench, monitor) for _ in range(bench.repetitions)]
            grown.append(monitor.resident_mib() - idle)
    return [
        *_growth("CPU for taking a tick in", taking),
        *_growth("CPU for answering a tick", answering),
        Figure(f"memory with {many:,} waiting, over idle", "MiB", grown[-2:], Goal(100, at_most=True)),
    ]


async def _take(bench: Bench, door: Measured) -> float:
    """Milliseconds of CPU for a tick."""
    number = bench.scaled(BITE, least=300)
    cpu = door.cpu_seconds()
    await send(door.url, ticks(number, bench.outside.url))
    return 1000 * (door.cpu_seconds() - cpu) / number


async def _answer(bench: Bench, monitor: Measured) -> float:
    """Milliseconds of CPU for a tick of those that wait."""
    cpu, before = monitor.cpu_seconds(), len(bench.outside.posts)
    await bench.outside.posted(before + bench.scaled(BITE, least=300))
    return 1000 * (monitor.cpu_seconds() - cpu) / (len(bench.outside.posts) - before)


def _growth(name: str, costs: Mapping[int, Sequence[float]]) -> list[Figure]:
    base = median(costs[0])
    return [
        Figure(f"{name}, nothing else waiting", "ms", costs[0]),
        *(
            Figure(
                f"{name}, {waiting:,} waiting",
                "ms",
                costs[waiting],
                NO_GROWTH,
                "nothing waiting",
                [cost / base for cost in costs[waiting]],
            )
            for waiting in costs
            if waiting
        ),
    ]


async def ledger(bench: Bench) -> list[Figure]:
    """The same with a ledger of a million rows, a fresh page for each tick."""
    number, rows = bench.scaled(1000), bench.scaled(LEDGER_ROWS)
    empty: list[float] = []
    full: list[float] = []
    folders = bench.new_folder(), bench.new_folder()
    async with bench.machine.service(folders[1]):
        pass  # makes the database
    bench.say(f"{rows:,} rows are put into the ledger")
    _fill_ledger(folders[1] / "spend-monitor.db", rows)
    async with (
        bench.machine.service(folders[0]) as fresh,
        bench.machine.service(folders[1]) as old,
    ):
        await bench.warm_up(fresh)
        await bench.warm_up(old)
        for n in range(bench.repetitions):
            bench.say(f"ticks with a ledger of {rows:,} rows: {n + 1}")
            for process, costs in ((fresh, empty), (old, full)):
                burst = await bench.burst(process, ticks(number, bench.outside.url))
                costs.append(1000 * burst.cpu_seconds / number)
    growth = [cost / other for cost, other in zip(full, empty, strict=True)]
    return [Figure(f"CPU for a tick, {rows:,} ledger rows", "ms", full, NO_GROWTH, "an empty one", growth)]


def _fill_ledger(database: Path, rows: int) -> None:
    """Pages as they are after one report, each of another channel."""
    today = datetime.now(UTC).date()
    period = Period(today - timedelta(days=1), today)
    told = Told((Verdict.WITHIN,), Money(Decimal("42.42")))
    page = encode_page(Page(told={period: told}))
    written_at = int(datetime.now(UTC).timestamp() * 1_000_000)
    with sqlite3.connect(database) as connection:
        connection.execute("PRAGMA synchronous = OFF")
        connection.executemany(
            "INSERT INTO page (channel, topic, written_at, content) VALUES (?, ?, ?, ?)",
            ((secrets.token_hex(16), f"{n:012}/daily/100", written_at, page) for n in range(rows)),
        )
    connection.close()
