"""Text from outside, before it enters a message."""

from __future__ import annotations

import unicodedata

FORBIDDEN = frozenset("<>[]*_\\`@#|")
"""What a Telex channel would read as markup, a mention or a link. Source: TELEX.md, rendering."""


def harmless(text: str, limit: int = 200) -> str:
    """Strip markup, mentions, control and invisible characters; fold white space; cut at ``limit``."""
    kept = (
        " " if char.isspace() else char
        for char in text[: 10 * limit]
        if char not in FORBIDDEN and (char.isspace() or not unicodedata.category(char).startswith("C"))
    )
    line = " ".join("".join(kept).split())
    return line if len(line) <= limit else line[: limit - 1] + "…"
