"""No host's trouble is another's."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import ExitStack

import pytest

from adapters.telex import open_telex
from application.errors import ChannelBusy, ChannelRefused, ChannelUnavailable
from tests.contract.telex_double import (
    TelexDouble,
    raw_server,
    telex_double,
)
from tests.fakes.clock import FixedClock
from tests.fakes.notices import EXCEEDED, WITHIN

GOOD, BAD = WITHIN, EXCEEDED


@pytest.fixture
async def telex() -> AsyncIterator[TelexDouble]:
    """A local Telex."""
    async with telex_double() as double:
        yield double


async def test_a_failing_host_shrinks_to_a_quarter_and_no_other_does(telex: TelexDouble) -> None:
    """Each failure halves the host's places; another host keeps all of its own."""
    async with raw_server() as dead, open_telex(FixedClock(), concurrency=8, allow_private=True) as channel:
        for _ in range(3):
            with channel.lane(dead.url), pytest.raises(ChannelUnavailable):
                await channel.post(dead.url, GOOD)
        with channel.lane(dead.url), channel.lane(dead.url), ExitStack() as held:
            with pytest.raises(ChannelBusy), channel.lane(dead.url):
                pass
            for _ in range(8):
                held.enter_context(channel.lane(telex.url))


async def test_a_host_that_hangs_holds_up_no_other(telex: TelexDouble) -> None:
    """While every place of a silent host is taken, another host's messages go through."""
    silence, all_taken = asyncio.Event(), asyncio.Event()

    async def silent(_: asyncio.StreamReader, __: asyncio.StreamWriter) -> None:
        if dead.requests == 32:
            all_taken.set()
        await silence.wait()

    async with raw_server(then=silent) as dead, open_telex(FixedClock(), allow_private=True) as channel:

        async def tell(url: str) -> None:
            with channel.lane(url):
                await channel.post(url, GOOD)

        waiting = [asyncio.create_task(tell(dead.url)) for _ in range(40)]
        async with asyncio.timeout(5):
            await all_taken.wait()
            for _ in range(40):
                await tell(telex.url)
        silence.set()
        ends = await asyncio.gather(*waiting, return_exceptions=True)
    assert [type(end) for end in ends] == [ChannelUnavailable] * 32 + [ChannelBusy] * 8


async def test_a_host_earns_places_by_answering(telex: TelexDouble) -> None:
    """Each message taken at once gives the host one place more, up to the concurrency."""
    async with open_telex(FixedClock(), concurrency=34, allow_private=True) as channel:
        for _ in range(3):
            with channel.lane(telex.url):
                await channel.post(telex.url, GOOD)
        with ExitStack() as held:
            for _ in range(34):
                held.enter_context(channel.lane(telex.url))
            with pytest.raises(ChannelBusy), channel.lane(telex.url):
                pass


async def test_a_slow_host_earns_no_place(telex: TelexDouble, monkeypatch: pytest.MonkeyPatch) -> None:
    """A host that takes its time holds each place for long, so it gets no more of them."""
    monkeypatch.setattr("adapters.telex.channel.PROMPT_SECONDS", 0.0)
    async with open_telex(FixedClock(), concurrency=34, allow_private=True) as channel:
        with channel.lane(telex.url):
            await channel.post(telex.url, GOOD)
        with ExitStack() as held:
            for _ in range(32):
                held.enter_context(channel.lane(telex.url))
            with pytest.raises(ChannelBusy), channel.lane(telex.url):
                pass


async def test_a_refusal_costs_the_host_no_place(telex: TelexDouble) -> None:
    """One channel that Telex no longer knows does not slow down the others on that host."""
    async with open_telex(FixedClock(), concurrency=2, allow_private=True) as channel:
        telex.answer(404)
        with channel.lane(telex.url), pytest.raises(ChannelRefused):
            await channel.post(telex.url, GOOD)
        with channel.lane(telex.url), channel.lane(telex.url):
            pass


async def test_a_stalling_answer_costs_the_host_places() -> None:
    """A host that drips its answers is no host to hold many workers, though it took the message."""
    async with (
        raw_server(b"HTTP/1.1 202 Accepted\r\nContent-Length: 9\r\n\r\n{") as slow,
        open_telex(FixedClock(), concurrency=2, allow_private=True) as channel,
    ):
        with channel.lane(slow.url):
            await channel.post(slow.url, GOOD)
        with channel.lane(slow.url), pytest.raises(ChannelBusy), channel.lane(slow.url):
            pass
