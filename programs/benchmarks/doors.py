"""The door: how fast ticks are taken in, and what waiting ticks cost."""

from __future__ import annotations

import time

from programs.benchmarks.load import send, ticks
from programs.benchmarks.measure import Bench, Figure, Goal, ratios
from programs.benchmarks.processes import Measured


async def accepted(bench: Bench) -> list[Figure]:
    """202 per second with a durable inbox, against the same service with an inbox that stores nothing."""
    number = bench.scaled(5000)
    kept, dropped, bare = [], [], []
    folder = bench.new_folder()
    async with (
        bench.machine.service(folder, "--no-worker") as durable,
        bench.machine.module("door", folder) as forgetful,
        bench.machine.module("limit", folder) as limit,
    ):
        for process in (durable, forgetful, limit):
            await per_second(bench, process, bench.scaled(1000))
        for n in range(bench.repetitions):
            bench.say(f"{number:,} ticks through the door: {n + 1}")
            kept.append(await per_second(bench, durable, number))
            dropped.append(await per_second(bench, forgetful, number))
            bare.append(await per_second(bench, limit, number))
    return [
        Figure("accepted by a bare ASGI app", "ticks/s", bare),
        Figure(
            "accepted by the same handler, stored nowhere",
            "ticks/s",
            dropped,
            None,
            "the bare app",
            ratios(dropped, bare),
        ),
        Figure(
            "accepted, durable",
            "ticks/s",
            kept,
            Goal(0.7),
            "stored nowhere",
            ratios(kept, dropped),
        ),
    ]


async def per_second(bench: Bench, process: Measured, number: int) -> float:
    """How many ticks a second it answers 202."""
    requests = ticks(number, bench.outside.url)
    own, began = time.process_time(), time.perf_counter()
    await send(process.url, requests)
    took = time.perf_counter() - began
    bench.busiest = max(bench.busiest, (time.process_time() - own) / took)
    await bench.settle(process)
    return number / took
