"""Microsoft Teams, by a workflow that waits for a webhook and posts an Adaptive Card.

The workflow runs after it has answered: accepted is all that is known.

Limits: https://learn.microsoft.com/microsoftteams/limits-specifications-teams (28 KB, counted in another way
than the body's bytes), https://adaptivecards.io/explorer
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from yarl import URL

from adapters.chats.destination import ChatAnswer, Destination, Request, at, judge
from adapters.chats.fitting import cut, fitted
from adapters.chats.wording import words_of
from adapters.chats.words import TITLE, Detail, Words
from application.notice import Notice, Tone

LONGEST_BODY = 20_000
"""Bytes. Teams takes 28,672 as it counts them."""

LONGEST_TEXT = 2000
LONGEST_ADDRESS = 4000

COLORS = {Tone.GOOD: "good", Tone.CARE: "warning", Tone.BAD: "attention"}

GONE = frozenset({404, 410})


def write(notice: Notice, _url: URL) -> Request:
    """One card."""
    return Request(fitted(words_of(notice), _message, LONGEST_BODY))


def _message(words: Words, details: list[Detail]) -> dict[str, Any]:
    card: dict[str, Any] = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "fallbackText": cut(words.headline, LONGEST_TEXT),
        "msteams": {"width": "full"},
        "body": [*_head(words), *(paragraph for detail in details for paragraph in _detail(detail))],
    }
    if words.picture:
        card["body"].append({"type": "Image", "url": words.picture, "altText": words.picture_shows})
    if link := words.link(LONGEST_ADDRESS):
        card["actions"] = [{"type": "Action.OpenUrl", "title": f"Open {link[0]}", "url": link[1]}]
    kind = "application/vnd.microsoft.card.adaptive"
    return {"type": "message", "attachments": [{"contentType": kind, "contentUrl": None, "content": card}]}


def _head(words: Words) -> Iterator[dict[str, Any]]:
    yield {
        "type": "TextBlock",
        "text": f"{words.symbol} {TITLE}",
        "size": "large",
        "weight": "bolder",
        "color": COLORS[words.tone],
        "wrap": True,
    }
    if words.happened:
        yield _paragraph(_run(words.happened, weight="bolder"))
    for fact in words.facts:
        color = COLORS[words.tone] if fact.label == "Status" else "default"
        value = _run(f"{fact.symbol} {fact.value}", color=color)
        yield _paragraph(_run(f"{fact.label}: ", weight="bolder"), value, spacing="small")


def _detail(detail: Detail) -> Iterator[dict[str, Any]]:
    label = [_run(f"{detail.symbol} {detail.label}: ", weight="bolder")] if detail.label else []
    text = [_run(detail.text if label else f"{detail.symbol} {detail.text}")] if detail.text else []
    yield _paragraph(*label, *text)
    for item in detail.listed:
        yield _paragraph(_run(item), spacing="small")


def _paragraph(*runs: dict[str, Any], spacing: str = "default") -> dict[str, Any]:
    """Runs of text, which unlike a TextBlock's are not read as markdown: no name becomes a link."""
    return {"type": "RichTextBlock", "inlines": list(runs), "spacing": spacing}


def _run(text: str, **style: str) -> dict[str, Any]:
    return {"type": "TextRun", "text": cut(text, LONGEST_TEXT), **style}


def read(answer: ChatAnswer) -> None:
    """202, or 200; 401 says that the address has lost its signature."""
    lost = "the address has lost its signature; copy it again" if answer.status == 401 else answer.text  # noqa: PLR2004
    judge(answer, reason=lost, gone=GONE)


TEAMS = Destination(
    "teams",
    recognises=at(
        ".logic.azure.com", ".api.powerplatform.com", ".api.powerautomate.com", ".flow.microsoft.com"
    ),
    write=write,
    judge=read,
    gone=GONE,
)
