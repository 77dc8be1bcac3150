"""Text from outside, before it enters a message."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator

FORBIDDEN = frozenset("<>[]*_\\`@#|")
"""What a Telex channel would read as markup, a mention or a link. Source: TELEX.md, rendering."""


def harmless(text: str, limit: int = 200) -> str:
    """Strip markup, mentions, control and invisible characters; fold white space; cut at ``limit``."""
    text = text[: 10 * limit]
    if not (text.isprintable() and FORBIDDEN.isdisjoint(text)):
        text = "".join(_kept(text))
    line = " ".join(text.split())
    return line if len(line) <= limit else line[: limit - 1] + "…"


def _kept(text: str) -> Iterator[str]:
    for char in text:
        if char.isspace():
            yield " "
        elif char not in FORBIDDEN and not unicodedata.category(char).startswith("C"):
            yield char
