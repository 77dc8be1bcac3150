from __future__ import annotations

import asyncio
import socket
import threading
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from adapters.chats.lookups import Infos, LookupsBusy, SystemResolver

FOUND: Infos = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("192.0.2.1", 443))]


class NameServers:
    """Look-ups as the system's: they block, and those of the names in ``hanging`` until ``mend``."""

    def __init__(self) -> None:
        self.hanging: set[str] = set()
        self.begun: Counter[str] = Counter()
        self._mended = threading.Event()

    def look_up(self, host: bytes, *_: Any, **__: Any) -> Infos:
        """Find every name at one address."""
        name = host.decode()
        self.begun[name] += 1
        if any(name.endswith(end) for end in self.hanging):
            self._mended.wait()
            raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")
        if name.startswith("missing"):
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return FOUND

    def mend(self) -> None:
        """Let all that hangs end."""
        self._mended.set()


@pytest.fixture
def servers() -> Iterator[NameServers]:
    """Name servers whose threads end with the test."""
    made = NameServers()
    yield made
    made.mend()


def resolver_of(servers: NameServers, longest: float = 0.5) -> SystemResolver:
    """The resolver, impatient."""
    return SystemResolver(servers.look_up, longest)


async def hang(resolver: SystemResolver, names: list[str]) -> list[str]:
    """Look the names up, all at once; return what became of each."""
    ends = await asyncio.gather(*(resolver.resolve(name) for name in names), return_exceptions=True)
    return [type(end).__name__ for end in ends]


async def test_a_name_is_found(servers: NameServers) -> None:
    """With the port that was asked for."""
    (found,) = await resolver_of(servers).resolve("chat.example.com", 443)
    assert (found["hostname"], found["host"], found["port"]) == ("chat.example.com", "192.0.2.1", 443)


async def test_a_name_that_is_not_there_is_an_error(servers: NameServers) -> None:
    """The system's own."""
    with pytest.raises(socket.gaierror, match="not known"):
        await resolver_of(servers).resolve("missing.example.com")


async def test_a_look_up_that_hangs_is_not_waited_for(servers: NameServers) -> None:
    """It has a time-out of its own, shorter than that of the connection."""
    servers.hanging = {"evil.com"}
    with pytest.raises(OSError, match="too long"):
        await resolver_of(servers).resolve("evil.com")


async def test_names_that_hang_hold_strangers_places_only(servers: NameServers) -> None:
    """However many hang, a well known name and one found before are looked up at once."""
    resolver = resolver_of(servers)
    await resolver.resolve("chat.example.com")
    servers.hanging = {f"evil{n}.com" for n in range(100)}
    ends = await hang(resolver, sorted(servers.hanging))
    assert Counter(ends) == {"OSError": 16, "LookupsBusy": 84}
    for name in ("ping.telex.im", "chat.example.com"):
        assert await resolver.resolve(name)
    with pytest.raises(LookupsBusy):
        await resolver.resolve("new.example.com")


async def test_one_owner_of_names_that_hang_holds_four_places(servers: NameServers) -> None:
    """A name server that hangs does so for every name below its domain; others find places."""
    resolver = resolver_of(servers)
    servers.hanging = {"evil.com"}
    ends = await hang(resolver, [f"a{n}.evil.com" for n in range(50)])
    assert Counter(ends) == {"OSError": 4, "LookupsBusy": 46}
    assert await resolver.resolve("new.example.com")


async def test_places_are_free_again_when_the_system_gives_up(servers: NameServers) -> None:
    """A look-up holds its place for as long as the system goes on with it, and no longer."""
    resolver = resolver_of(servers)
    servers.hanging = {"evil.com"}
    await hang(resolver, [f"a{n}.evil.com" for n in range(4)])
    with pytest.raises(LookupsBusy):
        await resolver.resolve("a5.evil.com")
    servers.mend()
    async with asyncio.timeout(5):
        while resolver._taken:  # noqa: ASYNC110  # a thread tells the loop, and nobody else
            await asyncio.sleep(0.001)
    with pytest.raises(OSError, match="Temporary failure"):
        await resolver.resolve("a5.evil.com")


async def test_a_name_that_was_found_and_hangs_now_is_a_strangers(servers: NameServers) -> None:
    """Whoever shows a good face first holds places of those found before only once."""
    resolver = resolver_of(servers)
    await resolver.resolve("turns.com")
    servers.hanging = {"turns.com"}
    ends = [
        type(end).__name__
        for end in [await asyncio.gather(resolver.resolve("turns.com"), return_exceptions=True)][0]
    ]
    assert ends == ["OSError"]
    await hang(resolver, ["turns.com"] * 10)
    assert resolver._taken == {"found before": 1, "strangers": 4, "site turns.com": 4}


async def test_what_was_found_is_bounded(servers: NameServers, monkeypatch: pytest.MonkeyPatch) -> None:
    """The name used longest ago is forgotten first."""
    monkeypatch.setattr("adapters.chats.lookups.REMEMBERED", 2)
    resolver = resolver_of(servers)
    for name in ("a.com", "b.com", "a.com", "c.com"):
        await resolver.resolve(name)
    assert list(resolver._found) == ["a.com", "c.com"]
