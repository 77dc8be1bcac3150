"""AWS takes 300 ms for each answer, as the real one does: what that leaves of the rate, and who waits."""

from __future__ import annotations

from programs.benchmarks.load import new_account, send, ticks, ticks_of
from programs.benchmarks.measure import Bench, Figure, Goal, ratios

REAL_AWS_SECONDS = 0.3
ALONE = 10
"""Ticks one after the other."""


async def slow_aws(bench: Bench) -> list[Figure]:
    """A burst with the default ``CONCURRENCY``, against one that AWS answers at once."""
    number, url = bench.scaled(2000), bench.outside.url
    fast, slow = [], []
    async with bench.machine.service(bench.new_folder()) as monitor:
        await bench.warm_up(monitor)
        for n in range(bench.repetitions):
            bench.say(f"{number:,} ticks, AWS takes 300 ms: {n + 1}")
            fast.append((await bench.burst(monitor, ticks(number, url))).per_second)
            with bench.outside.slow_aws(REAL_AWS_SECONDS):
                slow.append((await bench.burst(monitor, ticks(number, url))).per_second)
    name = "whole ticks, AWS takes 300 ms"
    return [Figure(name, "ticks/s", slow, Goal(0.85), "AWS at once", ratios(slow, fast))]


async def delays(bench: Bench) -> list[Figure]:
    """From a 202 to its message while nothing else happens: a new tenant's, and one's of yesterday."""
    url, accounts = bench.outside.url, [new_account() for _ in range(ALONE)]
    async with bench.machine.service(bench.new_folder()) as monitor:
        await bench.warm_up(monitor)
        bench.say("ticks one after the other, AWS takes 300 ms")
        with bench.outside.slow_aws(REAL_AWS_SECONDS):
            new = [await _delay(bench, monitor.url, one) for one in ticks_of(accounts, url)]
            known = [await _delay(bench, monitor.url, one) for one in ticks_of(accounts, url, excluded="Tax")]
    return [
        Figure("from 202 to message, AWS takes 300 ms, a new tenant", "ms", new, Goal(650, at_most=True)),
        Figure("the same, a tenant of yesterday", "ms", known, Goal(350, at_most=True)),
    ]


async def _delay(bench: Bench, service: str, tick: bytes) -> float:
    """Milliseconds."""
    bench.outside.forget()
    ((accepted, _),) = await send(service, [tick])
    await bench.outside.posted(1)
    return 1000 * (bench.outside.posts[0] - accepted)
