"""When spend is too much."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from domain.costs import CostHistory
from domain.money import Money
from domain.periods import Period


class Verdict(StrEnum):
    """What a period's spend means for its threshold."""

    WITHIN = "within"
    EXCEEDED = "exceeded"
    NOT_PUBLISHED = "not-published"


@dataclass(frozen=True, slots=True)
class Threshold:
    """The most that a period may cost, in the currency that AWS bills in.

    Raises:
        ValueError: The amount is negative, NaN or infinite.
    """

    amount: Decimal

    def __post_init__(self) -> None:
        if not self.amount.is_finite() or self.amount < 0:
            raise ValueError(f"a threshold is zero or a positive number, not {self.amount}")

    def excess(self, spend: Money) -> Money:
        """By how much the spend is over the threshold; negative when it is under."""
        return Money(spend.amount - self.amount, spend.currency)

    def judge(self, history: CostHistory, period: Period, *, still_open: bool = False) -> Verdict:
        """Exceeded means more than the threshold; equal is within budget.

        What is over already is told at once, however much is still unpublished. Within budget is only said
        of a period that AWS has published to its end, or that is ``still_open``: of a month that is running.
        """
        spend = history.spend(period)
        if spend is not None and spend.amount > self.amount:
            return Verdict.EXCEEDED
        if spend is None or not (still_open or history.covers(period)):
            return Verdict.NOT_PUBLISHED
        return Verdict.WITHIN


UNLIMITED = Threshold(Decimal(10) ** 15)
"""No bill reaches it: the threshold of who watches the parts of a bill by their budgets alone."""
