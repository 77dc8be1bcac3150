"""What is kept of AWS's answers between two checks, sealed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import timedelta
from functools import cache
from typing import Generic, TypeVar

import msgspec

from application.aws_errors import AwsBusy, AwsRefused
from application.errors import StorageUnavailable, TickUnreadable
from application.ports.store import Store
from application.ports.vault import Vault

T = TypeVar("T")

REFUSAL_KEPT = timedelta(minutes=5)
"""Long enough that a wrong key with a crontab of every minute does not hammer AWS, short enough that whoever
mends a permission is served soon."""

UNDER_WAY = b"under way"
UNDER_WAY_KEPT = timedelta(seconds=4)
"""Renewed while it is true. After a crash nobody waits longer than this for an answer that will not come."""

RENEWED_SECONDS = 2.0


class Answered(msgspec.Struct, Generic[T], tag="found", array_like=True):
    """An answer of AWS."""

    answer: T


class Refused(msgspec.Struct, tag="refused", array_like=True):
    """A refusal of AWS."""

    code: str
    detail: str


class Recall(Generic[T]):
    """Answers and refusals by who asked what, in a store, sealed.

    Args:
        store: Where they are.
        vault: Seals them, and makes keys that tell neither the credentials nor the question.
        kind: Tells these answers from others.
        answers: What an answer is.
    """

    def __init__(self, store: Store, vault: Vault, kind: str, answers: type[T]) -> None:
        self._store = store
        self._vault = vault
        self._kind = kind
        self._keeping: set[asyncio.Task[None]] = set()
        self._decode = msgspec.msgpack.Decoder(Answered[answers] | Refused).decode  # type: ignore[valid-type]  # a type made at run time

    def key(self, *parts: str) -> str:
        """A key that only the same asker (``AccessKey.who``) and question give."""
        return f"{self._kind}.{self._vault.fingerprint(self._kind, *parts)}"

    async def get(self, key: str) -> T | None:
        """Return the answer that is kept, or None.

        Raises:
            AwsRefused: A refusal is kept.
            AwsBusy: The answer is under way, in another process or in one that has crashed.
        """
        value = await self._store.get(key)
        return None if value is None else self._read(key, value)

    async def begin(self, key: str, is_fresh: Callable[[T], bool]) -> tuple[T | None, str]:
        """Return the answer that is kept and fresh; else let other processes know that it is under way.

        Returns:
            The answer, or None; and under which key it is said that it is under way.

        Raises:
            AwsRefused: A refusal is kept.
            AwsBusy: The answer is under way, in another process or in one that has crashed.
        """
        value = await self._store.add(key, UNDER_WAY, UNDER_WAY_KEPT)
        if value is None:
            return None, key
        answer = self._read(key, value)
        if answer is None:
            await self._announce(key)
        elif not is_fresh(answer):
            # What is kept stays: it is fresh enough for who was given it, if he comes back.
            key = f"{key}.again"
            if await self._store.add(key, UNDER_WAY, UNDER_WAY_KEPT) is not None:
                raise AwsBusy("Another process is asking AWS the same.", retry_after=1)
            return None, key
        return answer, key

    @contextmanager
    def under_way(self, key: str) -> Iterator[None]:
        """Let them know that it still is, while the block lasts."""
        renewal: asyncio.Task[None] | None = None
        timer: asyncio.TimerHandle

        def renew() -> None:
            # One announcement a task, and no loop in it: a client may swallow its cancellation.
            nonlocal renewal, timer
            if renewal is None or renewal.done():
                renewal = loop.create_task(self._announce(key))
            timer = loop.call_later(RENEWED_SECONDS, renew)

        loop = asyncio.get_running_loop()
        timer = loop.call_later(RENEWED_SECONDS, renew)  # most answers come before: no task for them
        try:
            yield
        finally:
            timer.cancel()
            if renewal:
                renewal.cancel()

    def keep(self, key: str, answer: T, ttl: timedelta) -> None:
        """Keep an answer. It is of use even when the store fails, and nobody waits for the store."""
        keeping = asyncio.create_task(self._put(key, Answered(answer), ttl))
        self._keeping.add(keeping)
        keeping.add_done_callback(self._keeping.discard)

    async def keep_refusal(self, key: str, refusal: AwsRefused, ttl: timedelta = REFUSAL_KEPT) -> None:
        """Keep a refusal for some minutes."""
        await self._put(key, Refused(refusal.code, refusal.detail), ttl)

    async def forget(self, key: str) -> None:
        """Nothing came of it."""
        with suppress(StorageUnavailable):
            await self._store.remove(key)

    async def _announce(self, key: str) -> None:
        with suppress(StorageUnavailable):
            await self._store.put(key, UNDER_WAY, UNDER_WAY_KEPT)

    def _read(self, key: str, value: bytes) -> T | None:
        """The answer; None if it is of another version, or under a key that has been retired."""
        if value == UNDER_WAY:
            raise AwsBusy("Another process is asking AWS the same.", retry_after=1)
        try:
            kept: Answered[T] | Refused = self._decode(self._vault.open(value, context=key))
        except (TickUnreadable, msgspec.DecodeError):
            return None
        if isinstance(kept, Refused):
            raise _refusals().get(kept.code, AwsRefused)(kept.detail)
        return kept.answer

    async def _put(self, key: str, value: Answered[T] | Refused, ttl: timedelta) -> None:
        with suppress(StorageUnavailable):
            await self._store.put(key, self._vault.seal(msgspec.msgpack.encode(value), context=key), ttl)


@cache
def _refusals() -> Mapping[str, type[AwsRefused]]:
    """Every refusal that there is, by its code."""
    kinds = [AwsRefused]
    for kind in kinds:  # grows while it is walked
        kinds += kind.__subclasses__()
    return {kind.code: kind for kind in kinds}
