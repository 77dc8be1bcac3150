from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from yarl import URL

from adapters.chats.destination import ChatAnswer
from adapters.chats.telex import TELEX
from application.errors import ChannelRefused, ChannelUnavailable
from tests.doubles.fakes.clock import NOON

RETURN_URL = URL("https://ping.telex.im/v1/webhooks/<my channel>?token=secret-token#")


def judge(url: URL, status: int, headers: Mapping[str, str], body: bytes, now: datetime) -> None:
    """Ask Telex's own judgement."""
    TELEX.judge(ChatAnswer(url, status, headers, body, now))


def refusal(message: object, status: int = 202) -> str:
    """The text of a refusal with this reason."""
    body = json.dumps({"status": "error", "message": message}).encode()
    with pytest.raises(ChannelRefused) as caught:
        judge(RETURN_URL, status, {}, body, NOON)
    return str(caught.value)


@given(st.integers(100, 999), st.binary())
def test_no_body_crashes(status: int, body: bytes) -> None:
    """Whatever a server answers, it is a delivery or one of the two errors."""
    with suppress(ChannelRefused, ChannelUnavailable):
        judge(RETURN_URL, status, {}, body, NOON)


@given(st.recursive(st.none() | st.booleans() | st.floats() | st.text(), st.lists))
def test_only_error_is_an_error(status: object) -> None:
    """Any other status, of any type, in a 2xx counts as delivered."""
    if status != "error":
        judge(RETURN_URL, 202, {}, json.dumps({"status": status}).encode(), NOON)


@given(
    st.text() | st.from_regex(r"[A-Z][a-z]{2}, \d+ [A-Z][a-z]{2} \d+ \d+:\d+:\d+ [+-]?\w+", fullmatch=True)
)
def test_no_retry_after_crashes(value: str) -> None:
    """What cannot be read is as good as absent; what can is never negative, nor NaN."""
    with pytest.raises(ChannelUnavailable) as caught:
        judge(RETURN_URL, 503, {"Retry-After": value}, b"", NOON)
    assert caught.value.retry_after is None or caught.value.retry_after >= 0


@given(st.timedeltas(timedelta(), timedelta(days=3650)))
def test_a_date_is_as_good_as_seconds(pause: timedelta) -> None:
    """``Retry-After`` as an HTTP date, to the second."""
    at = (NOON + pause).replace(microsecond=0)
    with pytest.raises(ChannelUnavailable) as caught:
        judge(RETURN_URL, 429, {"Retry-After": f"{at:%a, %d %b %Y %H:%M:%S} GMT"}, b"", NOON)
    assert caught.value.retry_after == (at - NOON).total_seconds()


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("webhooks are off for secret-token", "webhooks are off for …"),
        ("no <my channel> at ping.telex.im", "no … at …"),
        (str(RETURN_URL), "…"),
        ("v1 of this ended", "v1 of this ended"),
    ],
)
def test_a_reason_shows_no_telling_part_of_the_url(said: str, shown: str) -> None:
    """Ids, tokens and hosts are left out, common words are not."""
    assert refusal(said) == f"The channel refused the message: {shown}."


def test_a_long_reason_is_cut() -> None:
    """A log line stays a line."""
    assert len(refusal("x" * 60_000)) < 300
