"""``make bench``: what the service does on one core, each figure beside what the same libraries can do.

The service runs on one core; the load and the doubles for AWS and Telex, in this process, on another. Every
ratio is taken within one run. It ends with 1 only if something could not be measured.
"""

from __future__ import annotations

import gc
import os
import sys
import tempfile
from pathlib import Path

import click
import uvloop
from rich.console import Console

from programs.benchmarks import doors, growth, nats, pages, postgresql, report, starts, ticks
from programs.benchmarks.load import TickRefused
from programs.benchmarks.measure import Bench
from programs.benchmarks.processes import Machine, NotMeasured, install
from tests.doubles.outside import outside

console = Console(width=None if sys.stdout.isatty() else 150)


@click.command()
@click.option("--quick", is_flag=True, help="Bursts of a tenth, twice: a look, not a measurement.")
@click.option("--folder", default="bench-results", show_default=True, help="Where results are written.")
@click.option("--png", default=None, help="Where the plot is written; by default into that folder.")
def main(folder: str, png: str | None, *, quick: bool) -> None:
    """Measure everything."""
    results = Path(folder)
    results.mkdir(parents=True, exist_ok=True)
    try:
        uvloop.run(bench(results, Path(png or results / "bench.png"), quick=quick))
    except (NotMeasured, TickRefused, TimeoutError) as error:
        console.print(f"[red]could not be measured[/]: {error!r}")
        sys.exit(1)


async def bench(results: Path, png: Path, *, quick: bool) -> None:
    """Measure, then show and write."""
    cores = sorted(os.sched_getaffinity(0))
    os.sched_setaffinity(0, cores[:1])
    gc.disable()  # this process makes no cycles; its pauses would be taken for the service's
    with tempfile.TemporaryDirectory() as temporary, console.status("installing") as status:
        folder = Path(temporary)
        async with outside() as world:
            run = Bench(
                world,
                folder,
                Machine(str(cores[-1]), install(folder / "environment"), world.url),
                repetitions=2 if quick else 5,
                scale=0.1 if quick else 1,
                say=status.update if console.is_terminal else console.print,
            )
            accepted = await doors.accepted(run)
            whole, drains = await ticks.whole_ticks(run)
            figures = [
                *accepted,
                *whole,
                *await ticks.known_tenants(run),
                *await ticks.looks(run),
                *await ticks.slow_aws(run),
                *await ticks.one_account(run),
                *await growth.backlog(run),
                *await growth.ledger(run),
                *await starts.starts(run),
                *await pages.pages(run),
                *await nats.on_nats(run),
                *await postgresql.on_postgresql(run),
                *await ticks.two_processes(run),
            ]
            rates = await ticks.channel_counts(run)
    report.print_table(console, figures)
    console.print(
        f"{run.repetitions} repetitions on one core; "
        f"load and doubles needed {run.busiest:.0%} of the other at most"
    )
    report.write_json(results / "bench.json", figures, run)
    report.draw(png, drains, rates)
    console.print(f"written: {results / 'bench.json'}, {png}")


if __name__ == "__main__":
    main()
