"""Which names may have been meant."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

MOST_NEAR = 3


def near(wanted: Iterable[str], names: Iterable[str]) -> tuple[str, ...]:
    """The few names that hold a wanted one, stand in it, or are spelled like it; the nearest first."""
    by_letters = {_letters(name): name for name in names}
    found: list[str] = []
    for word in filter(None, map(_letters, wanted)):
        found += [letters for letters in by_letters if word in letters or letters in word]
        found += get_close_matches(word, by_letters, n=MOST_NEAR)
    return tuple(by_letters[letters] for letters in dict.fromkeys(found))[:MOST_NEAR]


def _letters(name: str) -> str:
    letters = "".join(char for char in name.casefold() if char.isalnum())
    return letters.removeprefix("amazon").removeprefix("aws") or letters
