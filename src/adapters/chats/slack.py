"""Slack's incoming webhooks, and those of Mattermost and Rocket.Chat, which took over their older form.

Limits and answers: https://api.slack.com/reference/block-kit/blocks,
https://api.slack.com/messaging/webhooks#handling_errors
"""

from __future__ import annotations

from typing import Any

import msgspec
from yarl import URL

from adapters.chats.destination import ChatAnswer, Destination, Request, at, judge
from adapters.chats.fitting import cut
from adapters.chats.wording import words_of
from adapters.chats.words import TITLE, Detail, Words
from application.errors import ChannelRefused
from application.notice import Notice, Tone

LONGEST_HEADER = 150
LONGEST_SECTION = 3000
LONGEST_FIELD = 2000
MOST_FIELDS = 10
LONGEST_ADDRESS = 3000
"""Of a button. Source: the reference above."""

LONGEST_ALL = 12_000
"""Characters of all blocks; at about 13,200 Slack answers msg_blocks_too_long."""

COLORS = {Tone.GOOD: "#2eb67d", Tone.CARE: "#ecb22e", Tone.BAD: "#e01e5a"}

OWN_HOSTS = at("hooks.slack.com", "hooks.slack-gov.com")
GONE = frozenset({404, 410})


def write(notice: Notice, url: URL) -> Request:
    """Blocks in an attachment, which alone has a colour; the text is for notifications.

    Other chats of that form show the text, and know nothing of blocks: for them it says it all.
    """
    words = words_of(notice)
    headline = escaped(f"{words.symbol} {words.headline}")
    attachment = {"color": COLORS[words.tone], "fallback": headline, "blocks": _blocks(words)}
    text = headline if OWN_HOSTS(url) else escaped("\n".join(_plain(words)))
    return Request(msgspec.json.encode({"text": cut(text, LONGEST_SECTION), "attachments": [attachment]}))


def escaped(text: str) -> str:
    """Without Slack's control characters, and with nobody called upon, in Mattermost neither.

    Source: https://api.slack.com/reference/surfaces/formatting#escaping
    """
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return text.replace("@", "@\u200b")


def _blocks(words: Words) -> list[dict[str, Any]]:
    """The facts first: when there is too much, the last details are left out."""
    blocks: list[dict[str, Any]] = [
        {"type": "header", "text": _text(f"{words.symbol} {TITLE}", LONGEST_HEADER)},
    ]
    if words.happened:
        blocks.append({"type": "section", "text": _text(words.happened, LONGEST_SECTION)})
    fields = [_text(f"{fact.label}\n{fact.symbol} {fact.value}", LONGEST_FIELD) for fact in words.facts]
    blocks.append({"type": "section", "fields": fields[:MOST_FIELDS]})
    room = LONGEST_ALL - len(msgspec.json.encode(blocks).decode())
    for detail in words.details:
        block = {"type": "section", "text": _text("\n".join(_detail(detail)), LONGEST_SECTION)}
        room -= len(msgspec.json.encode(block).decode())
        if room > LONGEST_ADDRESS:
            blocks.append(block)
    if words.picture:
        blocks.append({"type": "image", "image_url": words.picture, "alt_text": words.picture_shows})
    if link := words.link(LONGEST_ADDRESS):
        button = {"type": "button", "text": _text(f"Open {link[0]}", 75), "url": link[1]}
        blocks.append({"type": "actions", "elements": [button]})
    return blocks


def _text(text: str, limit: int) -> dict[str, Any]:
    """Plain text: what is in it is neither markup nor a mention."""
    return {"type": "plain_text", "text": cut(text, limit), "emoji": False}


def _plain(words: Words) -> list[str]:
    lines = [f"{words.symbol} {TITLE}", *([words.happened] if words.happened else []), *map(str, words.facts)]
    return [*lines, *(line for detail in words.details for line in _detail(detail))]


def _detail(detail: Detail) -> list[str]:
    label = f"{detail.label}: " if detail.label else ""
    return [f"{detail.symbol} {label}{detail.text}".rstrip(), *detail.listed]


def read(answer: ChatAnswer) -> None:
    """Slack's own hosts answer exactly ``ok``; others say so in other words, or in none."""
    if OWN_HOSTS(answer.url) and answer.is_good and answer.text != "ok":
        raise ChannelRefused("The channel answered something that is not Slack's ok.")
    judge(answer, reason=answer.text, gone=GONE)


SLACK = Destination("slack", recognises=OWN_HOSTS, write=write, judge=read, gone=GONE)
