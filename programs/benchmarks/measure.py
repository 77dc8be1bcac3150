"""What all measurements share: the two cores, the doubles, and how a burst of ticks is measured."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

from programs.benchmarks.load import send, ticks
from programs.benchmarks.processes import Machine, Measured, NotMeasured
from tests.doubles.outside import Outside


@dataclass(frozen=True, slots=True)
class Goal:
    """What a figure should reach.

    Args:
        value: The number.
        at_most: Whether less is better.
    """

    value: float
    at_most: bool = False

    def is_met(self, reached: float) -> bool:
        """Whether the figure is as good or better."""
        return reached <= self.value if self.at_most else reached >= self.value

    def __str__(self) -> str:
        return f"{'≤' if self.at_most else '≥'} {self.value:.3g}"


@dataclass(frozen=True, slots=True)
class Figure:
    """One row of the table.

    Args:
        name: What was measured.
        unit: Of the values.
        values: One for each repetition.
        goal: Of the ratios if there are any, else of the values.
        compared_with: What the ratios are to.
        ratios: One for each repetition: value by what it is compared with, in the same repetition.
    """

    name: str
    unit: str
    values: Sequence[float]
    goal: Goal | None = None
    compared_with: str = ""
    ratios: Sequence[float] = ()

    @property
    def is_met(self) -> bool | None:
        """Whether the median reaches the goal; None without a goal."""
        return self.goal.is_met(median(self.ratios or self.values)) if self.goal else None


@dataclass(frozen=True, slots=True)
class Burst:
    """How a burst of ticks went.

    Args:
        accepted: Seconds from the first tick sent to each 202, in order.
        waited: Seconds that each sender waited for its 202.
        posted: Seconds from the first tick sent to each message, in order.
        cpu_seconds: How long the process kept its core busy for it.
        paid: Cost Explorer requests made for it.
    """

    accepted: Sequence[float]
    waited: Sequence[float]
    posted: Sequence[float]
    cpu_seconds: float
    paid: int

    @property
    def per_second(self) -> float:
        """Whole ticks, from the first one sent to the last message."""
        return len(self.posted) / self.posted[-1]


@dataclass(slots=True)
class Bench:
    """A run of the benchmark.

    Args:
        outside: AWS and Telex.
        folder: An empty one for everything that processes write.
        machine: Where the processes to be measured run; this process is on another core.
        repetitions: How often each figure is taken.
        scale: By how much to shorten bursts: 1 is the real thing.
        say: Shows the progress.
        busiest: How much of its core this process needed at most during a burst.
    """

    outside: Outside
    folder: Path
    machine: Machine
    repetitions: int
    scale: float
    say: Callable[[str], None]
    busiest: float = 0.0
    _folders: int = field(default=0, init=False)

    def new_folder(self) -> Path:
        """An empty folder, for a process that starts with nothing."""
        self._folders += 1
        folder = self.folder / str(self._folders)
        folder.mkdir()
        return folder

    def scaled(self, number: int, least: int = 50) -> int:
        """The size of a burst in this run."""
        return max(int(number * self.scale), least)

    async def burst(
        self, process: Measured, requests: Sequence[bytes], workers: Sequence[Measured] = ()
    ) -> Burst:
        """Send all at once and wait for as many messages.

        Args:
            process: Whose door it is, and whose CPU counts.
            requests: The ticks.
            workers: Further processes that take part.

        Raises:
            NotMeasured: A channel had no message, or more than one.
        """
        self.outside.forget()
        cpu, own, began = process.cpu_seconds(), time.process_time(), time.perf_counter()
        answers = await send(process.url, requests)
        await self.outside.posted(len(requests))
        took = time.perf_counter() - began
        self.busiest = max(self.busiest, (time.process_time() - own) / took)
        await self.settle(process, *workers)
        if not len(self.outside.posts) == len(self.outside.channels) == len(requests):
            raise NotMeasured(f"{len(requests)} ticks, but {len(self.outside.posts)} messages")
        return Burst(
            accepted=sorted(at - began for at, _ in answers),
            waited=sorted(waited for _, waited in answers),
            posted=[at - began for at in self.outside.posts],
            cpu_seconds=process.cpu_seconds() - cpu,
            paid=self.outside.paid,
        )

    async def warm_up(self, process: Measured) -> None:
        """Let it meet everything once: connections, caches, the places that Telex's host has to earn."""
        await self.burst(process, ticks(self.scaled(1000), self.outside.url))

    async def settle(self, *processes: Measured) -> None:
        """Wait until they have nothing to do any more, so that one burst does not pay for another."""
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            cpu = sum(process.cpu_seconds() for process in processes)
            await asyncio.sleep(0.15)
            if sum(process.cpu_seconds() for process in processes) - cpu <= 0.02 * len(processes):
                return


def ratios(values: Sequence[float], to: Sequence[float]) -> list[float]:
    """Value by value."""
    return [value / other for value, other in zip(values, to, strict=True)]
