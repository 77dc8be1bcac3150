"""The system's look-up of names: bounded in time, and by strangers' names in number."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections import Counter, OrderedDict
from collections.abc import Callable
from functools import partial
from typing import Any

from aiohttp.abc import AbstractResolver, ResolveResult

from adapters.chats.sites import site_of
from adapters.chats.well_known import is_well_known

LONGEST_SECONDS = 3.0
"""A look-up that takes longer is not waited for, though the system goes on with it for half a minute."""

PLACES = 16
"""Look-ups at a time, of each of three kinds of names: well known, found before, and strangers'."""

PLACES_OF_SITE = 4
"""Of these the most with one owner: a name server that hangs does so for every name below its domain."""

REMEMBERED = 1024
"""Names that were found before; the one used longest ago is forgotten first."""

Infos = list[tuple[Any, ...]]
"""What ``socket.getaddrinfo`` returns."""


class LookupsBusy(OSError):
    """As many names of that kind are being looked up as may be. An OSError, so that aiohttp passes it on."""


class SystemResolver(AbstractResolver):
    """The system's look-up, each in a thread of its own that nobody waits for.

    The system gives no way to end a look-up, so one that hangs keeps its place until the system gives up.
    Names that hang can hold strangers' places only: nobody else's look-up waits for them.

    Args:
        look_up: The system's, which blocks.
        longest: Seconds that a look-up is waited for.
        trusts: Says of a name whether strangers cannot own it.
    """

    def __init__(
        self,
        look_up: Callable[..., Infos] = socket.getaddrinfo,
        longest: float = LONGEST_SECONDS,
        trusts: Callable[[str], bool] = is_well_known,
    ) -> None:
        self._look_up = look_up
        self._longest = longest
        self._trusts = trusts
        self._found: OrderedDict[str, None] = OrderedDict()
        self._taken: Counter[str] = Counter()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """Return the addresses of a name.

        Raises:
            LookupsBusy: No place is free.
            OSError: There are none, or not in time.
        """
        look_up = partial(
            self._look_up, host.encode(), port, family, socket.SOCK_STREAM, flags=socket.AI_ADDRCONFIG
        )
        try:
            async with asyncio.timeout(self._longest):
                infos = await self._in_thread(look_up, self._places_of(host))
        except TimeoutError:
            self._found.pop(host, None)
            raise OSError("the look-up took too long") from None
        self._remember(host)
        return [
            ResolveResult(
                hostname=host, host=str(address[0]), port=port, family=found, proto=protocol, flags=0
            )
            for found, _, protocol, _, address in infos
        ]

    async def close(self) -> None:
        """Nothing to close: the threads end by themselves, or with the process."""

    def _places_of(self, host: str) -> dict[str, int]:
        """What the look-up takes a place of, and how many each has."""
        if self._trusts(host):
            return {"well known": PLACES}
        if host in self._found:
            return {"found before": PLACES}
        return {"strangers": PLACES, f"site {site_of(host)}": PLACES_OF_SITE}

    def _in_thread(self, look_up: Callable[[], Infos], places: dict[str, int]) -> asyncio.Future[Infos]:
        if any(self._taken[kind] >= most for kind, most in places.items()):
            raise LookupsBusy("other names are being looked up")
        self._taken.update(places.keys())
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Infos] = loop.create_future()

        def settle(infos: Infos, error: OSError | None) -> None:
            self._taken -= Counter(places.keys())
            if not future.done():
                future.set_exception(error) if error else future.set_result(infos)

        def run() -> None:
            infos: Infos = []
            error = None
            try:
                infos = look_up()
            except (OSError, UnicodeError) as exc:
                error = exc if isinstance(exc, OSError) else OSError("not a name that can be looked up")
            try:
                loop.call_soon_threadsafe(settle, infos, error)
            except RuntimeError:
                return  # the loop is closed: nobody asks any more

        threading.Thread(target=run, name="lookup", daemon=True).start()
        return future

    def _remember(self, host: str) -> None:
        self._found[host] = None
        self._found.move_to_end(host)
        if len(self._found) > REMEMBERED:
            self._found.popitem(last=False)
