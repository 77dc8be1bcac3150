"""A report as a document: what ``check --format json`` prints, what a page keeps and is drawn from.

The keys are stable: they are added to, never renamed, and every one may be absent. So a page still reads a
document that an older version wrote. They are explained in ``docs/check-json.md``; ``writing.py`` fills them.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import msgspec

from domain.costs import CostEntry, CostHistory
from domain.money import Money
from domain.periods import Period


class Amount(msgspec.Struct, frozen=True):
    """An exact decimal as text, in the currency that AWS bills in."""

    amount: str = "0"
    currency: str = "USD"

    @property
    def money(self) -> Money:
        """The same as a value."""
        return Money(Decimal(self.amount), self.currency)


class Span(msgspec.Struct, frozen=True):
    """UTC days, end exclusive."""

    start: date
    end: date

    @property
    def period(self) -> Period:
        """The same as a value."""
        return Period(self.start, self.end)


class SpanSpend(Span, frozen=True):
    """What a period cost; null: not published."""

    spend: Amount | None = None


class Comparison(SpanSpend, frozen=True):
    """The period before, and how much more the newer one cost."""

    change: Amount | None = None


class BudgetSpend(msgspec.Struct, frozen=True):
    """A part of the bill against its own budget; null: it has none."""

    name: str = ""
    spend: Amount = Amount()
    budget: Amount | None = None
    verdict: str = ""
    is_new: bool = False


class LaterChange(msgspec.Struct, frozen=True):
    """How much AWS usually adds later."""

    percent: str = "0"
    periods: int = 0


class Usual(msgspec.Struct, frozen=True):
    """What the last four same weekdays cost."""

    weekday: str = ""
    median: Amount | None = None
    lowest: Amount | None = None
    highest: Amount | None = None


class PartSpend(msgspec.Struct, frozen=True):
    """What a service or linked account cost."""

    name: str = ""
    spend: Amount = Amount()
    change: Amount | None = None
    new: bool = False
    usual: Amount | None = None


class MonthOutlook(msgspec.Struct, frozen=True):
    """The running month; ``month_before`` is as many days of the one before."""

    month: Span
    until: date
    spend: Amount = Amount()
    pace_per_day: Amount | None = None
    by_month_end: Amount | None = None
    to_come: Amount | None = None
    threshold: Amount | None = None
    threshold_reached_on: date | None = None
    month_before: SpanSpend | None = None


class Episode(msgspec.Struct, frozen=True):
    """Days over budget that the period has ended."""

    since: date
    periods: int = 0
    over: Amount = Amount()
    may_be_longer: bool = False


class ToldBefore(msgspec.Struct, frozen=True):
    """What the channel was told of the period earlier."""

    verdicts: list[str] = []
    first_spend: Amount | None = None
    spend: Amount | None = None


class CauseSpend(msgspec.Struct, frozen=True):
    """What exactly moved: a usage type or model, in a linked account, region or kind of token."""

    service: str = ""
    what: str = ""
    where: str = ""
    spend: Amount = Amount()
    change: Amount | None = None
    since: date | None = None
    new: bool = False


class NoUsage(msgspec.Struct, frozen=True):
    """A charge that is no usage: tax, support fee, savings plan fee, domain registration."""

    kind: str = ""
    spend: Amount = Amount()


class Coaching(msgspec.Struct, frozen=True):
    """What the threshold would have said on the last days (months), and one that would have said less."""

    periods: int = 0
    exceeded: int = 0
    suggestion: Amount | None = None
    suggestion_exceeded: int = 0


class Wait(msgspec.Struct, frozen=True):
    """For AWS to publish all of the period: when it is looked at again, and when told at the latest."""

    next_look: datetime
    at_the_latest: datetime
    usual_by_now: str | None = None


class ClosedMonth(msgspec.Struct, frozen=True):
    """The month that has just closed, and the one before it."""

    month: SpanSpend
    month_before: SpanSpend
    change: Amount | None = None


class Costs(msgspec.Struct, frozen=True):
    """All that AWS answered, every name once: by entry the amounts in the names' order; null: not there."""

    currency: str = "USD"
    names: list[str] = []
    entries: list[tuple[date, date, list[str | None]]] = []

    @property
    def history(self) -> CostHistory:
        """The same as a value."""
        return CostHistory(tuple(self._entry(*entry) for entry in self.entries), self.currency)

    def _entry(self, start: date, end: date, amounts: Sequence[str | None]) -> CostEntry:
        named = zip(self.names, amounts, strict=True)
        return CostEntry(
            Period(start, end), {name: Decimal(text) for name, text in named if text is not None}
        )


class Figures(msgspec.Struct, frozen=True, kw_only=True):
    """A report's figures. Money that is null is not known, never zero."""

    account_id: str = ""
    frequency: str = ""
    period: Span
    made_at: datetime | None = None
    verdict: str = "not-published"
    tone: str = "care"
    spend: Amount | None = None
    whole: bool = True
    pending: Wait | None = None
    threshold: Amount | None = None
    excess: Amount | None = None
    metric: str = ""
    excluded_charges: list[str] = []
    scope: str = ""
    published_until: date | None = None
    link: str | None = None
    provisional: bool = False
    later_change: LaterChange | None = None
    compared_with: Comparison | None = None
    usual: Usual | None = None
    spike: bool = False
    milestone: str | None = None
    not_usage: list[NoUsage] = []
    causes: list[CauseSpend] = []
    asked_further: dict[str, Any] | None = None
    coaching: Coaching | None = None
    muted: bool = False
    correction: bool = False
    told: ToldBefore | None = None
    services: list[PartSpend] = []
    linked_accounts: list[PartSpend] = []
    budgets: list[BudgetSpend] = []
    shape: list[SpanSpend] = []
    outlook: MonthOutlook | None = None
    episode: Episode | None = None
    closing: ClosedMonth | None = None


class Document(Figures, frozen=True, kw_only=True):
    """A report: its figures, what AWS was asked and answered, and how they follow from that."""

    account_name: str = ""
    happened: list[str] = []
    taken_off: Amount | None = None
    misfit: list[str] | None = None
    divided: bool = True
    asked: dict[str, Any] = {}
    derived: list[str] = []
    costs: Costs = Costs()
