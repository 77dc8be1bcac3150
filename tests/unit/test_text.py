"""What comes from outside is harmless once it is in a message."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.chats.telex import MARKUP
from application.text import one_line


def harmless(text: str, limit: int = 200) -> str:
    """What becomes of a name from outside on its way into a Telex message."""
    return one_line(text, limit).translate(MARKUP)


@given(text=st.text(st.characters(), max_size=300), limit=st.integers(1, 50))
def test_whatever_comes_in_one_short_harmless_line_comes_out(text: str, limit: int) -> None:
    """No markup, no control or invisible characters, no second line, nothing over the limit."""
    line = harmless(text, limit)
    assert len(line) <= limit
    assert set("<>[]*_\\`@#|").isdisjoint(line)
    assert not [char for char in line if unicodedata.category(char).startswith(("C", "Zl", "Zp"))]
    line.encode()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("acme production", "acme production"),
        ("Zoë's team: 100 % / 2", "Zoë's team: 100 % / 2"),
        ("@channel", "channel"),
        ("#general", "general"),
        ("<img src=x onerror=alert(1)>", "img src=x onerror=alert(1)"),
        ("[click](https://evil.example)", "click(https://evil.example)"),
        ("**bold** _it_ `code` ~| \\x", "bold it code ~ x"),
        ("acme\n🟢 Status: Within Budget", "acme 🟢 Status: Within Budget"),
        ("acme\u2028Status: fine\u2029\x85end", "acme Status: fine end"),
        ("a\u202egnp.exe", "agnp.exe"),
        ("a\u200bd\u2060m\ufeffin", "admin"),
        ("\x1b[31mred\x1b[0m", "31mred0m"),
        ("nul\x00 and half a pair \ud83d.", "nul and half a pair ."),
        ("  spaced \t out  ", "spaced out"),
        ("@#|", ""),
        ("", ""),
    ],
)
def test_markup_mentions_and_forged_lines_are_taken_out(text: str, expected: str) -> None:
    """A name cannot ping a channel, draw a link, or look like a line of ours."""
    assert harmless(text) == expected


def test_what_is_cut_shows_it() -> None:
    """A reader sees that more was said."""
    assert harmless("a" * 11, limit=10) == "a" * 9 + "…"
    assert harmless("a" * 10, limit=10) == "a" * 10
