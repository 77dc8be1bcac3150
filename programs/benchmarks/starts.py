"""How long one waits for the command."""

from __future__ import annotations

from programs.benchmarks.measure import Bench, Figure, Goal


async def starts(bench: Bench) -> list[Figure]:
    """From the command to its help, and to the service being ready."""
    helps, readies, idle = [], [], []
    bench.machine.seconds_of("--help")  # reads the files from the disk
    for n in range(bench.repetitions + 2):
        bench.say(f"starts: {n + 1}")
        helps.append(bench.machine.seconds_of("--help"))
        async with bench.machine.service(bench.new_folder()) as monitor:
            readies.append(monitor.ready_seconds)
            idle.append(monitor.resident_mib())
    return [
        Figure("--help", "s", helps, Goal(0.15, at_most=True)),
        Figure("serve, until /ready is 200", "s", readies, Goal(0.7, at_most=True)),
        Figure("memory of the idle service", "MiB", idle),
    ]
