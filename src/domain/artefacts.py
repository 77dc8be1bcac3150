"""Charges on a bill that nobody has used anything for."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from functools import lru_cache

from domain.costs import CostHistory
from domain.money import Money
from domain.periods import Period


class Kind(StrEnum):
    """What such a charge is."""

    TAX = "tax"
    SUPPORT = "support fee"
    SAVINGS_PLAN = "savings plan fee"
    REGISTRATION = "domain registration"


KINDS = {
    Kind.TAX: re.compile(r"Tax", re.ASCII),
    Kind.SUPPORT: re.compile(r"AWS (Premium |Developer |Business |Enterprise )?Support\b.*"),
    Kind.SAVINGS_PLAN: re.compile(r"Savings Plans for .*"),
    Kind.REGISTRATION: re.compile(r"Amazon Registrar"),
}
"""What they stand under, where a bill is divided by service.

Source: docs/facts/cost-explorer.md, one-off charges.
"""


@dataclass(frozen=True, slots=True)
class Artefact:
    """A charge that is no usage.

    Args:
        kind: What it is.
        amount: In the period.
    """

    kind: Kind
    amount: Money


@lru_cache(maxsize=1024)  # the same few services again and again
def kind_of(service: str) -> Kind | None:
    """What the service's charges are, when they are no usage."""
    return next((kind for kind, names in KINDS.items() if names.fullmatch(service)), None)


def artefacts_of(history: CostHistory, period: Period) -> tuple[Artefact, ...]:
    """What of a period's spend is no usage, the largest first."""
    amounts: dict[Kind, Decimal] = {}
    for service, amount in history.services(period).items():
        if (kind := kind_of(service)) and amount > 0:
            amounts[kind] = amounts.get(kind, Decimal()) + amount
    found = [Artefact(kind, Money(amount, history.currency)) for kind, amount in amounts.items()]
    return tuple(sorted(found, key=lambda one: -one.amount.amount))
