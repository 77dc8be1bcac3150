"""How long one waits for the command."""

from __future__ import annotations

import time

from programs.benchmarks.measure import Bench, Figure, Goal
from programs.benchmarks.processes import NotMeasured


async def starts(bench: Bench) -> list[Figure]:
    """From the command to its help, to the service being ready, and to the first request of a check."""
    helps, readies, idle, asked = [], [], [], []
    bench.machine.seconds_of("--help")  # reads the files from the disk
    for n in range(bench.repetitions + 2):
        bench.say(f"starts: {n + 1}")
        helps.append(bench.machine.seconds_of("--help"))
        async with bench.machine.service(bench.new_folder()) as monitor:
            readies.append(monitor.ready_seconds)
            idle.append(monitor.resident_mib())
        asked.append(await _seconds_to_request(bench))
    return [
        Figure("--help", "s", helps, Goal(0.15, at_most=True)),
        Figure("serve, until /ready is 200", "s", readies, Goal(0.7, at_most=True)),
        Figure("check, until AWS is asked", "s", asked, Goal(0.5, at_most=True)),
        Figure("memory of the idle service", "MiB", idle),
    ]


async def _seconds_to_request(bench: Bench) -> float:
    bench.outside.forget()
    started = time.perf_counter()
    await bench.machine.run("check", "--threshold", "100")
    if not bench.outside.asked:
        raise NotMeasured("check did not ask AWS")
    return bench.outside.asked - started
