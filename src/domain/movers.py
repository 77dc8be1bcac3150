"""What a sum is made of, and which part of it has changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from domain.costs import CostHistory, found_once
from domain.periods import Period, a_month_before

NAMED = 3


@dataclass(frozen=True, slots=True)
class Part:
    """What one service or linked account cost in a period.

    Args:
        name: Its name.
        amount: Unrounded.
        before: What it cost in the period before, or None when there is nothing to compare with.
        is_new: Whether it costs something now, and cost nothing before, for a month at least and as far back
            as is known.
        usual: What it costs in such a period as a rule, or None when that is not known.
    """

    name: str
    amount: Decimal
    before: Decimal | None = None
    is_new: bool = False
    usual: Decimal | None = None

    @property
    def distance(self) -> Decimal:
        """How far it is above what is usual, negative when it is below; else the change."""
        return (self.change or Decimal()) if self.usual is None else self.amount - self.usual

    @property
    def change(self) -> Decimal | None:
        """How much more than before, negative when it is less."""
        return None if self.before is None else self.amount - self.before


@found_once
def parts_of(history: CostHistory, period: Period, before: Period | None) -> tuple[Part, ...]:
    """The parts of a period's spend, those first that moved the most; they add up to it.

    Args:
        history: Holds both periods.
        period: What is taken apart.
        before: What it is compared with, or None.

    Returns:
        Every service that cost anything in either period. None when only the sums are known.
    """
    if not history.is_divided:
        return ()
    now = history.services(period)
    then = history.services(before) if before else {}
    new = _new_services(history, period, now)
    parts = [
        Part(
            name,
            now.get(name, Decimal()),
            then.get(name, Decimal()) if before else None,
            is_new=name in new,
        )
        for name in {**now, **then}
    ]
    parts = [part for part in parts if part.amount or part.before]
    return tuple(
        sorted(parts, key=lambda part: (-abs(part.change or Decimal()), -abs(part.amount), part.name))
    )


def with_rest(parts: Sequence[Part], amount: Decimal, before: Decimal | None) -> tuple[Part, ...]:
    """The parts, and what is missing from a sum that was asked for at another moment: together that sum."""
    rest = Part(
        "in no account's figures yet",
        amount - sum((part.amount for part in parts), Decimal()),
        None if before is None else before - sum((part.before or Decimal() for part in parts), Decimal()),
    )
    return (*parts, rest) if rest.amount or rest.before else tuple(parts)


def top(parts: Sequence[Part], named: int = NAMED) -> list[Part]:
    """The first few parts, and all others as one more: together the same sum."""
    others = parts[named:]
    if len(others) <= 1:
        return list(parts)
    compared = others[0].before is not None
    return [
        *parts[:named],
        Part(
            f"and {len(others)} others",
            sum((part.amount for part in others), Decimal()),
            sum((part.before or Decimal() for part in others), Decimal()) if compared else None,
            usual=None
            if others[0].usual is None
            else sum((part.usual or Decimal() for part in others), Decimal()),
        ),
    ]


def _new_services(history: CostHistory, period: Period, now: Mapping[str, Decimal]) -> set[str]:
    """None in a young account, where everything would be, and none that falls due once a month."""
    known_from = history.published_from
    if known_from is None or known_from > a_month_before(period.start):
        return set()
    before = [entry.services for entry in reversed(history.entries) if entry.period.end <= period.start]
    return {
        name
        for name, amount in now.items()
        if amount > 0 and not any(services.get(name) for services in before)
    }
