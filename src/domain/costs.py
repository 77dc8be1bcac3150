"""What AWS says that the days cost."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cached_property, wraps
from typing import Any, Concatenate, NamedTuple, ParamSpec, TypeVar

from domain.money import Money
from domain.periods import Period

P = ParamSpec("P")
T = TypeVar("T")

NOTHING = Decimal()
BETWEEN = "\x1f"
"""Stands between two names that make a pair: the unit separator, which no name holds."""

UNDIVIDED = "All services"
"""What stands in place of a service's name where only the sum is known."""


def pair(first: str, second: str) -> str:
    """The name of what fits both."""
    return f"{first}{BETWEEN}{second}"


def apart(name: str) -> tuple[str, str]:
    """The two names of a pair."""
    first, _, second = name.partition(BETWEEN)
    return first, second


class CostEntry(NamedTuple):
    """What one day or month cost, service by service (or linked account by linked account).

    Args:
        period: The day or month.
        services: Unrounded amounts by name. Empty when AWS shows none: nothing arose, or nothing is known.
    """

    period: Period
    services: Mapping[str, Decimal]

    @property
    def total(self) -> Decimal:
        """The sum over all services."""
        return sum(self.services.values(), NOTHING)


@dataclass(frozen=True)
class CostHistory:
    """Costs in one currency: entries that follow each other, oldest first.

    **What AWS has published.** It fills in the oldest days first, and sends a day without costs as an empty
    one. So an empty day between two that hold costs is a true zero. After the newest that holds any, nothing
    is known; nor before the oldest, where the account, or Cost Explorer's view of it, may not have begun.
    Every rule that needs to know what is published asks here.

    A report asks for some seventy sums of one history, half of them twice; all channels of an account ask one
    history. So each sum is taken once, and ``found_once`` lets a history remember what else is found in it.
    """

    entries: tuple[CostEntry, ...]
    currency: str = "USD"

    @cached_property
    def published_from(self) -> date | None:
        """The start of the oldest entry that holds any cost, or None when none does."""
        return next((entry.period.start for entry in self.entries if entry.services), None)

    @cached_property
    def published_until(self) -> date | None:
        """The end (exclusive) of the newest entry that holds any cost, or None when none does."""
        return next((entry.period.end for entry in reversed(self.entries) if entry.services), None)

    @cached_property
    def is_divided(self) -> bool:
        """Whether it is known what the sums are made of."""
        return not any(UNDIVIDED in entry.services for entry in self.entries)

    @property
    def is_empty(self) -> bool:
        """Whether there is no cost at all, in all that was asked for."""
        return self.published_until is None

    def is_begun(self, period: Period) -> bool:
        """Whether AWS was asked for the period from its start on, and has published any of it."""
        if self.published_from is None or self.published_until is None:
            return False
        is_asked_for = self.entries[0].period.start <= period.start
        return is_asked_for and period.start < self.published_until and self.published_from < period.end

    def covers(self, period: Period) -> bool:
        """Whether AWS has published costs up to the end of the period."""
        return self.published_until is not None and self.published_until >= period.end

    def spend(self, period: Period) -> Money | None:
        """The sum over what AWS has published of the period, or None when that is nothing."""
        days = period.start, period.end
        if days not in self._spends:
            amount = self.amount(period)
            self._spends[days] = None if amount is None else Money(amount, self.currency)
        return self._spends[days]

    def amount(self, period: Period) -> Decimal | None:
        """The same as a bare number."""
        single = self.totals.get((period.start, period.end))
        if single is not None:
            return single
        if not self.is_begun(period):
            return None
        return sum(
            (
                total
                for (start, end), total in self.totals.items()
                if start >= period.start and end <= period.end
            ),
            NOTHING,
        )

    def services(self, period: Period) -> Mapping[str, Decimal]:
        """The sum for each service over the entries inside the period."""
        entries = self.entries[self._inside(period)]
        if len(entries) == 1:
            return entries[0].services
        amounts: dict[str, Decimal] = {}
        for entry in entries:
            for name, amount in entry.services.items():
                amounts[name] = amounts[name] + amount if name in amounts else amount
        return amounts

    def has(self, period: Period) -> bool:
        """Whether the period is an entry of its own, be it an empty one."""
        return any(entry.period == period for entry in self.entries[self._inside(period)])

    @cached_property
    def published(self) -> Mapping[date, Mapping[str, Decimal]]:
        """The services of each entry that AWS has published, by its start, oldest first."""
        return {entry.period.start: entry.services for entry in self._published}

    @cached_property
    def _published(self) -> tuple[CostEntry, ...]:
        if self.published_from is None or self.published_until is None:
            return ()
        first = bisect_left(self._starts, self.published_from)
        return self.entries[first : bisect_left(self._starts, self.published_until)]

    @cached_property
    def totals(self) -> dict[tuple[date, date], Decimal]:
        """The sum of each entry that AWS has published, by its start and end, oldest first."""
        return {(entry.period.start, entry.period.end): entry.total for entry in self._published}

    @cached_property
    def _spends(self) -> dict[tuple[date, date], Money | None]:
        return {}

    @cached_property
    def findings(self) -> dict[Any, Any]:
        """What ``found_once`` remembers."""
        return {}

    def _inside(self, period: Period) -> slice:
        first = bisect_left(self._starts, period.start)
        return slice(first, bisect_right(self._ends, period.end, lo=first))

    @cached_property
    def _starts(self) -> list[date]:
        return [entry.period.start for entry in self.entries]

    @cached_property
    def _ends(self) -> list[date]:
        return [entry.period.end for entry in self.entries]


def found_once(rule: Callable[Concatenate[CostHistory, P], T]) -> Callable[Concatenate[CostHistory, P], T]:
    """Let a history remember what the rule, which looks at nothing but its arguments, has found in it."""

    @wraps(rule)
    def found(history: CostHistory, /, *args: P.args, **named: P.kwargs) -> T:
        asked = rule, args, *named.items()
        try:
            result: T = history.findings[asked]
        except KeyError:
            result = history.findings[asked] = rule(history, *args, **named)
        return result

    return found
