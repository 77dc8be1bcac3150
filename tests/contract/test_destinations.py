"""What every destination must do, over real sockets: deliver, refuse, come back, stay within its limits."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace

import pytest
from yarl import URL

from adapters.aws.console import console_link
from adapters.chats.channel import Chats, open_chats
from adapters.chats.registry import Destinations
from adapters.chats.return_urls import ReturnUrlRules
from application.errors import ChannelGone, ChannelRefused, ChannelUnavailable, SettingsRejected
from application.let_in import WayIn
from application.notice import SpendNotice
from tests.doubles.chats import CHATS, ChatDouble
from tests.doubles.fakes.clock import FixedClock
from tests.doubles.fakes.histories import daily
from tests.doubles.fakes.notices import (
    EVERY_KIND,
    EXCEEDED,
    FAILED,
    UNPUBLISHED,
    WITHIN,
    failure_notice,
    spend_notice,
)
from tests.doubles.fakes.overfull import HOSTILE, overfull
from tests.doubles.webhooks import TelexDouble, telex_double

SECRET_PATH = "/hooks/canary-secret-path"


@dataclass
class Rig:
    """A destination, and the server behind it."""

    double: ChatDouble
    channel: Chats
    server: TelexDouble

    @property
    def url(self) -> str:
        """Written out with its prefix."""
        return f"{self.double.prefix}+{self.server.base}{SECRET_PATH}"

    async def post(self, notice: SpendNotice | object) -> object:
        """Deliver, and return the JSON that came."""
        self.server.answer(*self.double.delivered)
        await self.channel.post(self.url, notice)  # type: ignore[arg-type]  # any notice
        return json.loads(self.server.received[-1].body)


@pytest.fixture(params=sorted(CHATS))
async def rig(request: pytest.FixtureRequest) -> AsyncIterator[Rig]:
    """Each destination that is called by HTTP."""
    async with (
        telex_double() as server,
        open_chats(FixedClock(), allow_private=True, concurrency=2) as channel,
    ):
        yield Rig(CHATS[request.param], channel, server)


def written(prefix: str, notice: SpendNotice | object) -> bytes:
    """What a destination is sent, without a network."""
    rules = ReturnUrlRules(allow_private=True)
    destination, url = Destinations(rules, (), FixedClock()).find(
        f"{prefix}+https://chat.example{SECRET_PATH}"
    )
    return destination.write(notice, url).body  # type: ignore[arg-type]  # any notice


@pytest.mark.parametrize("notice", EVERY_KIND)
async def test_a_notice_is_delivered_once(rig: Rig, notice: SpendNotice) -> None:
    """As one JSON post, to the URL as it is written, and nothing is asked of anybody else."""
    await rig.post(notice)
    [post] = rig.server.received
    assert post.path.partition("?")[0] == SECRET_PATH
    assert post.headers["content-type"] == "application/json"


async def test_what_decides_is_there(rig: Rig) -> None:
    """Account, spend, threshold and verdict, in every chat."""
    said = await rig.post(EXCEEDED)
    shown = " ".join(rig.double.shown(said))
    assert all(fact in shown for fact in ("123456789012", "142.02", "100")), shown
    assert "xceeded" in shown


async def test_good_bad_and_neither_look_different(rig: Rig) -> None:
    """Red, amber and green, where there is amber."""
    colours = [rig.double.colour(await rig.post(notice)) for notice in (WITHIN, UNPUBLISHED, EXCEEDED)]
    assert colours[0] != colours[2]
    assert colours[1] != colours[2]
    assert (colours[0] == colours[1]) is (rig.double.prefix == "telex")


async def test_a_refusal_is_for_ever_and_says_why(rig: Rig) -> None:
    """Without a part of the URL."""
    status, body = rig.double.refused
    rig.server.answer(status, body.replace("missing", f"missing at {rig.server.base}{SECRET_PATH}"))
    with pytest.raises(ChannelRefused) as caught:
        await rig.channel.post(rig.url, WITHIN)
    assert not isinstance(caught.value, ChannelGone)
    assert "canary" not in str(caught.value)


async def test_a_url_that_is_gone_is_known_as_gone(rig: Rig) -> None:
    """So that it is never called again."""
    for status in rig.double.gone:
        rig.server.answer(status, f"no_service {SECRET_PATH}")
        with pytest.raises(ChannelGone) as caught:
            await rig.channel.post(rig.url, WITHIN)
        assert f"HTTP {status}" in str(caught.value)
        assert "canary" not in str(caught.value)


async def test_only_those_that_may_say_so_are_asked_whether_they_are_gone(rig: Rig) -> None:
    """The others save a look at the ledger."""
    assert rig.channel.may_be_gone(rig.url) is bool(rig.double.gone)


async def test_an_absence_carries_the_pause(rig: Rig) -> None:
    """In the header, or in the body."""
    rig.server.answer(*rig.double.again)
    with pytest.raises(ChannelUnavailable) as caught:
        await rig.channel.post(rig.url, WITHIN)
    assert caught.value.retry_after == 7.0


@pytest.mark.parametrize("status", [500, 502, 504, 408])
async def test_trouble_of_the_server_is_tried_again(rig: Rig, status: int) -> None:
    """Everywhere the same."""
    rig.server.answer(status, "rollup_error")
    with pytest.raises(ChannelUnavailable, match=f"HTTP {status}"):
        await rig.channel.post(rig.url, WITHIN)


async def test_a_redirect_is_not_followed(rig: Rig) -> None:
    """To wherever: the address that was checked is the only one."""
    rig.server.answer(307, "", {"Location": f"{rig.server.base}/elsewhere"})
    with pytest.raises(ChannelRefused, match="redirects are not followed"):
        await rig.channel.post(rig.url, WITHIN)
    assert len(rig.server.received) == 1


@pytest.mark.parametrize("name", ["S" * 300, HOSTILE * 3, "成本🔥" * 80, "&\\*_" * 70])
def test_a_post_is_never_too_long(name: str) -> None:
    """Whatever AWS names there are; and the facts and the verdict are all there."""
    for prefix, double in CHATS.items():
        body = written(prefix, overfull(name))
        assert len(body) <= double.most_bytes, prefix
        shown = " ".join(double.shown(json.loads(body)))
        assert "123456789012" in shown
        assert "xceeded" in shown


@pytest.mark.parametrize("prefix", sorted(set(CHATS) - {"webhook"}))
def test_nobody_is_mentioned_and_nothing_is_linked_by_a_name(prefix: str) -> None:
    """Neither by a service's name nor by what was typed into a setting."""
    services = {HOSTILE: "142"}
    for notice in (spend_notice(daily("2026-11-23", services)), failure_notice(SettingsRejected(HOSTILE))):
        for text in CHATS[prefix].shown(json.loads(written(prefix, notice))):
            for bad in BAD[prefix]:
                assert bad not in text or text.startswith("https://"), (prefix, bad, text)


BAD = {
    "telex": ["<", "@", "[", "`"],
    "slack": [],  # in plain_text objects nothing is read; the others are looked at below
    "teams": [],  # text runs are not read as markdown
    "discord": [" @everyone", "[click](", " *b*", " `c`"],
    "googlechat": ["<users/all>", "<script>"],
}


def test_a_failure_says_what_to_do_everywhere() -> None:
    """The cause and the remedy."""
    for prefix, double in CHATS.items():
        shown = " ".join(double.shown(json.loads(written(prefix, FAILED)))).replace("\\", "")
        assert "ce:GetCostAndUsage" in shown, prefix
        assert "attach a policy" in shown, prefix


def test_the_console_is_one_click_away() -> None:
    """Whole or not at all."""
    link = console_link(EXCEEDED.question, EXCEEDED.report.period)
    for prefix, double in CHATS.items():
        assert link in " ".join(double.shown(json.loads(written(prefix, EXCEEDED)))), prefix


@pytest.mark.parametrize(
    ("url", "prefix"),
    [
        ("https://hooks.slack.com/services/T0/B0/abc", "slack"),
        ("https://hooks.slack-gov.com/services/T0/B0/abc", "slack"),
        ("https://prod-01.westeurope.logic.azure.com:443/workflows/1/triggers/manual/paths/invoke", "teams"),
        ("https://1a.2b.environment.api.powerplatform.com/powerautomate/automations/direct", "teams"),
        ("https://x.api.powerautomate.com/y", "teams"),
        ("https://emea.flow.microsoft.com/y", "teams"),
        ("https://discord.com/api/webhooks/1/abc", "discord"),
        ("https://discordapp.com/api/webhooks/1/abc", "discord"),
        ("https://discord.com/elsewhere", "telex"),
        ("https://chat.googleapis.com/v1/spaces/A/messages?key=k&token=t", "googlechat"),
        ("https://ping.telex.im/v1/return/1", "telex"),
        ("https://logic.azure.com.evil.example/x", "telex"),
        ("https://nothooks.slack.com/x", "telex"),
        ("telex+https://hooks.slack.com/services/T0/B0/abc", "telex"),
        ("Slack+https://mattermost.example.com/hooks/1", "slack"),
        ("webhook+https://example.com/in", "webhook"),
    ],
)
def test_a_url_says_where_it_leads(url: str, prefix: str) -> None:
    """By its host, or by what is written before it."""
    destination, called = Destinations(ReturnUrlRules(), (), FixedClock()).find(url)
    assert destination.prefix == prefix
    assert called.path == URL(url.rpartition("+")[2]).path


@pytest.mark.parametrize(
    "query",
    ["sp=%2Ftriggers%2Fmanual%2Frun&sv=1.0&sig=a-b_c%2Bd%3D", "key=AI%20za&token=x%3D", "a=b+c&d=%7E~"],
)
async def test_a_signature_in_a_query_arrives_as_it_was_written(query: str) -> None:
    """Character by character: Teams' and Google's count."""
    async with telex_double() as server, open_chats(FixedClock(), allow_private=True) as channel:
        server.answer(202)
        await channel.post(f"teams+{server.base}/workflows/1?{query}", WITHIN)
        server.answer(200)
        await channel.post(f"discord+{server.base}/api/webhooks/1?{query}", WITHIN)
    assert [post.path.partition("?")[2] for post in server.received] == [query, f"{query}&wait=true"]


def test_the_way_in_is_told_step_by_step_everywhere() -> None:
    """With the id that is this channel's, and the page."""
    way_in = WayIn(
        "arn:aws:iam::1:role/spend", "external ID", "asm-1234", "sts:ExternalId", "https://a.example/access/t"
    )
    for prefix, double in CHATS.items():
        if prefix != "webhook":
            shown = " ".join(double.shown(json.loads(written(prefix, replace(FAILED, way_in=way_in)))))
            assert "asm-1234" in shown, prefix
            assert way_in.link in shown, prefix
            assert "1. Open" in shown, prefix
