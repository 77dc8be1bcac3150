"""The same on NATS, with one, two and four workers."""

from __future__ import annotations

import base64
import os
import secrets
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager

from programs.benchmarks.doors import per_second
from programs.benchmarks.load import ticks
from programs.benchmarks.measure import Bench, Figure, ratios
from programs.benchmarks.processes import Measured, cpu_seconds
from programs.benchmarks.slow_aws import REAL_AWS_SECONDS
from tests.doubles.nats_server import NatsServer, running

WORKERS = (1, 2, 4)


async def on_nats(bench: Bench) -> list[Figure]:
    """Ratios to SQLite; every process, the one NATS server too, on the one core."""
    number, url = bench.scaled(500), bench.outside.url
    folder = bench.new_folder()
    kept: list[float] = []
    kept_by_nats: list[float] = []
    rates: list[float] = []
    rates_by_workers: dict[int, list[float]] = {count: [] for count in WORKERS}
    cpu: dict[str, list[float]] = {"a door": [], "a worker": [], "the NATS server": []}
    async with AsyncExitStack() as stack:
        server, state = await stack.enter_async_context(nats_state(bench))
        door = await stack.enter_async_context(bench.machine.service(folder, "--no-worker", **state))
        alone = await stack.enter_async_context(bench.machine.service(folder))
        sqlite_door = await stack.enter_async_context(
            bench.machine.service(bench.new_folder(), "--no-worker")
        )
        workers: list[Measured] = []
        await bench.warm_up(alone)
        for n in range(bench.repetitions):
            bench.say(f"{number:,} ticks in one process on SQLite, AWS takes 300 ms: {n + 1}")
            with bench.outside.slow_aws(REAL_AWS_SECONDS):
                rates.append((await bench.burst(alone, ticks(number, url))).per_second)
        for count in WORKERS:
            while len(workers) < count:
                workers.append(await stack.enter_async_context(bench.machine.worker(folder, **state)))
            await bench.burst(door, ticks(number, url), workers)
            for n in range(bench.repetitions):
                bench.say(f"{number:,} ticks on NATS, {count} workers, AWS takes 300 ms: {n + 1}")
                before = _cpu_of(door, workers, server)
                with bench.outside.slow_aws(REAL_AWS_SECONDS):
                    burst = await bench.burst(door, ticks(number, url), workers)
                rates_by_workers[count].append(burst.per_second)
                if count == 1:
                    after = _cpu_of(door, workers, server)
                    for part, seconds, earlier in zip(cpu, after, before, strict=True):
                        cpu[part].append(1000 * (seconds - earlier) / number)
        for process in workers:
            process.process.kill()
        for n in range(bench.repetitions):
            bench.say(f"{number:,} ticks through the door, on NATS and on SQLite: {n + 1}")
            kept.append(await per_second(bench, sqlite_door, number))
            kept_by_nats.append(await per_second(bench, door, number))
    return [
        Figure(
            "accepted, durable, on NATS", "ticks/s", kept_by_nats, None, "SQLite", ratios(kept_by_nats, kept)
        ),
        Figure("whole ticks on SQLite, AWS takes 300 ms", "ticks/s", rates),
        *(
            Figure(
                f"the same on NATS, {count} worker{'s' if count > 1 else ''}",
                "ticks/s",
                rates_by_workers[count],
                None,
                "SQLite",
                ratios(rates_by_workers[count], rates),
            )
            for count in WORKERS
        ),
        *(Figure(f"CPU of {part} for a tick on NATS", "ms", values) for part, values in cpu.items()),
    ]


def _cpu_of(door: Measured, workers: Sequence[Measured], server: NatsServer) -> tuple[float, float, float]:
    return door.cpu_seconds(), sum(each.cpu_seconds() for each in workers), cpu_seconds(server.pid)


@asynccontextmanager
async def nats_state(bench: Bench) -> AsyncIterator[tuple[NatsServer, dict[str, str]]]:
    """Run a NATS server on the measured core that syncs every write, as SQLite does; with its settings."""
    server = NatsServer(bench.new_folder(), sync=True)
    here = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {int(bench.machine.core)})
    try:
        with running(server):
            os.sched_setaffinity(0, here)
            key = base64.b64encode(secrets.token_bytes(32)).decode()
            yield server, {"SPEND_MONITOR_STATE_URL": server.url, "SPEND_MONITOR_SECRET_KEY": key}
    finally:
        os.sched_setaffinity(0, here)
