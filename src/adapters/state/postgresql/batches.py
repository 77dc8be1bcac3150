"""One transaction for all who wait."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from copy import copy
from typing import Generic, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")

LARGEST = 500


class Batches(Generic[Item, Result]):
    """Gathers what comes in while a batch is under way into the next batch.

    Whoever comes alone never waits for others.

    Args:
        run: Takes a batch and returns a result for each, in order; what it raises reaches all of them.
    """

    def __init__(self, run: Callable[[Sequence[Item]], Awaitable[Sequence[Result]]]) -> None:
        self._run = run
        self._waiting: list[tuple[Item, asyncio.Future[Result]]] = []
        self._runner: asyncio.Task[None] | None = None

    async def add(self, item: Item) -> Result:
        """Return the item's result when its batch has been run."""
        future: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
        self._waiting.append((item, future))
        if self._runner is None:
            self._runner = asyncio.create_task(self._run_all())
        return await future

    async def _run_all(self) -> None:
        while self._waiting:
            batch, self._waiting = self._waiting[:LARGEST], self._waiting[LARGEST:]
            try:
                results = await self._run([item for item, _ in batch])
            except Exception as error:  # noqa: BLE001  # whatever it is, nobody must wait for ever
                for _, future in batch:
                    if not future.done():
                        future.set_exception(copy(error))
            else:
                for (_, future), result in zip(batch, results, strict=True):
                    if not future.done():
                        future.set_result(result)
        self._runner = None
