"""Figures that AWS has changed since they were told."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from decimal import Decimal

from domain.costs import CostHistory
from domain.money import Money
from domain.periods import Frequency, Period
from domain.thresholds import Verdict
from domain.told import Told

SHARE, LEAST = Decimal("0.05"), Decimal(5)
"""Of what was told, and in the bill's currency: a change that is more than both is worth a line."""

MOST = Decimal("0.5")
"""Of a fall: when credits make up so much of it, they are why."""


@dataclass(frozen=True, slots=True)
class Restated:
    """A period that costs something else than was told of it.

    Args:
        period: The days.
        was: The figure told last.
        now: What AWS says now.
        credits: The credits and refunds in it, below zero, where they explain the change.
    """

    period: Period
    was: Money
    now: Money
    credits: Money | None = None


def restated_in(
    frequency: Frequency,
    history: CostHistory,
    told: Mapping[Period, Told],
    but: Collection[Period] = (),
) -> tuple[Restated, ...]:
    """What has moved by more than 5 % and $5 since it was told, oldest first.

    A running month is told of with a new figure every time anyway: of months only closed ones count.

    Args:
        frequency: How the periods follow each other.
        history: What they cost now.
        told: What the channel was told.
        but: Periods that are reported anyway.
    """
    found = (
        _restated(period, one, history)
        for period, one in sorted(told.items())
        if period not in but and (frequency is not Frequency.MONTH_TO_DATE or period.is_whole_month)
    )
    return tuple(one for one in found if one)


def _restated(period: Period, told: Told, history: CostHistory) -> Restated | None:
    if told.verdicts[-1] is Verdict.NOT_PUBLISHED or not told.spend or not history.covers(period):
        return None
    asked_from = history.entries[0].period.start if history.entries else period.end
    now = history.spend(period)
    if now is None or now.currency != told.spend.currency or period.start < asked_from:
        return None
    change = now.amount - told.spend.amount
    if abs(change) <= LEAST or abs(change) <= SHARE * abs(told.spend.amount):
        return None
    off = sum((amount for amount in history.services(period).values() if amount < 0), Decimal())
    explains = change < 0 and -off >= MOST * -change
    return Restated(period, told.spend, now, Money(off, now.currency) if explains else None)
