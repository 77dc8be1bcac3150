"""No host's trouble is another's."""

from __future__ import annotations

import asyncio
import threading
from collections import Counter
from contextlib import AbstractAsyncContextManager, AsyncExitStack, ExitStack
from typing import Any

import pytest

from adapters.chats.channel import Chats
from adapters.chats.channel import open_chats as open_any
from adapters.chats.lookups import Infos, SystemResolver
from application.errors import ChannelBusy, ChannelRefused, ChannelUnavailable
from tests.doubles.fakes.clock import FixedClock
from tests.doubles.fakes.notices import EXCEEDED, WITHIN
from tests.doubles.webhooks import (
    TelexDouble,
    raw_server,
)

GOOD, BAD = WITHIN, EXCEEDED


def open_telex(concurrency: int = 256) -> AbstractAsyncContextManager[Chats]:
    """The adapter; the hosts of this machine are ones that the operator lists."""
    return open_any(
        FixedClock(), concurrency=concurrency, allow_private=True, allowed_hosts=["127.0.0.1", "localhost"]
    )


async def test_a_failing_host_shrinks_to_a_quarter_and_no_other_does(telex: TelexDouble) -> None:
    """Each failure halves the host's places; another host keeps all of its own."""
    async with raw_server() as dead, open_telex(8) as channel:
        for _ in range(3):
            with pytest.raises(ChannelUnavailable):
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

    async with raw_server(then=silent) as dead, open_telex() as channel:

        async def tell(url: str) -> None:
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
    async with open_telex(34) as channel:
        for _ in range(3):
            await channel.post(telex.url, GOOD)
        with ExitStack() as held:
            for _ in range(34):
                held.enter_context(channel.lane(telex.url))
            with pytest.raises(ChannelBusy), channel.lane(telex.url):
                pass


async def test_a_slow_host_earns_no_place(telex: TelexDouble, monkeypatch: pytest.MonkeyPatch) -> None:
    """A host that takes its time holds each place for long, so it gets no more of them."""
    monkeypatch.setattr("adapters.chats.channel.PROMPT_SECONDS", 0.0)
    async with open_telex(34) as channel:
        await channel.post(telex.url, GOOD)
        with ExitStack() as held:
            for _ in range(32):
                held.enter_context(channel.lane(telex.url))
            with pytest.raises(ChannelBusy), channel.lane(telex.url):
                pass


async def test_a_refusal_costs_the_host_no_place(telex: TelexDouble) -> None:
    """One channel that Telex no longer knows does not slow down the others on that host."""
    async with open_telex(2) as channel:
        telex.answer(404)
        with pytest.raises(ChannelRefused):
            await channel.post(telex.url, GOOD)
        with channel.lane(telex.url), channel.lane(telex.url):
            pass


async def test_a_stalling_answer_costs_the_host_places() -> None:
    """A host that drips its answers is no host to hold many workers, though it took the message."""
    async with (
        raw_server(b"HTTP/1.1 202 Accepted\r\nContent-Length: 9\r\n\r\n{") as slow,
        open_telex(2) as channel,
    ):
        await channel.post(slow.url, GOOD)
        with channel.lane(slow.url), pytest.raises(ChannelBusy), channel.lane(slow.url):
            pass


async def test_strangers_that_hang_hold_up_nobody(telex: TelexDouble) -> None:
    """Hosts that never answer, however many, hold few places; who delivers goes on."""
    silence = asyncio.Event()

    async def silent(_: asyncio.StreamReader, __: asyncio.StreamWriter) -> None:
        await silence.wait()

    async with AsyncExitStack() as stack:
        channel = await stack.enter_async_context(
            open_any(
                FixedClock(), concurrency=256, allow_private=True, allowed_hosts=["*.0.0.1", "localhost"]
            )
        )
        hosts = [await stack.enter_async_context(raw_server(then=silent)) for _ in range(8)]

        async def tell(url: str) -> None:
            await channel.post(url, GOOD)

        waiting = [asyncio.create_task(tell(host.url)) for host in hosts for _ in range(8)]
        async with asyncio.timeout(5):
            for _ in range(40):
                await tell(telex.url.replace("127.0.0.1", "localhost"))
            while sum(host.requests for host in hosts) < 4:  # noqa: ASYNC110  # nobody tells of another's requests
                await asyncio.sleep(0.001)
        silence.set()
        ends = await asyncio.gather(*waiting, return_exceptions=True)
    # All of them are one owner's: a quarter of the sixteenth.
    assert Counter(type(end) for end in ends) == {ChannelUnavailable: 4, ChannelBusy: 60}


async def test_a_name_that_cannot_be_looked_up_now_waits_for_its_turn() -> None:
    """While others' look-ups hang the channel is busy, which is no failure of its host."""
    mended = threading.Event()

    def hang(*_: Any, **__: Any) -> Infos:
        mended.wait()
        return []

    resolver = SystemResolver(hang, longest=0.05)
    async with open_any(FixedClock(), resolver=resolver) as channel:
        posts = [channel.post(f"https://a{n}.evil.com/", GOOD) for n in range(4)]
        ends = await asyncio.gather(*posts, return_exceptions=True)
        with pytest.raises(ChannelBusy, match="looked up") as caught:
            await channel.post("https://a5.evil.com/", GOOD)
    mended.set()
    assert caught.value.retry_after
    assert [str(end) for end in ends] == ["The channel's host name could not be looked up."] * 4


async def test_what_the_operator_names_waits_for_no_stranger(telex: TelexDouble) -> None:
    """A host that a watch reports to has its own places from the first message on."""
    async with open_any(FixedClock(), allow_private=True) as channel:
        with ExitStack() as held:
            for _ in range(4):
                held.enter_context(channel.lane(telex.url))
            with pytest.raises(ChannelBusy), channel.lane(telex.url):
                pass
            channel.check(telex.url, own=True)
            for _ in range(28):
                held.enter_context(channel.lane(telex.url))
