"""Marks on the way to a threshold."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal

from domain.money import Money
from domain.thresholds import Threshold

EXAMPLE = 'Write percent of the threshold, for example "50, 80, 100, 120".'
LARGEST_PERCENT = 1000
MOST_MILESTONES = 20
PERCENT = re.compile(r"(\d{1,6}(?:\.\d{1,6})?)%?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Milestones:
    """Percents of a threshold at which a channel wants to hear of a month, each once.

    Args:
        percents: Ascending, each once; none means that milestones are off.

    Raises:
        ValueError: A percent is under 1 or over 1,000, or there are more than 20.
    """

    percents: tuple[Decimal, ...] = ()

    def __post_init__(self) -> None:
        if len(self.percents) > MOST_MILESTONES:
            raise ValueError(f"milestones are at most {MOST_MILESTONES}. {EXAMPLE}")
        for percent in self.percents:
            if 0 < percent < 1:
                meant = (100 * percent).normalize()
                raise ValueError(f"milestones are percents. Did you mean {meant:f}? {EXAMPLE}")
            if not 1 <= percent <= LARGEST_PERCENT:
                raise ValueError(f"milestones are between 1 and {LARGEST_PERCENT}. {EXAMPLE}")

    def __bool__(self) -> bool:
        return bool(self.percents)

    def reached(self, spend: Money, threshold: Threshold) -> Decimal | None:
        """The highest milestone that the spend has reached, or None. There is no percent of nothing."""
        if threshold.amount == 0:
            return None
        percent_spent = 100 * spend.amount / threshold.amount
        return max((percent for percent in self.percents if percent <= percent_spent), default=None)

    @classmethod
    def parse(cls, text: str) -> Milestones:
        """Read the setting ``milestones``: ``50, 80, 100, 120``, with or without ``%``; blank is none.

        Raises:
            ValueError: It is no list of percents; the text says what it was near to.
        """
        entries = [entry for entry in re.split(r"[,;\s]+", text.replace(" %", "%")) if entry]
        matches = [PERCENT.fullmatch(entry) for entry in entries]
        if None in matches:
            readable = [match[1] for match in matches if match]
            hint = f' Did you mean "{", ".join(readable[:MOST_MILESTONES])}"?' if readable else ""
            raise ValueError(f"milestones holds something that is no percent.{hint} {EXAMPLE}")
        return cls(tuple(sorted({Decimal(match[1]) for match in matches if match})))


NO_MILESTONES = Milestones()
