"""Where in a TOML file a key is written: the standard library's reader does not say."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass

Path = tuple[str, ...]


def lines_of(text: str) -> Mapping[Path, int]:
    """The line, from 1, of every table and key that begins a line, of a file that is known to be TOML."""
    lines: dict[Path, int] = {}
    table: Path = ()
    value = _Value()
    for number, line in enumerate(text.split("\n"), start=1):
        start = line.strip()
        if value.is_open:
            value.take(line)
        elif start.startswith("["):
            table = _path(_head(start.strip("["), "]"))
            _note(lines, table, number)
        elif start and not start.startswith("#"):
            key = _head(start, "=")
            _note(lines, table + _path(key), number)
            value.take(start[len(key) + 1 :])
    return lines


def _note(lines: dict[Path, int], path: Path, number: int) -> None:
    """What begins here, with every table that is first named by it."""
    for length in range(1, len(path) + 1):
        lines.setdefault(path[:length], number)


def line_of(lines: Mapping[Path, int], path: Path) -> int | None:
    """The line of a key or, where it stands inside another's value, of that one; None: nowhere."""
    return next((lines[path[:n]] for n in range(len(path), 0, -1) if path[:n] in lines), None)


def _head(text: str, end: str) -> str:
    """What stands before the first ``end`` that is in no quotation marks."""
    quote = ""
    for position, char in enumerate(text):
        if quote:
            quote = "" if char == quote else quote
        elif char in "\"'":
            quote = char
        elif char == end:
            return text[:position]
    return text


def _path(key: str) -> Path:
    """The parts of a key as written: ``watch."a.b"`` has two."""
    parts: list[str] = []
    with suppress(tomllib.TOMLDecodeError):
        node: object = tomllib.loads(f"{key} = 0")
        while isinstance(node, dict) and len(node) == 1:
            ((part, node),) = node.items()
            parts.append(part)
    return tuple(parts)


@dataclass(slots=True)
class _Value:
    """Whether a value goes on in the next line, since a bracket or a long string is still open."""

    brackets: int = 0
    quotes: str = ""

    @property
    def is_open(self) -> bool:
        return self.brackets > 0 or bool(self.quotes)

    def take(self, line: str) -> None:
        position = 0
        while position < len(line):
            position += self._step(line, position)
        if len(self.quotes) == 1:  # a short string ends with its line
            self.quotes = ""

    def _step(self, line: str, at: int) -> int:
        """Take the next token; return its length."""
        char = line[at]
        if self.quotes:
            if char == "\\" and self.quotes[0] == '"':
                return 2
            if not line.startswith(self.quotes, at):
                return 1
            length, self.quotes = len(self.quotes), ""
            return length
        if char == "#":
            return len(line)
        if char in "\"'":
            self.quotes = 3 * char if line.startswith(3 * char, at) else char
            return len(self.quotes)
        self.brackets += (char in "[{") - (char in "]}")
        return 1
