"""What comes from outside, as a terminal and a script may have it."""

from __future__ import annotations

import re
import unicodedata
from typing import Any

import msgspec

UNSEEN = re.compile(r"[\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]")
"""Characters that JSON leaves as they are, and that steer a terminal or turn its text around."""


def visible(text: str) -> str:
    """Text without what steers a terminal; its lines stay lines."""
    return "".join(char for char in text if char == "\n" or not unicodedata.category(char).startswith("C"))


def json_text(value: Any) -> str:
    """JSON for people and scripts: what cannot be seen is written as an escape."""
    text = msgspec.json.format(msgspec.json.encode(value), indent=2).decode()
    return UNSEEN.sub(lambda match: f"\\u{ord(match[0]):04x}", text)
