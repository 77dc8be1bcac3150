"""What each kind of chat answers, as it is documented, and what it shows of a post."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class ChatDouble:
    """One kind of chat.

    Args:
        prefix: What names it in a return_url.
        delivered: Status and body of a post that was taken.
        refused: Of one that was not, and never will be.
        again: Of one that is worth trying later, with the pause asked for: 7 seconds.
        gone: The statuses by which it says that the URL is dead; the last of them is answered.
        shown: Every text of a post that a reader may see, from its JSON.
        colour: Of a post.
        most_bytes: A post is never longer.
    """

    prefix: str
    delivered: tuple[int, str]
    refused: tuple[int, str]
    again: tuple[int, str, Mapping[str, str]]
    gone: tuple[int, ...]
    shown: Callable[[Any], list[str]]
    colour: Callable[[Any], Any]
    most_bytes: int


def texts(value: Any) -> list[str]:
    """Every string in some JSON."""
    match value:
        case str():
            return [value]
        case dict():
            return [text for each in value.values() for text in texts(each)]
        case list():
            return [text for each in value for text in texts(each)]
        case _:
            return []


def _card(said: Any) -> Any:
    return said["attachments"][0]["content"]


WAIT = {"Retry-After": "7"}

CHATS = {
    double.prefix: double
    for double in (
        ChatDouble(
            "telex",
            (202, '{"status":"success"}'),
            (202, '{"status":"error","message":"username is missing"}'),
            (503, "", WAIT),
            (),
            lambda said: [said["message"]],
            lambda said: said["status"],
            10_000,
        ),
        ChatDouble(
            "slack",
            (200, "ok"),
            (400, "invalid_payload"),
            (429, "rate_limited", WAIT),
            (404, 410),
            texts,
            lambda said: said["attachments"][0]["color"],
            40_000,
        ),
        ChatDouble(
            "teams",
            (202, ""),
            (401, '{"error":{"code":"DirectApiAuthorizationRequired"}}'),
            (429, "", WAIT),
            (404, 410),
            texts,
            lambda said: _card(said)["body"][0]["color"],
            20_000,
        ),
        ChatDouble(
            "discord",
            (200, '{"id":"1"}'),
            (400, '{"message":"Cannot send an empty message","code":50006}'),
            (429, '{"message":"You are being rate limited.","retry_after":7,"global":false}', {}),
            (404,),
            texts,
            lambda said: said["embeds"][0]["color"],
            40_000,
        ),
        ChatDouble(
            "googlechat",
            (200, '{"name":"spaces/1/messages/2"}'),
            (400, '{"error":{"message":"Invalid JSON payload received."}}'),
            (429, "", WAIT),
            (404, 410),
            texts,
            lambda said: json.dumps(said).partition("font color=")[2][:12],
            32_000,
        ),
        ChatDouble(
            "webhook",
            (204, ""),
            (404, "not here"),
            (503, "", WAIT),
            (410,),
            texts,
            lambda said: said["type"],
            20_000,
        ),
    )
}
