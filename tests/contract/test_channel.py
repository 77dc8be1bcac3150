"""What every channel must do."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

import pytest

from adapters.chats.channel import Chats, open_chats
from adapters.chats.telex import message_of
from application.errors import ChannelRefused, ChannelUnavailable, ReturnUrlForbidden
from application.ports.channel import Channel
from tests.doubles.fakes.channel import FakeChannel
from tests.doubles.fakes.clock import FixedClock
from tests.doubles.fakes.notices import EXCEEDED, WITHIN
from tests.doubles.webhooks import (
    TelexDouble,
    telex_double,
)

GOOD, BAD = WITHIN, EXCEEDED


@dataclass
class Rig:
    """A channel, and ways to see and to steer what is behind it.

    Args:
        channel: Under test, with eight places per host.
        url: A return_url that it calls.
        forbidden: One that it does not.
        told: The texts delivered, and whether each was good news.
        refuse: Refuse the next message: "username is missing".
        be_away: Be unavailable for the next message, and ask for 7 seconds.
    """

    channel: Channel
    url: str
    forbidden: str
    told: Callable[[], list[tuple[str, bool]]]
    refuse: Callable[[], None]
    be_away: Callable[[], None]


def fake_rig() -> Rig:
    """The fake."""
    forbidden = "https://user@ping.telex.im/"
    channel = FakeChannel(forbidden=frozenset({forbidden}), places=8)
    refusal = ChannelRefused("The channel refused the message: username is missing.")
    absence = ChannelUnavailable("The channel answered HTTP 503.", 7.0)
    return Rig(
        channel,
        url="https://ping.telex.im/v1/return/1",
        forbidden=forbidden,
        told=lambda: [(message.text, message.good) for message in channel.messages],
        refuse=lambda: channel.failures.append(refusal),
        be_away=lambda: channel.failures.append(absence),
    )


def telex_rig(channel: Chats, telex: TelexDouble) -> Rig:
    """The real one."""
    refusal = '{"status":"error","status_code":400,"message":"username is missing"}'
    return Rig(
        channel,
        url=telex.url,
        forbidden="https://user@ping.telex.im/",
        told=lambda: [(said["message"], said["status"] == "success") for said in telex.messages],
        refuse=lambda: telex.answer(202, refusal),
        be_away=lambda: telex.answer(503, headers={"Retry-After": "7"}),
    )


@pytest.fixture(params=["fake", "telex"])
async def rig(request: pytest.FixtureRequest) -> AsyncIterator[Rig]:
    """Each adapter that can fail."""
    if request.param == "fake":
        yield fake_rig()
        return
    async with (
        telex_double() as telex,
        # Listed by the operator, the host has all eight places.
        open_chats(FixedClock(), concurrency=8, allow_private=True, allowed_hosts=("127.0.0.1",)) as opened,
    ):
        yield telex_rig(opened, telex)


async def test_a_message_is_delivered_once_and_whole(rig: Rig) -> None:
    """The channel has each message once, in order, as good or bad news."""
    await rig.channel.post(rig.url, GOOD)
    await rig.channel.post(rig.url, BAD)
    assert rig.told() == [(message_of(GOOD).text, True), (message_of(BAD).text, False)]


async def test_a_refusal_carries_the_reason(rig: Rig) -> None:
    """What a retry does not mend is ChannelRefused, with the channel's own words."""
    rig.refuse()
    with pytest.raises(ChannelRefused, match="username is missing"):
        await rig.channel.post(rig.url, GOOD)


async def test_an_absence_carries_the_pause_asked_for(rig: Rig) -> None:
    """What a retry may mend is ChannelUnavailable, with the seconds to wait; the next post gets through."""
    rig.be_away()
    with pytest.raises(ChannelUnavailable) as caught:
        await rig.channel.post(rig.url, BAD)
    assert caught.value.retry_after == 7.0
    await rig.channel.post(rig.url, GOOD)
    assert rig.told()[-1] == (message_of(GOOD).text, True)


async def test_a_forbidden_url_is_refused_everywhere(rig: Rig) -> None:
    """At the door and when posting, and its text shows no part of it."""
    with pytest.raises(ReturnUrlForbidden) as at_the_door:
        rig.channel.check(rig.forbidden)
    with pytest.raises(ReturnUrlForbidden):
        await rig.channel.post(rig.forbidden, GOOD)
    assert "user@" not in str(at_the_door.value)
    assert "ccepted" in str(at_the_door.value)
    assert rig.told() == []


async def test_an_acceptable_url_passes_the_door(rig: Rig) -> None:
    """Checking a URL that may be called changes nothing."""
    rig.channel.check(rig.url)
    assert rig.told() == []
