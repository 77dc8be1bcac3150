"""The parts of a bill: the settings ``by`` and ``budgets``."""

from __future__ import annotations

import re
from collections.abc import Iterable

from adapters.settings.amounts import read_threshold
from adapters.settings.scopes import split_unquoted
from adapters.settings.text import cleaned, did_you_mean, letters, quoted, unquoted
from domain.parts import Budgets, Dimension, PartBy
from domain.thresholds import Threshold

BY_EXAMPLE = "Accepted are account, service, tag:team and category:team, with your tag or category for team."
BUDGETS_EXAMPLE = 'Write for example "production=120, sandbox-*=15, *=40".'
MOST_BUDGETS = 100

DIMENSIONS = {
    **{dimension.value: dimension for dimension in Dimension},
    **dict.fromkeys(("accounts", "linkedaccount", "linkedaccounts"), Dimension.ACCOUNT),
    "services": Dimension.SERVICE,
    "tags": Dimension.TAG,
    **dict.fromkeys(("categories", "costcategory"), Dimension.CATEGORY),
}


def read_part_by(text: str) -> PartBy | None:
    """``account``, ``service``, ``tag:team`` or ``category:team``; blank is no division.

    Raises:
        ValueError: Anything else, with what it was near to.
    """
    typed = unquoted(cleaned(text))
    if not typed:
        return None
    name, colon, key = (part.strip() for part in typed.partition(":"))
    dimension = DIMENSIONS.get(letters(name))
    if dimension is None:
        hint = did_you_mean(letters(name), {dimension.value: dimension.value for dimension in Dimension})
        raise ValueError(f"is {quoted(typed)}.{hint} {BY_EXAMPLE}")
    is_keyed = dimension in {Dimension.TAG, Dimension.CATEGORY}
    if is_keyed and not key:
        raise ValueError(f"is {quoted(typed)}, which lacks the {dimension}'s name. {BY_EXAMPLE}")
    if colon and not is_keyed:
        raise ValueError(f"is {quoted(typed)}. Did you mean {dimension}? {BY_EXAMPLE}")
    return PartBy(dimension, key)


THOUSANDS = re.compile(r"\d{3}(?:\.\d*)?", re.ASCII)


def read_budgets(text: str) -> Budgets:
    """``production=120, sandbox-*=15, *=40``; blank is none.

    Raises:
        ValueError: One is no name with an amount; the text says which.
    """
    entries: list[str] = []
    for before, piece in split_unquoted(cleaned(text), ",;\n"):
        if entries and before == "," and THOUSANDS.fullmatch(piece):
            entries[-1] += piece  # of "$1,000"
        else:
            entries.append(piece)
    return budgets_of(_name_and_amount(entry) for entry in entries)


def budgets_of(entries: Iterable[tuple[str, str]]) -> Budgets:
    """Budgets from names and amounts as typed.

    Raises:
        ValueError: An amount is none, a name is missing or there twice, or there are too many.
    """
    budgets: dict[str, Threshold] = {}
    for typed, amount in entries:
        name = cleaned(typed)
        if not name:
            raise ValueError(f"has an amount without a name. {BUDGETS_EXAMPLE}")
        if name in budgets:
            raise ValueError(f"has {quoted(name)} twice. {BUDGETS_EXAMPLE}")
        try:
            budgets[name] = read_threshold(amount)
        except ValueError as error:
            raise ValueError(f"has for {quoted(name)} an amount that {error}") from error
    if len(budgets) > MOST_BUDGETS:
        raise ValueError(f"has more than {MOST_BUDGETS} entries: let one with * stand for several.")
    return Budgets(tuple(budgets.items()))


def _name_and_amount(entry: str) -> tuple[str, str]:
    name, equals, amount = entry.rpartition("=" if "=" in entry else ":")
    if not equals:
        raise ValueError(f"has {quoted(entry)}, which is no name=amount. {BUDGETS_EXAMPLE}")
    return name, amount
