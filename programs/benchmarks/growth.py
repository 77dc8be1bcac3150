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
from adapters.state.progress import encode_progress
from application.ports.ledger import Page
from application.ports.work_queue import NOTHING_YET
from domain.money import Money
from domain.periods import Period
from domain.settling import Seen
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
    folders = bench.new_folder(), bench.new_folder()
    async with bench.machine.service(folders[1]):
        pass  # makes the database
    bench.say(f"{rows:,} rows are put into the ledger")
    _fill_ledger(folders[1] / "spend-monitor.db", rows)
    async with (
        bench.machine.service(folders[0]) as fresh,
        bench.machine.service(folders[1]) as old,
    ):
        empty, full = await _side_by_side(bench, fresh, old, number, f"ticks with a ledger of {rows:,} rows")
    growth = [cost / other for cost, other in zip(full, empty, strict=True)]
    return [Figure(f"CPU for a tick, {rows:,} ledger rows", "ms", full, NO_GROWTH, "an empty one", growth)]


async def news(bench: Bench) -> list[Figure]:
    """The same while 100,000 ticks wait for AWS to publish: nothing of them is touched."""
    number, waiting = bench.scaled(1000), bench.scaled(MANY)
    folders = bench.new_folder(), bench.new_folder()
    async with bench.machine.service(folders[1]):
        pass  # makes the database
    bench.say(f"{waiting:,} ticks are left waiting for news")
    _fill_inbox(folders[1] / "spend-monitor.db", waiting)
    variables = {"SPEND_MONITOR_INBOX_LIMIT": "1000000"}
    async with (
        bench.machine.service(folders[0], **variables) as fresh,
        bench.machine.service(folders[1], **variables) as waits,
    ):
        none, many = await _side_by_side(
            bench, fresh, waits, number, f"ticks while {waiting:,} wait for news"
        )
        grown = waits.resident_mib() - fresh.resident_mib()
    growth = [cost / other for cost, other in zip(many, none, strict=True)]
    return [
        Figure(f"CPU for a tick, {waiting:,} waiting for news", "ms", many, NO_GROWTH, "none", growth),
        Figure(f"memory with {waiting:,} waiting for news", "MiB", [grown], Goal(100, at_most=True)),
    ]


async def _side_by_side(
    bench: Bench, before: Measured, after: Measured, number: int, what: str
) -> tuple[list[float], list[float]]:
    """Milliseconds of CPU for a tick in each of two services, burst by burst in turn."""
    costs: tuple[list[float], list[float]] = [], []
    await bench.warm_up(before)
    await bench.warm_up(after)
    for n in range(bench.repetitions):
        bench.say(f"{what}: {n + 1}")
        for process, each in zip((before, after), costs, strict=True):
            burst = await bench.burst(process, ticks(number, bench.outside.url))
            each.append(1000 * burst.cpu_seconds / number)
    return costs


def _fill_inbox(database: Path, rows: int) -> None:
    """Ticks as they are after a look, each of another channel, until tomorrow."""
    now, tomorrow = datetime.now(UTC), datetime.now(UTC) + timedelta(days=1)
    accepted_at, at = (int(moment.timestamp() * 1_000_000) for moment in (now, tomorrow))
    progress = encode_progress(
        NOTHING_YET.looked(now, tomorrow, Seen(now, Decimal("42.42"), now, Decimal("42.42")))
    )
    reason = f"AWS has not published all of {now.date() - timedelta(days=1)} yet"
    with sqlite3.connect(database) as connection:
        connection.execute("PRAGMA synchronous = OFF")
        connection.executemany(
            "INSERT INTO tick"
            " (id, channel, twin, accepted_at, turn, state, at, reason, payload, why, progress)"
            " VALUES (?, ?, ?, ?, ?, 'paused', ?, ?, ?, 'news', ?)",
            (
                (
                    *(secrets.token_hex(16) for _ in range(3)),
                    accepted_at,
                    accepted_at,
                    at,
                    reason,
                    bytes(500),
                    progress,
                )
                for _ in range(rows)
            ),
        )
    connection.close()


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
