"""Whole ticks: from the door to the message in the channel."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from programs.benchmarks.load import new_account, send, ticks, ticks_of
from programs.benchmarks.measure import Bench, Burst, Figure, Goal, ratios
from programs.benchmarks.processes import Measured, NotMeasured

CHANNEL_COUNTS = (10, 30, 100, 300, 1000)


@dataclass(frozen=True, slots=True)
class Drains:
    """A large burst, each tick of another tenant, for the plot.

    Args:
        limit: Of the limit.
        service: Of the service.
    """

    limit: Burst
    service: Burst


async def large_burst(bench: Bench) -> tuple[list[Figure], Drains]:
    """How a large burst, each tick of another tenant, drains."""
    number = bench.scaled(10_000)
    async with (
        bench.machine.module("limit", bench.new_folder(), bench.outside.url) as limit,
        bench.machine.service(bench.new_folder()) as monitor,
    ):
        await bench.warm_up(limit)
        await bench.warm_up(monitor)
        bench.say(f"{number:,} ticks at once")
        drains = Drains(
            await bench.burst(limit, ticks(number, bench.outside.url)),
            await bench.burst(monitor, ticks(number, bench.outside.url)),
        )
    return [
        Figure(f"{number:,} ticks at once: the last 202", "s", [drains.service.accepted[-1]]),
        Figure(f"{number:,} ticks at once: the last message", "s", [drains.service.posted[-1]]),
    ], drains


async def whole_ticks(bench: Bench) -> list[Figure]:
    """Every tick another tenant, no cache hit, against the limit."""
    number = bench.scaled(2000)
    limits, services = [], []
    async with (
        bench.machine.module("limit", bench.new_folder(), bench.outside.url) as limit,
        bench.machine.service(bench.new_folder()) as monitor,
    ):
        await bench.warm_up(limit)
        await bench.warm_up(monitor)
        for n in range(bench.repetitions):
            bench.say(f"{number:,} ticks, each of another tenant: {n + 1}")
            limits.append(await bench.burst(limit, ticks(number, bench.outside.url)))
            services.append(await bench.burst(monitor, ticks(number, bench.outside.url)))
    rates, at_limit = _rates(services), _rates(limits)
    return [
        Figure("the limit: bare ASGI app and three bare aiohttp requests", "ticks/s", at_limit),
        Figure(
            "whole ticks, each of another tenant, no cache hit",
            "ticks/s",
            rates,
            None,
            "the limit",
            ratios(rates, at_limit),
        ),
        Figure(
            "the limit's CPU for such a tick, against the service's",
            "",
            _shares(limits, services),
            Goal(0.32),
        ),
        Figure("CPU for such a tick", "ms", [1000 * each.cpu_seconds / number for each in services]),
        Figure(
            "202 while it drains, slowest of 100",
            "ms",
            [1000 * each.waited[int(0.99 * number)] for each in services],
            Goal(1000, at_most=True),
        ),
        Figure(
            "paid requests per check", "", [each.paid / number for each in services], Goal(1, at_most=True)
        ),
    ]


async def one_account(bench: Bench) -> list[Figure]:
    """A thousand channels that watch one account; then a thousand more, and once more after a restart."""
    number, url = bench.scaled(1000), bench.outside.url
    folder = bench.new_folder()
    accounts = [new_account() for _ in range(bench.repetitions)]
    alone, together, again = [], [], []
    async with bench.machine.service(folder) as monitor:
        await bench.warm_up(monitor)
        for account in accounts:
            bench.say(f"{number:,} channels on one account")
            alone.append(await bench.burst(monitor, ticks(number, url)))
            together.append(await bench.burst(monitor, ticks(number, url, account)))
            again.append(await bench.burst(monitor, ticks(number, url, account)))
    async with bench.machine.service(folder) as monitor:
        restarted = [await bench.burst(monitor, ticks(number, url, account)) for account in accounts]
    rates = _rates(together)
    return [
        Figure(
            f"whole ticks, {number:,} channels on one account",
            "ticks/s",
            rates,
            Goal(2),
            "each another tenant",
            ratios(rates, _rates(alone)),
        ),
        Figure("paid requests for them all", "", [each.paid for each in together], Goal(1, at_most=True)),
        Figure("paid requests for as many again", "", [each.paid for each in again], Goal(0, at_most=True)),
        Figure("the same after a restart", "", [each.paid for each in restarted], Goal(0, at_most=True)),
    ]


async def known_tenants(bench: Bench) -> list[Figure]:
    """Tenants whose key is known and whose question is new, as on every day but the first: two requests."""
    number, url = bench.scaled(1000), bench.outside.url
    limits, services = [], []
    async with (
        bench.machine.module("limit", bench.new_folder(), url, "known") as limit,
        bench.machine.service(bench.new_folder()) as monitor,
    ):
        await bench.warm_up(limit)
        await bench.warm_up(monitor)
        for n in range(bench.repetitions):
            bench.say(f"{number:,} ticks, each of a known tenant: {n + 1}")
            accounts = [new_account() for _ in range(number)]
            await bench.burst(monitor, ticks_of(accounts, url))
            limits.append(await bench.burst(limit, ticks(number, url)))
            services.append(await bench.burst(monitor, ticks_of(accounts, url, excluded="Tax")))
    return [
        Figure(
            "the limit's CPU for a tick of a tenant of yesterday (two requests), against the service's",
            "",
            _shares(limits, services),
            Goal(0.4),
        ),
        Figure("CPU for such a tick", "ms", [1000 * each.cpu_seconds / number for each in services]),
    ]


async def looks(bench: Bench) -> list[Figure]:
    """Ticks that wait for AWS, posted again so that each looks once more and finds nothing new."""
    number, url = bench.scaled(1000), bench.outside.url
    whole, again = [], []
    async with bench.machine.service(bench.new_folder()) as monitor:
        await bench.warm_up(monitor)
        for n in range(bench.repetitions):
            bench.say(f"{number:,} looks that find nothing new: {n + 1}")
            with bench.outside.unpublished():
                requests = ticks(number, url)
                whole.append((await bench.burst(monitor, requests)).cpu_seconds)
                cpu, waiting = monitor.cpu_seconds(), monitor.events("tick_waits")
                await send(monitor.url, requests)
                await _logged(monitor, "tick_waits", waiting + number)
                again.append(monitor.cpu_seconds() - cpu)
    return [
        Figure(
            "looks that find nothing new, each with its tick at the door",
            "a second of CPU",
            [number / cpu for cpu in again],
            Goal(3),
            "whole ticks",
            ratios(whole, again),
        )
    ]


async def _logged(process: Measured, event: str, count: int, seconds: float = 60) -> None:
    """Wait for what no message tells of."""
    deadline = time.monotonic() + seconds
    while (number := process.events(event)) < count:
        if time.monotonic() > deadline:
            raise NotMeasured(f"{count} times {event} were awaited, and {number} came")
        await asyncio.sleep(0.1)


async def two_processes(bench: Bench) -> list[Figure]:
    """``serve --workers 2`` on one SQLite file and all cores; of two, the load takes its part."""
    number, url = bench.scaled(2000), bench.outside.url
    machine = replace(bench.machine, core=f"0-{(os.cpu_count() or 1) - 1}")
    one, two = [], []
    async with (
        machine.service(bench.new_folder()) as single,
        machine.service(bench.new_folder(), "--workers", "2") as double,
    ):
        await bench.warm_up(single)
        await bench.warm_up(double)
        for n in range(bench.repetitions):
            bench.say(f"{number:,} ticks on one process and on two: {n + 1}")
            one.append(await bench.burst(single, ticks(number, url)))
            two.append(await bench.burst(double, ticks(number, url)))
    name = "whole ticks, serve --workers 2"
    return [Figure(name, "ticks/s", _rates(two), Goal(1.7), "one process", ratios(_rates(two), _rates(one)))]


async def channel_counts(bench: Bench) -> Mapping[str, Mapping[int, Sequence[float]]]:
    """Ticks per second by number of channels that tick at once, for the plot."""
    counts = [bench.scaled(count) for count in CHANNEL_COUNTS]
    limits: dict[int, list[float]] = {count: [] for count in counts}
    alone: dict[int, list[float]] = {count: [] for count in counts}
    together: dict[int, list[float]] = {count: [] for count in counts}
    async with (
        bench.machine.module("limit", bench.new_folder(), bench.outside.url) as limit,
        bench.machine.service(bench.new_folder()) as monitor,
    ):
        await bench.warm_up(limit)
        await bench.warm_up(monitor)
        for n in range(bench.repetitions):
            bench.say(f"ticks per second by number of channels: {n + 1}")
            for count in counts:
                url = bench.outside.url
                limits[count].append((await bench.burst(limit, ticks(count, url))).per_second)
                alone[count].append((await bench.burst(monitor, ticks(count, url))).per_second)
                shared = ticks(count, url, new_account())
                together[count].append((await bench.burst(monitor, shared)).per_second)
    return {"the limit": limits, "each another tenant": alone, "all on one account": together}


def _shares(limits: Sequence[Burst], services: Sequence[Burst]) -> list[float]:
    return [limit.cpu_seconds / one.cpu_seconds for limit, one in zip(limits, services, strict=True)]


def _rates(bursts: Sequence[Burst]) -> list[float]:
    return [burst.per_second for burst in bursts]
