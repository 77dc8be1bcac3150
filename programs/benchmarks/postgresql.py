"""The same on PostgreSQL."""

from __future__ import annotations

import base64
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager

from programs.benchmarks.doors import per_second
from programs.benchmarks.load import ticks
from programs.benchmarks.measure import Bench, Figure, Goal, ratios
from tests.doubles.postgresql_server import PostgresqlServer


async def on_postgresql(bench: Bench) -> list[Figure]:
    """Ratios to SQLite; the server too on the one core."""
    number, url = bench.scaled(1000), bench.outside.url
    accepted, by_sqlite, whole, on_sqlite = [], [], [], []
    with postgresql_state(bench) as state:
        async with (
            bench.machine.service(bench.new_folder()) as sqlite,
            bench.machine.service(bench.new_folder(), **state) as monitor,
        ):
            await bench.warm_up(sqlite)
            await bench.warm_up(monitor)
            for n in range(bench.repetitions):
                bench.say(f"{number:,} ticks on PostgreSQL and on SQLite: {n + 1}")
                on_sqlite.append((await bench.burst(sqlite, ticks(number, url))).per_second)
                whole.append((await bench.burst(monitor, ticks(number, url))).per_second)
        async with (
            bench.machine.service(bench.new_folder(), "--no-worker") as sqlite_door,
            bench.machine.service(bench.new_folder(), "--no-worker", **state) as door,
        ):
            for process in (sqlite_door, door):
                await per_second(bench, process, number)
            for n in range(bench.repetitions):
                bench.say(f"{number:,} ticks through the door, on PostgreSQL and on SQLite: {n + 1}")
                by_sqlite.append(await per_second(bench, sqlite_door, number))
                accepted.append(await per_second(bench, door, number))
    return [
        Figure(
            "accepted, durable, on PostgreSQL",
            "ticks/s",
            accepted,
            Goal(0.4),
            "SQLite",
            ratios(accepted, by_sqlite),
        ),
        Figure("whole ticks on PostgreSQL", "ticks/s", whole, None, "SQLite", ratios(whole, on_sqlite)),
    ]


@contextmanager
def postgresql_state(bench: Bench) -> Iterator[dict[str, str]]:
    """Run a server on the measured core, with its usual durability; give the service's settings for it."""
    here = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {int(bench.machine.core)})
    try:
        server = PostgresqlServer(bench.new_folder())
        server.start()
    finally:
        os.sched_setaffinity(0, here)
    try:
        key = base64.b64encode(secrets.token_bytes(32)).decode()
        yield {"SPEND_MONITOR_STATE_URL": server.url, "SPEND_MONITOR_SECRET_KEY": key}
    finally:
        server.stop()
