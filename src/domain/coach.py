"""What a threshold would have said, and which one would say less."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import ROUND_CEILING, Decimal

from domain.costs import CostHistory
from domain.money import Money
from domain.periods import Frequency, Period, first_of_previous_month
from domain.thresholds import UNLIMITED, Threshold

LOOKED_AT = {Frequency.DAILY: 30, Frequency.MONTHLY: 12}
FEWEST = {Frequency.DAILY: 14, Frequency.MONTHLY: 6}
"""With fewer there is no advice to give."""

SELDOM = 15
"""One alert in so many periods is read; more are scrolled past."""


@dataclass(frozen=True, slots=True)
class Coaching:
    """What a threshold would have said.

    Args:
        periods: How many days, or months, were looked at.
        fired: On how many of them it would have been exceeded.
        suggestion: A threshold that would have been exceeded seldom; None: this one is fine.
        would_fire: On how many that would have been.
    """

    periods: int
    fired: int
    suggestion: Money | None = None
    would_fire: int = 0


def coach(frequency: Frequency, history: CostHistory, threshold: Threshold, today: date) -> Coaching | None:
    """Try the threshold on the last thirty published days, or twelve months.

    None for weeks and running months, for budgets of parts, and while too little is known.
    """
    if frequency not in LOOKED_AT or threshold == UNLIMITED:
        return None
    spends = _last_spends(frequency, history, today)[: LOOKED_AT[frequency]]
    if len(spends) < FEWEST[frequency]:
        return None
    fired = _fired(spends, threshold.amount)
    allowed = max(len(spends) // SELDOM, 1)
    wanted = _round_up(sorted(spends, reverse=True)[allowed])
    if wanted <= 0 or fired <= allowed:
        return Coaching(len(spends), fired)
    return Coaching(len(spends), fired, Money(wanted, history.currency), _fired(spends, wanted))


def _fired(spends: list[Decimal], threshold: Decimal) -> int:
    return sum(spend > threshold for spend in spends)


def _last_spends(frequency: Frequency, history: CostHistory, today: date) -> list[Decimal]:
    """What the published ones cost, the newest first."""
    if frequency is Frequency.DAILY:
        return [amount for (_, end), amount in reversed(history.totals.items()) if end <= today]
    months, first = [], min(history.published_until or today, today).replace(day=1)
    while first > (history.published_from or first):
        months.append(Period(first_of_previous_month(first), first))
        first = months[-1].start
    return [amount for month in months if (amount := history.amount(month)) is not None]


def _round_up(amount: Decimal) -> Decimal:
    """To a number that a person would type: ``163.20`` is ``165``, ``42.31`` is ``42.5``."""
    if amount <= 0:
        return Decimal()
    step = Decimal(5).scaleb(amount.adjusted() - 2)
    return (amount / step).to_integral_value(ROUND_CEILING) * step
