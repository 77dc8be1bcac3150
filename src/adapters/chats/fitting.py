"""Keeping to limits without losing what counts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from adapters.chats.words import Detail, Words


def cut(text: str, limit: int) -> str:
    """The text, or as much as fits with ``…`` in the end; by characters, so that none is halved."""
    return text if len(text) <= limit else text[: limit - 1] + "…"


def fitted(words: Words, message: Callable[[Words, list[Detail]], dict[str, Any]], limit: int) -> bytes:
    """The message as JSON of so many bytes: of too much the last details are left out, never the facts."""
    details = list(words.details)
    while len(body := msgspec.json.encode(message(words, details))) > limit and details:
        details.pop()
    return body
