"""What exactly moved: one service taken apart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from domain.artefacts import kind_of
from domain.costs import CostHistory, apart
from domain.movers import Part, parts_of
from domain.periods import DAY, Period

MOST_CAUSES = 2
WORTH_NAMING = Decimal("0.2")
"""Of the first cause's weight: what the second must have."""

SAME_LEVEL = Decimal("0.5")
"""Of the last day's amount: what a day before must have to belong to the same level."""


@dataclass(frozen=True, slots=True)
class Cause:
    """A part of a service's cost: what it was for, and where.

    Args:
        service: The service.
        what: A usage type, or a model.
        where: A linked account, a region, the kind of token, or a part of the bill that has a budget.
        amount: What it cost in the period.
        before: What it cost in the period before; None: there is nothing to compare with.
        since: The first day on which it cost about as much as on the last; None by month.
        is_new: Whether it cost nothing on the days before that, as far as they were looked at.
    """

    service: str
    what: str
    where: str
    amount: Decimal
    before: Decimal | None = None
    since: date | None = None
    is_new: bool = False

    @property
    def change(self) -> Decimal | None:
        """How much more than before, negative when it is less."""
        return None if self.before is None else self.amount - self.before


def mover_of(parts: Sequence[Part]) -> str | None:
    """The service to take apart: the one that grew the most, or cost the most where none has grown.

    Tax, support and the like have nothing to take apart.
    """
    used = [part for part in parts if kind_of(part.name) is None and part.amount > 0]
    grown = [part for part in used if part.change and part.change > 0]
    if grown:
        return max(grown, key=lambda part: part.change or Decimal()).name
    return max(used, key=lambda part: part.amount).name if used else None


def causes_of(
    pairs: CostHistory, service: str | None, period: Period, before: Period | None, *, by_day: bool = True
) -> tuple[Cause, ...]:
    """The one or two parts of a service, or of a part of the bill, that matter the most.

    Args:
        pairs: The service's costs, each name a pair of what and where; without one service, pairs of
            service and what.
        service: Its name.
        period: What is reported.
        before: What it is compared with, or None.
        by_day: Whether the history has an entry per day.
    """
    parts = [part for part in parts_of(pairs, period, before) if part.amount > 0]
    if service is None:
        parts = [part for part in parts if kind_of(apart(part.name)[0]) is None]
    grown = [part for part in parts if part.change and part.change > 0]
    ranked = sorted(grown or parts, key=_weight, reverse=True)
    named = [part for part in ranked[:MOST_CAUSES] if _weight(part) >= _weight(ranked[0]) * WORTH_NAMING]
    return tuple(_cause(pairs, service, part, period, by_day=by_day) for part in named)


def _weight(part: Part) -> Decimal:
    return part.change if part.change and part.change > 0 else part.amount


def _cause(pairs: CostHistory, service: str | None, part: Part, period: Period, *, by_day: bool) -> Cause:
    what, where = apart(part.name)
    if service is None:
        service, what, where = what, where, ""
    since, is_new = _since(pairs, part.name, period) if by_day else (None, False)
    return Cause(service, what, where, part.amount, part.before, since, is_new)


def _since(pairs: CostHistory, name: str, period: Period) -> tuple[date | None, bool]:
    """Where the level of the last day begins, and whether there was nothing before it."""
    amounts = {
        entry.period.start: entry.services.get(name, Decimal())
        for entry in pairs.entries
        if entry.period.end <= period.end and pairs.is_begun(entry.period)
    }
    if not amounts:
        return None, False
    last = since = max(amounts)
    while amounts.get(since - DAY, Decimal()) >= amounts[last] * SAME_LEVEL > 0:
        since -= DAY
    earlier = [amount for day, amount in amounts.items() if day < since]
    if not earlier or amounts[last] <= 0:
        return None, False
    return since, not any(earlier)
