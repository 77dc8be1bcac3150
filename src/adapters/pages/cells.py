"""What comes from outside, as a spreadsheet may have it."""

from __future__ import annotations

from application.text import one_line

FORMULAS = ("=", "+", "-", "@", "＝", "＋", "－", "＠")  # full width, which spreadsheets take too
"""What a cell begins with that a spreadsheet reads as a formula. Source: OWASP, CSV injection."""

LONGEST = 1000


def cell(text: str) -> str:
    """A name for a table of comma-separated values: no formula, whatever the reader takes for a separator."""
    line = one_line(text, LONGEST).replace(";", ",")
    return f"'{line}" if line.startswith(FORMULAS) else line
