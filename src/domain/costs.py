"""What AWS says that the days cost."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from operator import attrgetter

from domain.money import Money
from domain.periods import Period

NOTHING = Decimal()
START, END = attrgetter("period.start"), attrgetter("period.end")


@dataclass(frozen=True, slots=True)
class CostEntry:
    """What one day or month cost, service by service (or linked account by linked account).

    Args:
        period: The day or month.
        services: Unrounded amounts by name. Empty when AWS has published nothing for the period.
    """

    period: Period
    services: Mapping[str, Decimal]

    @property
    def total(self) -> Decimal:
        """The sum over all services."""
        return sum(self.services.values(), NOTHING)


@dataclass(frozen=True, slots=True)
class CostHistory:
    """Costs in one currency: entries that follow each other, oldest first.

    What AWS has not published is absent or empty, never zero.
    """

    entries: tuple[CostEntry, ...]
    currency: str = "USD"

    @property
    def published_from(self) -> date | None:
        """The start of the oldest entry that holds any cost, or None when none does."""
        return next((entry.period.start for entry in self.entries if entry.services), None)

    @property
    def published_until(self) -> date | None:
        """The end (exclusive) of the newest entry that holds any cost, or None when none does."""
        return next((entry.period.end for entry in reversed(self.entries) if entry.services), None)

    def spend(self, period: Period) -> Money | None:
        """The sum over the entries inside the period, or None when AWS has published none of them."""
        totals = [entry.total for entry in self._inside(period) if entry.services]
        return Money(sum(totals, NOTHING), self.currency) if totals else None

    def services(self, period: Period) -> dict[str, Decimal]:
        """The sum for each service over the entries inside the period."""
        amounts: dict[str, Decimal] = {}
        for entry in self._inside(period):
            for name, amount in entry.services.items():
                amounts[name] = amounts.get(name, NOTHING) + amount
        return amounts

    def _inside(self, period: Period) -> tuple[CostEntry, ...]:
        first = bisect_left(self.entries, period.start, key=START)
        return self.entries[first : bisect_right(self.entries, period.end, lo=first, key=END)]

    def covers(self, period: Period) -> bool:
        """Whether AWS has published costs up to the end of the period: it fills in the oldest days first."""
        return self.published_until is not None and self.published_until >= period.end
