"""What is printed: on a terminal of whatever width and letters, in a pipe, for a script."""

from __future__ import annotations

import os
import re
import sys
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from typing import Any, TextIO

import msgspec
from rich.console import Console
from rich.table import Table
from rich.text import Text

UNSEEN = re.compile(r"[\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]")
"""Characters that JSON leaves as they are, and that steer a terminal or turn its text around."""

IN_A_PIPE = 160
"""Columns for tables; nothing is folded there."""

IN_ASCII = str.maketrans(
    {"→": "->", "…": "...", "–": "-", "—": "-", "•": "*", "·": "-", "✓": "ok", "✗": "x", "█": "#"}
    | {"┊": "|", "╂": "+", "“": '"', "”": '"', "’": "'", "≤": "<="}
)


def visible(text: str) -> str:
    """Text without what steers a terminal; its lines stay lines."""
    return "".join(char for char in text if char == "\n" or not unicodedata.category(char).startswith("C"))


def json_text(value: Any) -> str:
    """JSON for people and scripts: what cannot be seen is written as an escape."""
    text = msgspec.json.format(msgspec.json.encode(value), indent=2).decode()
    return UNSEEN.sub(lambda match: f"\\u{ord(match[0]):04x}", text)


def takes_ascii_only(stream: TextIO, environment: Mapping[str, str] = os.environ) -> bool:
    """Whether the locale or the stream has no more letters than ASCII's.

    Python itself writes UTF-8 under ``LC_ALL=C``, which says that nobody there reads it.
    """
    named = next((environment[name] for name in ("LC_ALL", "LC_CTYPE", "LANG") if environment.get(name)), "")
    letters = named.partition(".")[2].partition("@")[0] if "." in named else ""
    said = letters or ("ascii" if named in {"C", "POSIX"} else "")
    return not _is_unicode(said or stream.encoding or "ascii")


def _is_unicode(encoding: str) -> bool:
    return encoding.lower().replace("-", "").startswith("utf")


def in_ascii(text: str) -> str:
    """The text in ASCII's letters: what only decorates goes, what cannot be said becomes a question mark."""
    plain = unicodedata.normalize("NFKD", text.translate(IN_ASCII))
    kept = (char for char in plain if char.isascii() or unicodedata.category(char) not in {"So", "Mn", "Cf"})
    return "".join(kept).encode("ascii", "replace").decode()


class _AsciiStream:
    """A stream that is given ASCII only. rich draws its boxes accordingly."""

    encoding = "ascii"

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        return self._stream.write(in_ascii(text))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


class _Console(Console):
    def on_broken_pipe(self) -> None:
        """Leave the exit code to the command: rich would end with 1, which says "exceeded"."""
        raise BrokenPipeError


def _width(stream: TextIO) -> int | None:
    """Of this very terminal: rich would ask standard input first. None: COLUMNS, or rich's own."""
    if os.environ.get("COLUMNS"):
        return None
    try:
        return os.get_terminal_size(stream.fileno()).columns or None
    except (OSError, ValueError, AttributeError):
        return None


class Terminal:
    """Where a command prints.

    Args:
        stream: Standard output or standard error, or a file.
        width: Columns; None: as wide as it is.
    """

    def __init__(self, stream: TextIO, width: int | None = None) -> None:
        self.is_ascii = takes_ascii_only(stream)
        file: Any = _AsciiStream(stream) if self.is_ascii else stream
        self.console = _Console(file=file, highlight=False, emoji=False, width=width or _width(stream))
        self.is_terminal = self.console.is_terminal
        if not self.is_terminal:  # nothing is folded, and a table has room
            self.console = _Console(
                file=file, highlight=False, emoji=False, width=width or IN_A_PIPE, soft_wrap=True
            )

    @property
    def width(self) -> int:
        """Columns."""
        return self.console.width

    def plain(self, text: str) -> str:
        """Text from anywhere, as it may be laid out here."""
        seen = visible(text)
        return in_ascii(seen) if self.is_ascii else seen

    def text(self, text: str, style: str = "") -> Text:
        """The same for rich: never read as markup."""
        return Text(self.plain(text), style=style, overflow="fold")

    def labelled(self, symbol: str, text: str) -> str:
        """A line with its symbol, where there are such."""
        return self.plain(text) if self.is_ascii else f"{symbol} {self.plain(text)}"

    def link(self, label: str, address: str) -> Text:
        """A hyperlink on a terminal, else label and address."""
        if self.is_terminal and not self.console.legacy_windows:
            return Text(self.plain(label), style=f"link {address}")
        return Text(f"{self.plain(label)}: {address}", no_wrap=True, overflow="ignore")

    def print(self, *what: Any) -> None:
        """Print, and fold nothing in a pipe."""
        self.console.print(*what, markup=False)

    def print_line(self, text: str) -> None:
        """Print one line, however long it is."""
        self.console.print(self.plain(text), markup=False, soft_wrap=True)


def output_terminal() -> Terminal:
    """Standard output."""
    return Terminal(sys.stdout)


def say(sentence: str) -> None:
    """A sentence on standard error."""
    Terminal(sys.stderr).print(visible(sentence))


@contextmanager
def progress(words: str) -> Iterator[None]:
    """Show on a terminal that something is awaited; it goes when that has come."""
    console = Terminal(sys.stderr).console
    with console.status(words) if console.is_terminal else nullcontext():
        yield


LONGEST_FOLDED = 30
"""Columns that a cell must have at least before it is folded."""


def print_rows(terminal: Terminal, headings: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """A table where there is room for one; else each row as lines with their headings.

    Args:
        terminal: Where to.
        headings: Of the columns.
        rows: As many cells each.
    """
    widths = [
        min(LONGEST_FOLDED, max(len(line) for cell in column for line in cell.split("\n")))
        for column in zip(headings, *rows, strict=True)
    ]
    if sum(widths) + 2 * len(widths) > terminal.width:
        _print_cards(terminal, headings, rows)
        return
    table = Table(box=None, header_style="bold")
    for heading in headings:
        table.add_column(heading, overflow="fold")
    for row in rows:
        table.add_row(*map(terminal.text, row))
    terminal.print(table)


def _print_cards(terminal: Terminal, headings: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    for row in rows:
        first, *others = row
        terminal.print(terminal.text(first, "bold"))
        for heading, cell in zip(headings[1:], others, strict=True):
            if cell:
                terminal.print(terminal.text(f"  {heading}: {', '.join(cell.split(chr(10)))}"))
