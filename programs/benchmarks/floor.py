"""What is left of a tick if AWS's answer is read, and nothing is made of it."""

from __future__ import annotations

import time

from adapters.aws.cost_explorer import GET_COST_AND_USAGE
from adapters.aws.operations import AwsAnswer
from programs.benchmarks.load import send, ticks
from programs.benchmarks.measure import Bench, Figure
from programs.benchmarks.processes import Measured
from tests.doubles.outside import COSTS

TIMES_READ = 200


async def floor(bench: Bench) -> list[Figure]:
    """A known tenant's: the limit's two requests, the door that keeps a tick, and AWS's answer as JSON."""
    number, url = bench.scaled(2000), bench.outside.url
    limits, doors, answers = [], [], []
    async with (
        bench.machine.module("limit", bench.new_folder(), url, "known") as limit,
        bench.machine.service(bench.new_folder(), "--no-worker") as door,
    ):
        await bench.warm_up(limit)
        await _taken_in(bench, door, bench.scaled(1000))
        for n in range(bench.repetitions):
            bench.say(f"{number:,} ticks without anything worked out: {n + 1}")
            limits.append((await bench.burst(limit, ticks(number, url))).cpu_seconds / number)
            doors.append(await _taken_in(bench, door, number))
            answers.append(_read())
    together = [sum(parts) for parts in zip(limits, doors, answers, strict=True)]
    return [
        Figure("CPU of the door that keeps a tick", "ms", [1000 * each for each in doors]),
        Figure("CPU of reading AWS's answer as JSON", "ms", [1000 * each for each in answers]),
        Figure(
            "the limit's CPU (two requests), against its own with these two: what a tick that works nothing "
            "out would reach",
            "",
            [one / all_of_it for one, all_of_it in zip(limits, together, strict=True)],
        ),
    ]


async def _taken_in(bench: Bench, door: Measured, number: int) -> float:
    cpu = door.cpu_seconds()
    await send(door.url, ticks(number, bench.outside.url))
    await bench.settle(door)
    return (door.cpu_seconds() - cpu) / number


def _read() -> float:
    answer = AwsAnswer(200, {}, COSTS.partition(b"\r\n\r\n")[2], lambda *_: {})
    began = time.process_time()
    for _ in range(TIMES_READ):
        GET_COST_AND_USAGE.read(answer)
    return (time.process_time() - began) / TIMES_READ
