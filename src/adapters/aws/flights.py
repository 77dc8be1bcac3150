"""One flight per question: whoever asks what is being asked waits for that answer."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from functools import partial
from typing import Any, Generic, TypeVar

from application.aws_errors import AwsError

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Landed(Generic[T]):
    """What a flight brought.

    Args:
        answer: The same for all aboard.
        led: Whether this caller set it off.
    """

    answer: T
    led: bool


class Flights(Generic[T]):
    """The questions under way in this process.

    A flight goes on when one of its callers is cancelled, the first included: the others still wait for it.
    """

    def __init__(self) -> None:
        self._flights: dict[str, asyncio.Task[T]] = {}

    async def board(self, key: str, ask: Callable[[], Coroutine[Any, Any, T]]) -> Landed[T]:
        """Join the flight with this key, or set it off.

        Raises:
            AwsError: The flight's own; those who joined get one that has cost nothing.
        """
        flight = self._flights.get(key)
        led = flight is None
        if flight is None:
            flight = self._flights[key] = asyncio.create_task(ask())
            flight.add_done_callback(partial(self._land, key))
        try:
            return Landed(await asyncio.shield(flight), led)
        except AwsError as error:
            if led:
                raise
            raise error.again() from error

    def _land(self, key: str, flight: asyncio.Task[T]) -> None:
        del self._flights[key]
        if not flight.cancelled():
            flight.exception()  # when every caller has gone, this tells asyncio that nobody needs it
