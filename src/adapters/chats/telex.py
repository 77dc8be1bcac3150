"""Telex, which is Zedu now: whatever is none of the others.

A message is plain text in one view and markdown in the other, folded after about six lines: so it reads
well both ways, and says first what counts. There is green and red, and nothing between.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import msgspec
from yarl import URL

from adapters.chats.destination import ChatAnswer, Destination, Request, judge, shown
from adapters.chats.wording import words_of
from adapters.chats.words import TITLE, Detail, Words
from application.errors import ChannelRefused
from application.notice import Notice, SpendNotice, Tone
from domain.thresholds import Verdict

LONGEST = 2000
"""Characters in a message. No limit is known: what has always worked."""

LONGEST_LINK_OF_A_GOOD_DAY = 200
"""Characters: a page's, but not the console's, which is longer than all the rest."""

MARKUP = str.maketrans("", "", "<>[]*_\\`@#|")
"""What a channel would read as markup, a mention or a link."""

MARKUP_IN_SENTENCES = str.maketrans("", "", "<>[]\\`@#|")
"""Our own sentences name settings and quote what was typed: ``_`` and ``*`` are at worst italics."""


@dataclass(frozen=True, slots=True)
class Message:
    """What a channel reads.

    Args:
        text: Lines of plain text, at most 2,000 characters.
        good: Whether it is shown as good news (green) or as bad (red); there is no third.
    """

    text: str
    good: bool

    def __post_init__(self) -> None:
        if len(self.text) > LONGEST:
            object.__setattr__(self, "text", self.text[: LONGEST - 1] + "…")


class _Webhook(msgspec.Struct, frozen=True):
    """The JSON that Telex takes: exactly these four keys, none empty."""

    message: str
    status: Literal["success", "error"]
    username: str = "AWS Spend Monitor"
    event_name: str = "Cost Alert"


def message_of(notice: Notice) -> Message:
    """Put a notice into Telex's words."""
    words = words_of(notice)
    markup = MARKUP if isinstance(notice, SpendNotice) else MARKUP_IN_SENTENCES
    text = "\n".join(_lines(words)).translate(markup)
    text += _link(words, text, room=LONGEST - len(text))
    return Message(text, good=words.tone is Tone.GOOD or _is_unpublished(notice))


def _is_unpublished(notice: Notice) -> bool:
    return isinstance(notice, SpendNotice) and notice.report.verdict is Verdict.NOT_PUBLISHED


def _lines(words: Words) -> list[str]:
    lines = [f"{words.symbol} {TITLE}", words.happened, *map(str, words.facts)]
    details = [line for detail in words.details for line in _detail(detail)]
    return [*lines, "", *details] if details else lines


def _detail(detail: Detail) -> list[str]:
    label = f"{detail.label}: " if detail.label else ""
    head = [f"{detail.symbol} {label}{detail.text}".rstrip()] if detail.text or not label else []
    if detail.items and not detail.text:
        head = [f"{detail.symbol} {detail.label}:"]
    return [*head, *detail.listed]


def _link(words: Words, text: str, room: int) -> str:
    """The best link that has room, if it is not there yet; half a link leads nowhere."""
    lines = (f"\n🔗 {label}: {address}" for label, address in words.links if address not in text)
    room = min(room, LONGEST_LINK_OF_A_GOOD_DAY) if words.is_quiet else room
    return next((line for line in lines if len(line) <= room), "")


def write(notice: Notice, _url: URL) -> Request:
    """Four strings."""
    message = message_of(notice)
    return Request(msgspec.json.encode(_Webhook(message.text, "success" if message.good else "error")))


def read(answer: ChatAnswer) -> None:
    """Telex answers 202 even to what it refuses: the body decides. What says nothing of an error is a yes."""
    said = answer.said
    if answer.is_good and said.get("status") == "error":
        raise ChannelRefused(f"The channel refused the message{shown(said.get('message'), answer.url)}.")
    judge(answer, reason=said.get("message"))


TELEX = Destination("telex", recognises=lambda _: True, write=write, judge=read)
