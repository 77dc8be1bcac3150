"""The parts of a bill, each with a budget of its own."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from domain.thresholds import Threshold


class Dimension(StrEnum):
    """What a bill can be divided by."""

    ACCOUNT = "account"
    SERVICE = "service"
    TAG = "tag"
    CATEGORY = "category"


@dataclass(frozen=True, slots=True)
class PartBy:
    """How a bill is divided into parts.

    Args:
        dimension: By what.
        key: The tag's, or the cost category's, name; empty for the others.
    """

    dimension: Dimension
    key: str = ""

    def __str__(self) -> str:
        """The setting that says the same: ``account``, ``tag:team``."""
        return f"{self.dimension}:{self.key}" if self.key else self.dimension


BY_ACCOUNT = PartBy(Dimension.ACCOUNT)


@dataclass(frozen=True, slots=True)
class Budgets:
    """What each part may cost in a period.

    Args:
        entries: Names, in which ``*`` stands for any letters, with their budgets. Of several that fit a part
            the first one holds.
    """

    entries: tuple[tuple[str, Threshold], ...] = ()

    def __bool__(self) -> bool:
        return bool(self.entries)

    def __str__(self) -> str:
        """The setting that says the same: ``production=120, *=40``."""
        return ", ".join(f"{_written(name)}={budget.amount.normalize():f}" for name, budget in self.entries)

    def of(self, *names: str) -> Threshold | None:
        """The budget of a part, by any of its names (an account has a number, too); None: it has none."""
        return next(
            (budget for pattern, budget in self.entries if any(fits(pattern, name) for name in names)), None
        )


NO_BUDGETS = Budgets()


def fits(pattern: str, name: str) -> bool:
    """Whether the name is the pattern's, without case; ``*`` stands for any letters, or none."""
    first, *others = pattern.casefold().split("*")
    rest = name.casefold()
    if not others:
        return rest == first
    *middle, last = others
    if len(rest) < len(first) + len(last) or not (rest.startswith(first) and rest.endswith(last)):
        return False
    rest = rest[len(first) : len(rest) - len(last)]
    for piece in middle:
        _, found, rest = rest.partition(piece) if piece else ("", "found", rest)
        if not found:
            return False
    return True


def _written(name: str) -> str:
    return f'"{name}"' if any(mark in name for mark in ",;= ") else name
