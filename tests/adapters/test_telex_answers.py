"""What Telex sees of a message, and what each of its answers means."""

from __future__ import annotations

import json

import pytest

from adapters.chats.channel import Chats
from adapters.chats.telex import message_of
from application.errors import ChannelRefused, ChannelUnavailable
from tests.doubles.fakes.notices import EXCEEDED, WITHIN
from tests.doubles.webhooks import (
    TelexDouble,
)

GOOD, BAD = WITHIN, EXCEEDED

OK = '{"status":"success","status_code":202,"message":"request received","task_id":"1"}'


async def test_the_wire(telex: TelexDouble, channel: Chats) -> None:
    """Telex gets exactly its four keys as UTF-8 JSON, no cookie, and no invitation to compress."""
    await channel.post(telex.url, BAD)
    post = telex.received[0]
    assert json.loads(post.body) == {
        "message": message_of(BAD).text,
        "username": "AWS Spend Monitor",
        "event_name": "Cost Alert",
        "status": "error",
    }
    host = telex.base.removeprefix("http://")
    assert post.path == "/v1/return/01950000-0000-7000-8000-000000000000"
    assert post.headers == {
        "host": host,
        "content-type": "application/json",
        "accept": "application/json",
        "accept-encoding": "identity",
        "user-agent": "aws-spend-monitor",
        "content-length": str(len(post.body)),
    }


@pytest.mark.parametrize(
    ("path", "on_the_wire"),
    [
        ("/v1/return/<telex-channel-id>", "/v1/return/%3Ctelex-channel-id%3E"),
        ("/v1/return/${process.env.CHANNEL_ID}", "/v1/return/$%7Bprocess.env.CHANNEL_ID%7D"),
        ("/v1/webhooks/9e58?username=APM", "/v1/webhooks/9e58?username=APM"),
        ("", "/"),
    ],
)
async def test_odd_paths_are_called_quoted(
    telex: TelexDouble, channel: Chats, path: str, on_the_wire: str
) -> None:
    """Ids that integrations made of placeholders are quoted; a query stays."""
    await channel.post(telex.base + path, GOOD)
    assert telex.received[0].path == on_the_wire


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (202, OK),
        (200, OK),
        (202, ""),
        (204, ""),
        (200, "<html>ok</html>"),
        (202, '{"message":"request received"}'),
        (202, '{"status":null}'),
        (202, '["error"]'),
        (202, '"error"'),
        (202, '{"status":"error"'),
        (202, '{"status":"success","more":' + "[" * 5000),
        (202, '{"status":{"status":"error"}}'),
    ],
)
async def test_what_says_nothing_of_an_error_is_delivered(
    telex: TelexDouble, channel: Chats, status: int, body: str
) -> None:
    """A 2xx without JSON, or without a status, counts as delivered."""
    telex.answer(status, body)
    await channel.post(telex.url, GOOD)
    assert len(telex.received) == 1


@pytest.mark.parametrize(
    ("status", "body", "text"),
    [
        (
            202,
            '{"status":"error","status_code":400,"message":"username is missing"}',
            "The channel refused the message: username is missing.",
        ),
        (200, '{"status":"error"}', "The channel refused the message."),
        (202, '{"status":"error","message":7}', "The channel refused the message."),
        (
            202,
            '{"status":"error","message":"<b>@all</b>\\n\\u001b[31m`now`"}',
            "The channel refused the message: <b>@all</b> [31m`now`.",
        ),
        (404, '{"message":"no such channel."}', "The channel answered HTTP 404: no such channel."),
        (410, "", "The channel answered HTTP 410."),
        (400, "nonsense", "The channel answered HTTP 400."),
        (401, "", "The channel answered HTTP 401."),
        (403, "", "The channel answered HTTP 403."),
        (304, "", "The channel answered HTTP 304: redirects are not followed."),
    ],
)
async def test_refusals(telex: TelexDouble, channel: Chats, status: int, body: str, text: str) -> None:
    """Telex's error in a 2xx, a redirect and a 4xx are final; the reason stays on one line."""
    telex.answer(status, body)
    with pytest.raises(ChannelRefused) as caught:
        await channel.post(telex.url, GOOD)
    assert str(caught.value) == text


@pytest.mark.parametrize(
    ("status", "retry_after", "seconds"),
    [
        (429, "30", 30.0),
        (429, "Mon, 23 Nov 2026 12:02:00 GMT", 120.0),
        (503, "Mon, 23 Nov 2026 11:00:00 GMT", 0.0),
        (503, "soon", None),
        (503, "-5", None),
        (503, "nan", None),
        (503, "9" * 5000, None),
        (500, None, None),
        (502, None, None),
        (504, None, None),
        (408, None, None),
        (599, None, None),
    ],
)
async def test_absences(
    telex: TelexDouble,
    channel: Chats,
    status: int,
    retry_after: str | None,
    seconds: float | None,
) -> None:
    """408, 429 and 5xx are worth a retry, after the pause that Telex asks for, if it can be read."""
    telex.answer(status, OK, {"Retry-After": retry_after} if retry_after else {})
    with pytest.raises(ChannelUnavailable, match=f"HTTP {status}") as caught:
        await channel.post(telex.url, GOOD)
    assert caught.value.retry_after == seconds


async def test_a_refusal_repeats_no_part_of_the_url(telex: TelexDouble, channel: Chats) -> None:
    """A server that echoes what it was called with does not get it into our logs."""
    telex.answer(
        202, json.dumps({"status": "error", "message": f"{telex.url}?token=canary-1 is gone: canary-1"})
    )
    with pytest.raises(ChannelRefused) as caught:
        await channel.post(telex.url + "?token=canary-1-of-many", GOOD)
    telex.answer(404, json.dumps({"message": "no 01950000-0000-7000-8000-000000000000 here"}))
    with pytest.raises(ChannelRefused, match="no … here"):
        await channel.post(telex.url, GOOD)
    assert "01950000" not in str(caught.value)
