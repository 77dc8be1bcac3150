"""Google Chat's webhooks.

Limits: https://developers.google.com/workspace/chat/api/reference/rest/v1/cards,
https://developers.google.com/workspace/chat/limits
"""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from typing import Any

from yarl import URL

from adapters.chats.destination import ChatAnswer, Destination, Request, at, judge
from adapters.chats.fitting import cut, fitted
from adapters.chats.wording import words_of
from adapters.chats.words import TITLE, Detail, Words
from application.notice import Notice, Tone

LONGEST_BODY = 30_000
"""Bytes of a message; 32,000 are taken."""

MOST_WIDGETS = 100
LONGEST_TEXT = 4000
LONGEST_ADDRESS = 2048

COLORS = {Tone.GOOD: "#188038", Tone.CARE: "#b06000", Tone.BAD: "#c5221f"}

GONE = frozenset({404, 410})


def write(notice: Notice, _url: URL) -> Request:
    """One card."""
    return Request(fitted(words_of(notice), _message, LONGEST_BODY))


def _message(words: Words, details: list[Detail]) -> dict[str, Any]:
    widgets = [*_head(words), *map(_detail, details)]
    if words.picture:
        widgets.append({"image": {"imageUrl": words.picture, "altText": words.picture_shows}})
    if link := words.link(LONGEST_ADDRESS):
        button = {"text": f"Open {link[0]}", "onClick": {"openLink": {"url": link[1]}}}
        widgets.append({"buttonList": {"buttons": [button]}})
    card = {
        "header": {"title": f"{words.symbol} {TITLE}"},
        "sections": [{"widgets": widgets[:MOST_WIDGETS]}],
    }
    fallback = cut(words.headline, LONGEST_TEXT).replace("<", "‹")  # <users/all> would call upon all
    return {"fallbackText": fallback, "cardsV2": [{"cardId": "spend", "card": card}]}


def _head(words: Words) -> Iterator[dict[str, Any]]:
    if words.happened:
        yield {"textParagraph": {"text": f"<b>{_escaped(words.happened)}</b>"}}
    for fact in words.facts:
        text = f"{fact.symbol} {_escaped(fact.value)}"
        if fact.label == "Status":
            text = f'<font color="{COLORS[words.tone]}"><b>{text}</b></font>'
        yield {"decoratedText": {"topLabel": fact.label, "text": text, "wrapText": True}}


def _detail(detail: Detail) -> dict[str, Any]:
    label = f"<b>{detail.label}</b>: " if detail.label else ""
    lines = [f"{detail.symbol} {label}{_escaped(detail.text)}", *map(_escaped, detail.listed)]
    return {"textParagraph": {"text": "<br>".join(lines)}}


def _escaped(text: str) -> str:
    """A card's text is HTML of a few tags; nobody can be called upon in one."""
    return escape(cut(text, LONGEST_TEXT))


def read(answer: ChatAnswer) -> None:
    """200 with the message."""
    error = answer.said.get("error")
    judge(answer, reason=error.get("message") if isinstance(error, dict) else answer.text, gone=GONE)


GOOGLE_CHAT = Destination(
    "googlechat", recognises=at("chat.googleapis.com"), write=write, judge=read, gone=GONE
)
