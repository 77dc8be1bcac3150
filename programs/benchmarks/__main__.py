"""``make bench``: what the service does on one core, each figure beside what the same libraries can do.

The service runs on one core; the load and the doubles for AWS and Telex, in this process, on another. Every
ratio is taken within one run. It ends with 1 only if something could not be measured.
"""

from __future__ import annotations

import gc
import os
import sys
import tempfile
from collections.abc import Awaitable, Callable, Collection, Mapping
from pathlib import Path

import click
import uvloop
from rich.console import Console

from programs.benchmarks import (
    cold_starts,
    doors,
    floor,
    growth,
    nats,
    pages,
    postgresql,
    report,
    slow_aws,
    starts,
    ticks,
)
from programs.benchmarks.load import TickRefused
from programs.benchmarks.measure import Bench, Figure
from programs.benchmarks.processes import Machine, NotMeasured, install
from tests.doubles.outside import outside

FIGURES: Mapping[str, Callable[[Bench], Awaitable[list[Figure]]]] = {
    "door": doors.accepted,
    "whole": ticks.whole_ticks,
    "yesterday": ticks.known_tenants,
    "floor": floor.floor,
    "looks": ticks.looks,
    "slow-aws": slow_aws.slow_aws,
    "delays": slow_aws.delays,
    "one-account": ticks.one_account,
    "backlog": growth.backlog,
    "news": growth.news,
    "ledger": growth.ledger,
    "starts": starts.starts,
    "lambda": cold_starts.cold_starts,
    "pages": pages.pages,
    "nats": nats.on_nats,
    "postgresql": postgresql.on_postgresql,
    "two-processes": ticks.two_processes,
}
"""In the order of the table."""

console = Console(width=None if sys.stdout.isatty() else 150)


@click.command()
@click.option("--quick", is_flag=True, help="Bursts of a tenth, twice: a look, not a measurement.")
@click.option("--only", multiple=True, type=click.Choice([*FIGURES]), help="Some of them; no plot is drawn.")
@click.option("--folder", default="bench-results", show_default=True, help="Where results are written.")
@click.option("--png", default=None, help="Where the plot is written; by default into that folder.")
def main(only: tuple[str, ...], folder: str, png: str | None, *, quick: bool) -> None:
    """Measure everything."""
    results = Path(folder)
    results.mkdir(parents=True, exist_ok=True)
    try:
        uvloop.run(bench(only, results, Path(png or results / "bench.png"), quick=quick))
    except (NotMeasured, TickRefused, TimeoutError) as error:
        console.print(f"[red]could not be measured[/]: {error!r}")
        sys.exit(1)


async def bench(only: Collection[str], results: Path, png: Path, *, quick: bool) -> None:
    """Measure, then show and write."""
    cores = sorted(os.sched_getaffinity(0))
    os.sched_setaffinity(0, cores[:1])
    gc.disable()  # this process makes no cycles; its pauses would be taken for the service's
    figures: list[Figure] = []
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
            for name in only or FIGURES:
                figures += await FIGURES[name](run)
            if not only:
                of_burst, drains = await ticks.large_burst(run)
                figures += of_burst
                report.draw(png, drains, await ticks.channel_counts(run))
    report.print_table(console, figures)
    console.print(
        f"{run.repetitions} repetitions on one core; "
        f"load and doubles needed {run.busiest:.0%} of the other at most"
    )
    report.write_json(results / "bench.json", figures, run)
    console.print(f"written: {results}")


if __name__ == "__main__":
    main()
