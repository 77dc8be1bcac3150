"""The figures as a table, as JSON, and as a plot."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

from matplotlib.figure import Figure as Plot
from rich.console import Console
from rich.table import Table

from programs.benchmarks.measure import Bench, Figure
from programs.benchmarks.ticks import Drains

MARKS = {True: "[green]reached[/]", False: "[yellow]not reached[/]", None: ""}


def print_table(console: Console, figures: Sequence[Figure]) -> None:
    """Every figure with its spread, and its ratio to what it is compared with."""
    table = Table("figure", "median (least to most)", "ratio", "to", "goal", "", box=None, pad_edge=False)
    for figure in figures:
        table.add_row(
            figure.name,
            f"{_spread(figure.values)} {figure.unit}",
            _spread(figure.ratios) if figure.ratios else "",
            figure.compared_with,
            str(figure.goal or ""),
            MARKS[figure.is_met],
        )
    console.print(table)


def write_json(path: Path, figures: Sequence[Figure], bench: Bench) -> None:
    """All values of all repetitions, and the machine that they are of."""
    report = {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": {"cpu": _cpu(), "cores": os.cpu_count(), "python": platform.python_version()},
        "repetitions": bench.repetitions,
        "scale": bench.scale,
        "load_and_doubles_busy_at_most": round(bench.busiest, 3),
        "figures": [
            {
                **asdict(figure),
                "median": median(figure.values),
                "median_ratio": median(figure.ratios) if figure.ratios else None,
                "reached": figure.is_met,
            }
            for figure in figures
        ],
    }
    path.write_text(json.dumps(report, indent=2, ensure_ascii=False), encoding="utf-8")


def draw(path: Path, drains: Drains, rates: Mapping[str, Mapping[int, Sequence[float]]]) -> None:
    """Left, how a burst drains; right, ticks per second by number of channels."""
    plot = Plot(figsize=(11, 4), dpi=120, layout="constrained")
    left, right = plot.subplots(1, 2)
    count = range(1, len(drains.service.posted) + 1)
    left.plot(drains.service.accepted, count, color="tab:gray", label="accepted (202)")
    left.plot(drains.service.posted, count, color="tab:blue", label="answered in the channel")
    left.plot(drains.limit.posted, count, color="tab:green", linestyle="--", label="the limit")
    left.set(title=f"{len(count):,} ticks at once, each another tenant", xlabel="seconds", ylabel="ticks")
    for (name, by_count), color in zip(rates.items(), ("tab:green", "tab:blue", "tab:orange"), strict=True):
        counts = sorted(by_count)
        right.plot(
            counts,
            [median(by_count[n]) for n in counts],
            color=color,
            marker="o",
            linestyle="--" if color == "tab:green" else "-",
            label=name,
        )
        right.fill_between(
            counts,
            [min(by_count[n]) for n in counts],
            [max(by_count[n]) for n in counts],
            color=color,
            alpha=0.15,
        )
    right.set(
        xscale="log", title="on one core", xlabel="channels that tick at once", ylabel="ticks per second"
    )
    for axes in (left, right):
        axes.set_ylim(bottom=0)
        axes.grid(alpha=0.3)
        axes.legend(frameon=False)
    plot.savefig(path)


def _spread(values: Sequence[float]) -> str:
    least, middle, most = (_short(value) for value in (min(values), median(values), max(values)))
    return middle if least == most else f"{middle} ({least} to {most})"


def _short(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 or value == int(value) else f"{value:.3g}"


def _cpu() -> str:
    for line in Path("/proc/cpuinfo").read_text("utf-8").splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()
