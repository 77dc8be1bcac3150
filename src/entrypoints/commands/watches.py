"""The ``watches`` commands: what an operator sees and does about the service's own schedule."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

import click
import msgspec

from application.fire_watches import SAID, watch_page
from application.ports.ledger import Page
from application.ports.watches import ScheduledWatch, Watches
from entrypoints.commands.check import Look
from entrypoints.commands.check import check as check_spend
from entrypoints.commands.terminal import output_terminal, print_rows
from entrypoints.config import Config
from entrypoints.container import Container, open_container

NOTHING_SAID = "nothing yet"


async def check(config: Config) -> None:
    """Read the file; what cannot be used ends the command, what does nothing is said."""
    async with open_container(_without_state(config)) as container:
        watches, now = container.watches().all(), container.clock().now()
        for watch in watches:
            for setting in watch.monitor.idle:
                print(f"{watch.name}: {setting} does nothing with {watch.monitor.frequency}")  # noqa: T201  # the output
        count = f"{len(watches)} watch{'' if len(watches) == 1 else 'es'}"
        first = min(watches, key=lambda watch: watch.schedule.next_after(now))
        due = first.schedule.next_after(now)
        print(f"{config.watches}: {count}; {first.name} fires next, at {due:%Y-%m-%d %H:%M} UTC")  # noqa: T201  # the output


@dataclass(frozen=True, slots=True)
class WatchRow:
    """A watch, as ``watches list`` shows it: no destination is named, since who knows one can post there."""

    name: str
    schedule: str
    next: datetime
    destinations: int
    said: str


async def show(config: Config, output: str) -> None:
    """Print when each watch fires next and what it said last, as a table or as JSON."""
    if config.sqlite_path and not config.sqlite_path.exists():
        config = _without_state(config)  # nothing has run yet, and nothing is to be made by looking
    async with open_container(config) as container:
        rows = [await _row(container, watch) for watch in container.watches().all()]
    if output == "json":
        print(msgspec.json.format(msgspec.json.encode(rows), indent=2).decode())  # noqa: T201  # the output
        return
    cells = [
        (row.name, row.schedule, f"{row.next:%Y-%m-%d %H:%M}", str(row.destinations), row.said)
        for row in rows
    ]
    print_rows(output_terminal(), ("watch", "schedule", "next (UTC)", "destinations", "said last"), cells)


async def run_now(config: Config, name: str) -> int:
    """Look once, print the report, and post it to the watch's destinations; return the exit code."""
    async with open_container(_without_state(config)) as container:
        watch = _named(container.watches(), name)
        monitor = container.let_in().named_for_watch(watch.monitor, name)
    return await check_spend(config, Look(monitor, notify=tuple(watch.destinations)))


def _named(watches: Watches, name: str) -> ScheduledWatch:
    if watch := watches.find(name):
        return watch
    names = ", ".join(watch.name for watch in watches.all())
    raise click.BadParameter(f"there is no watch {name!r}; there are {names}", param_hint="NAME")


async def _row(container: Container, watch: ScheduledWatch) -> WatchRow:
    said = await container.ledger().read(watch_page(container.vault(), watch.name), SAID)
    due = watch.schedule.next_after(container.clock().now())
    return WatchRow(watch.name, str(watch.schedule), due, len(watch.destinations), _last_word(said))


def _last_word(page: Page) -> str:
    """The newest of the reports and failures: ``2026-11-27: within, $12.00``."""
    words = {start: f"check failed: {cause} (period from {start})" for cause, start in page.failures.items()}
    for period, told in page.told.items():
        spend = f", {told.spend}" if told.spend else ""
        words[period.start.isoformat()] = f"{period}: {told.verdicts[-1]}{spend}"
    return words[max(words)] if words else NOTHING_SAID


def _without_state(config: Config) -> Config:
    return replace(config, state_url="memory://")
