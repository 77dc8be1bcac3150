"""Cost histories as tests write them down."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal

from hypothesis import strategies as st

from domain.costs import CostEntry, CostHistory
from domain.periods import DAY, Period, first_of_next_month

Amounts = Mapping[str, str | Decimal]

AMOUNTS = st.decimals(-(10**6), 10**7, places=10)
"""What AWS may charge for a service: ten decimals, and credits."""


def day(iso: str) -> Period:
    """One day."""
    start = date.fromisoformat(iso)
    return Period(start, start + DAY)


def month(iso: str) -> Period:
    """The calendar month that the day is in."""
    start = date.fromisoformat(iso).replace(day=1)
    return Period(start, first_of_next_month(start))


def by_period(costs: Mapping[Period, Amounts | str | None], currency: str = "USD") -> CostHistory:
    """Periods with services, with one amount (of EC2), or with nothing (None)."""
    entries = []
    for period, cost in sorted(costs.items()):
        services = {"EC2": cost} if isinstance(cost, str) else cost or {}
        entries.append(CostEntry(period, {name: Decimal(amount) for name, amount in services.items()}))
    return CostHistory(tuple(entries), currency)


DAYS_ASKED = 62
"""As many as a check asks for at most: a month to date, and the month before."""


def daily(end: str, *costs: Amounts | str | None, currency: str = "USD") -> CostHistory:
    """The last days up to, and without, ``end``, oldest first; empty ones before them, as in AWS's answer."""
    costs = (*[None] * (DAYS_ASKED - len(costs)), *costs)
    first = date.fromisoformat(end) - len(costs) * DAY
    return by_period(
        {Period(first + n * DAY, first + (n + 1) * DAY): cost for n, cost in enumerate(costs)}, currency
    )
