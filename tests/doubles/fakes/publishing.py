"""A pretended AWS that publishes its bills the way AWS does: late, and piece by piece."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

from application.ports.cost_source import BY_SERVICE, Granularity, GroupBy
from domain.costs import CostHistory
from domain.periods import DAY, Period
from domain.scope import WHOLE_BILL, Scope
from tests.doubles.fakes.aws import Account
from tests.doubles.fakes.clock import FixedClock

HOUR = timedelta(hours=1)

Lag = Callable[[date], float]
"""By day, how many hours AWS is behind with it."""


@dataclass(slots=True)
class PublishingAccount(Account):
    """An account of which AWS shows at any time what it has published by then.

    Args:
        clock: What time it is.
        costs: What each day costs in the end, by the day; a change of it is a late charge or a credit.
        lag: How many hours AWS is behind.
        steps: Hours between two publications; 0: it publishes as time passes.
    """

    clock: FixedClock = field(default_factory=FixedClock)
    costs: dict[date, Decimal] = field(default_factory=dict)
    lag: Lag = lambda _: 11.0
    steps: float = 0

    def published(self, day: date, now: datetime | None = None) -> Decimal:
        """What AWS has published of the day: as much of it as lay behind it, its lag ago."""
        seen = (now or self.clock.now()) - self.lag(day) * HOUR
        hours = (seen - datetime.combine(day, time(), UTC)) / HOUR
        if self.steps:
            hours = hours // self.steps * self.steps
        share = Decimal(str(round(min(max(hours / 24, 0), 1), 6)))
        return self.costs[day] * share

    def history(
        self,
        window: Period,
        granularity: Granularity,
        group_by: Sequence[GroupBy] = (BY_SERVICE,),
        scope: Scope = WHOLE_BILL,
    ) -> CostHistory:
        """Add up what is published."""
        amounts = {day: self.published(day) for day in window.days() if day in self.costs}
        self.bill = {day: {"Amazon EC2": str(amount)} for day, amount in amounts.items() if amount}
        return Account.history(self, window, granularity, group_by, scope)

    def whole_at(self, day: date) -> datetime:
        """When AWS has published all of a day."""
        return datetime.combine(day, time(), UTC) + DAY + self.lag(day) * HOUR
