"""Text as people type and paste it, and what it was near to."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from difflib import get_close_matches
from enum import StrEnum
from functools import lru_cache
from typing import TypeVar

from application.text import one_line

T = TypeVar("T")
Choice = TypeVar("Choice", bound=StrEnum)

LONGEST_VALUE = 1024
"""Characters of a value. Nothing reads what is longer."""

LONGEST_REPEATED = 40
LONGEST_COMPARED = 100

COULD_BE_SECRET = re.compile(r"[A-Za-z0-9+/=_-]{16}", re.ASCII)
"""So many letters without a break may be a key in the wrong field: such a text is not repeated."""

SHORT = 100


def remembered(read: Callable[[str], T]) -> Callable[[str], T]:
    """The same reader, but quick to read again what most channels say. Long texts take no memory."""
    remembering = lru_cache(maxsize=1000)(read)
    return lambda text: remembering(text) if len(text) <= SHORT else read(text)


def cleaned(text: str) -> str:
    """The text without what cannot be seen: zero-width marks go, other spaces become plain."""
    if not (text.isascii() and text.isprintable()):
        text = "".join(_seen(text))
    return text.strip()


def _seen(text: str) -> Iterator[str]:
    for char in text:
        if char.isspace():
            yield char if char.isascii() else " "
        elif not unicodedata.category(char).startswith("C"):
            yield char


def unquoted(text: str) -> str:
    """The text without the quotation marks, straight or typographic, that stand around all of it."""
    return text.strip("\"'“”„‘’`").strip()


def quoted(text: str) -> str:
    """A value for an error: ``"ten"``; what is long, or could be a key elsewhere, is not repeated."""
    line = one_line(text)
    if len(text) > LONGEST_REPEATED or COULD_BE_SECRET.search(text) or not line:
        return "a text"
    return f'"{line}"'


def choose(text: str, choices: type[Choice], also: Mapping[str, Choice] | None = None) -> Choice:
    """The choice that has the letters of the text, whatever its case, spaces and hyphens.

    Args:
        text: What was typed.
        choices: What there is.
        also: By their letters, other words that are understood.

    Raises:
        ValueError: None has. The text names what was typed, the nearest choice and all of them.
    """
    by_letters = {letters(choice): choice for choice in choices} | dict(also or {})
    typed = letters(text)
    if typed not in by_letters:
        hint = did_you_mean(typed, by_letters)
        raise ValueError(f"is {quoted(text)}, none of its choices.{hint} Accepted are {', '.join(choices)}.")
    return by_letters[typed]


def did_you_mean(text: str, spellings: Mapping[str, str]) -> str:
    """`` Did you mean X?``, or nothing when nothing is near.

    Args:
        text: What was typed, in the form of the keys.
        spellings: What it is compared with, and how that is written.
    """
    near = get_close_matches(text[:LONGEST_COMPARED], spellings, n=1)
    return f" Did you mean {spellings[near[0]]}?" if near else ""


def letters(text: str) -> str:
    """Letters and digits only, without case: ``Once per period`` is ``once-per-period``."""
    return "".join(char for char in text.casefold() if char.isalnum())
