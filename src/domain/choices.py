"""Reading what a person has typed into a setting, and saying what it was near to."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from enum import StrEnum
from typing import TypeVar

Choice = TypeVar("Choice", bound=StrEnum)


def choose(setting: str, text: str, choices: type[Choice]) -> Choice:
    """The choice that has the letters of the text, whatever its case, spaces and hyphens.

    Raises:
        ValueError: None has. The text names the setting, the nearest choice and all of them.
    """
    by_letters = {letters(choice): choice for choice in choices}
    if letters(text) not in by_letters:
        raise ValueError(
            f"{setting} is none of its choices.{did_you_mean(letters(text), by_letters)} "
            f"Accepted are {', '.join(choices)}."
        )
    return by_letters[letters(text)]


def did_you_mean(text: str, spellings: Mapping[str, str]) -> str:
    """`` Did you mean X?``, or nothing when nothing is near.

    Args:
        text: What was typed, in the form of the keys.
        spellings: What it is compared with, and how that is written.
    """
    near = get_close_matches(text[:100], spellings, n=1)
    return f" Did you mean {spellings[near[0]]}?" if near else ""


def letters(text: str) -> str:
    """Letters and digits only, without case: ``Once per period`` is ``once-per-period``."""
    return "".join(char for char in text.casefold() if char.isalnum())
