"""Text from outside, before it enters anything of ours."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator


def one_line(text: str, limit: int = 200) -> str:
    """Strip control and invisible characters; fold white space; cut at ``limit``.

    What a destination would read as markup or a mention stays: that is for its own words to mend.
    """
    text = text[: 10 * limit]
    if not text.isprintable():
        text = "".join(_kept(text))
    line = " ".join(text.split())
    return line if len(line) <= limit else line[: limit - 1] + "…"


def _kept(text: str) -> Iterator[str]:
    for char in text:
        if char.isspace():
            yield " "
        elif not unicodedata.category(char).startswith("C"):
            yield char
