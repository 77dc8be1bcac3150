"""Discord's webhooks.

Limits: https://discord.com/developers/docs/resources/message#embed-object-embed-limits
"""

from __future__ import annotations

import re
from typing import Any

import msgspec
from yarl import URL

from adapters.chats.destination import ChatAnswer, Destination, Request, at, judge
from adapters.chats.fitting import cut
from adapters.chats.wording import words_of
from adapters.chats.words import TITLE, Detail
from application.notice import Notice, Tone

LONGEST_TITLE = 256
LONGEST_DESCRIPTION = 4096
LONGEST_NAME = 256
LONGEST_VALUE = 1024
LONGEST_ITEM = 400
MOST_FIELDS = 25
LONGEST_ALL = 6000
"""Characters of title, description, names and values together."""

LONGEST_ADDRESS = 2048

COLORS = {Tone.GOOD: 0x2EB67D, Tone.CARE: 0xECB22E, Tone.BAD: 0xE01E5A}

GONE = frozenset({404})
"""An answer of many such gets our address banned: the webhook was deleted, and never comes back.

Source: https://discord.com/developers/docs/topics/rate-limits#invalid-request-limit-aka-cloudflare-bans
"""

MARKUP = re.compile(r"([\\*_~`|>\[\]()#<@])")


def write(notice: Notice, _url: URL) -> Request:
    """An embed, its side in the notice's colour. Of too much the last details are left out."""
    words = words_of(notice)
    embed: dict[str, Any] = {
        "title": cut(f"{words.symbol} {TITLE}", LONGEST_TITLE),
        "description": escaped(words.happened, LONGEST_DESCRIPTION // 2),
        "color": COLORS[words.tone],
        "fields": [
            _field(fact.label, f"{fact.symbol} {escaped(fact.value, LONGEST_VALUE // 2 - 8)}", inline=True)
            for fact in words.facts
        ],
        "timestamp": notice.made_at.isoformat(),
    }
    for detail in words.details:
        field = _field(f"{detail.symbol} {detail.label}".strip(), _text(detail), inline=False)
        if len(embed["fields"]) < MOST_FIELDS and _size(embed) + _size({"fields": [field]}) <= LONGEST_ALL:
            embed["fields"].append(field)
    if words.picture:
        embed["image"] = {"url": words.picture}
    if link := words.link(LONGEST_ADDRESS):
        embed["url"] = link[1]
    message = {"content": "", "embeds": [embed], "allowed_mentions": {"parse": []}}
    return Request(msgspec.json.encode(message), query={"wait": "true"})


def escaped(text: str, limit: int) -> str:
    """Without markup; cut before, so that no escape is halved, and so at most twice as long."""
    return MARKUP.sub(r"\\\1", cut(text, limit))


def _field(name: str, value: str, *, inline: bool) -> dict[str, Any]:
    return {"name": cut(name, LONGEST_NAME), "value": cut(value, LONGEST_VALUE), "inline": inline}


def _text(detail: Detail) -> str:
    """The text and as many items as fit whole."""
    text = escaped(detail.text, LONGEST_VALUE // 2)
    for item in detail.listed:
        line = f"\n{escaped(item, LONGEST_ITEM)}"
        if len(text) + len(line) <= LONGEST_VALUE:
            text += line
    return text.strip() or "–"


def _size(embed: dict[str, Any]) -> int:
    fields = sum(len(field["name"]) + len(field["value"]) for field in embed["fields"])
    return len(embed.get("title", "")) + len(embed.get("description", "")) + fields


def read(answer: ChatAnswer) -> None:
    """200 with the message, since it was waited for; a 429's pause is in the body."""
    said = answer.said
    pause = said.get("retry_after")
    judge(
        answer,
        reason=said.get("message") or answer.text,
        gone=GONE,
        retry_after=float(pause) if isinstance(pause, int | float) else None,
    )


DISCORD = Destination(
    "discord",
    recognises=at("discord.com", "discordapp.com", path="/api/webhooks/"),
    write=write,
    judge=read,
    gone=GONE,
)
