"""Movements that are known, and need not ring."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from domain.costs import CostEntry, CostHistory
from domain.money import Money
from domain.periods import Period

HALF_AGAIN = Decimal("1.5")
"""Times what is known: beyond that a movement is told all the same."""


@dataclass(frozen=True, slots=True)
class Mute:
    """What is not to be told of for a while.

    Args:
        services: Whose movement is known, as Cost Explorer or people call them; empty: all of the bill's.
        until: The first UTC day on which everything is told again; None: no end.
    """

    services: tuple[str, ...] = ()
    until: date | None = None

    def __bool__(self) -> bool:
        return bool(self.services or self.until)

    def holds_on(self, day: date) -> bool:
        """Whether anything is muted on the UTC day."""
        return bool(self) and (self.until is None or day < self.until)

    def is_known(self, service: str) -> bool:
        """Whether the service's movement is."""
        name = service.casefold()
        return not self.services or any(name == muted.casefold() for muted in self.services)

    def of(self, history: CostHistory, period: Period) -> Money:
        """What is known of a period's spend."""
        known = (amount for name, amount in history.services(period).items() if self.is_known(name))
        return Money(sum(known, Decimal()), history.currency)

    def without(self, history: CostHistory) -> CostHistory:
        """What is not known: the costs of all other services."""
        entries = (
            CostEntry(
                entry.period,
                {name: cost for name, cost in entry.services.items() if not self.is_known(name)},
            )
            for entry in history.entries
        )
        return CostHistory(tuple(entries), history.currency)

    def exceeds(self, now: Decimal, known: Decimal) -> bool:
        """Whether it is more than what is known, by half again."""
        return now > known * HALF_AGAIN


NOT_MUTED = Mute()
