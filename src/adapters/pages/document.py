"""A report as a document: what ``check --format json`` prints, what a page keeps and is drawn from.

The keys are stable: they are added to, never renamed, and every one may be absent. So a page still reads a
document that an older version wrote. They are explained in ``docs/check-json.md``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import msgspec

from adapters.aws.console import console_link
from adapters.aws.cost_explorer import request_for
from adapters.chats.happened import events
from adapters.pages.derivation import derivation_of
from application.notice import SpendNotice
from domain import coach
from domain.analysis import Analysis
from domain.causes import Cause
from domain.costs import CostEntry, CostHistory
from domain.money import Money
from domain.movers import Part
from domain.outlook import Outlook
from domain.periods import Frequency, Period
from domain.reports import Report
from domain.thresholds import UNLIMITED
from domain.told import Told

MOST_PARTS = 300
"""A document has to fit into one message of NATS (1 MiB) and on a screen; the smaller ones become one."""


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


def _budgets(report: Report) -> list[BudgetSpend]:
    return [
        BudgetSpend(
            part.name,
            _amount(part.spend) or Amount(),
            _amount(Money(part.budget.amount, part.spend.currency)) if part.budget else None,
            part.verdict,
            part.is_new,
        )
        for part in report.parts[:MOST_PARTS]
    ]


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


def document_of(notice: SpendNotice) -> Document:
    """Write a report down."""
    report, question, currency = notice.report, notice.question, notice.currency
    is_limited = report.threshold != UNLIMITED
    document = Document(
        account_id=notice.account.id,
        frequency=notice.frequency,
        period=_span(report.period),
        made_at=notice.made_at,
        verdict=report.verdict,
        tone=notice.tone,
        spend=_amount(report.spend),
        threshold=_amount(Money(report.threshold.amount, currency) if is_limited else None),
        excess=_amount(report.threshold.excess(report.spend) if report.spend and is_limited else None),
        metric=question.metric,
        excluded_charges=list(question.excluded_record_types),
        scope=str(question.scope),
        published_until=notice.history.published_until,
        link=console_link(question, report.period, currency) or None,
        spike=report.spike,
        milestone=None if report.milestone is None else digits(report.milestone),
        correction=report.corrects,
        budgets=_budgets(report),
        told=_told(report.before),
        account_name=notice.account.name,
        happened=[*events(notice)],
        divided=notice.history.is_divided,
        asked=request_for(question),
        derived=derivation_of(notice),
        costs=_costs(notice.history),
    )
    return _with_analysis(document, notice, report.analysis) if report.analysis else document


def _with_analysis(document: Document, notice: SpendNotice, analysis: Analysis) -> Document:
    currency, spend, before = notice.currency, notice.report.spend, analysis.before
    change = spend - analysis.spend_before if spend and analysis.spend_before else None
    later, usual, episode = analysis.later_change, analysis.usual, analysis.episode
    return msgspec.structs.replace(
        document,
        taken_off=_amount(analysis.taken_off),
        misfit=list(analysis.misfit.near) if analysis.misfit else None,
        provisional=analysis.provisional,
        later_change=later and LaterChange(f"{later.percent:f}", later.periods),
        compared_with=before
        and Comparison(before.start, before.end, _amount(analysis.spend_before), _amount(change)),
        usual=usual
        and Usual(
            f"{notice.report.period.start:%A}",
            _amount(usual.median),
            _amount(usual.lowest),
            _amount(usual.highest),
        ),
        not_usage=[NoUsage(one.kind, _known(one.amount)) for one in analysis.artefacts],
        causes=[_cause(cause, currency) for cause in analysis.causes],
        asked_further=request_for(notice.further) if notice.further else None,
        coaching=_coaching(analysis.coaching) if analysis.coaching else None,
        muted=notice.report.despite is not None,
        services=_parts(analysis.parts, currency),
        linked_accounts=_parts(analysis.accounts, currency),
        shape=[SpanSpend(period.start, period.end, _amount(one)) for period, one in analysis.shape],
        outlook=analysis.outlook and _outlook(analysis.outlook, notice.history),
        episode=episode
        and Episode(episode.since, episode.periods, _known(episode.over), may_be_longer=episode.is_older),
    )


def _outlook(outlook: Outlook, history: CostHistory) -> MonthOutlook:
    so_far = Period(outlook.month.start, outlook.until)
    before = Frequency.MONTH_TO_DATE.period_before(so_far)
    known_from = history.published_from
    is_known = known_from is not None and known_from <= before.start
    limit = Money(outlook.threshold.amount, outlook.spend.currency) if outlook.threshold else None
    return MonthOutlook(
        month=_span(outlook.month),
        until=outlook.until,
        spend=_known(outlook.spend),
        pace_per_day=_amount(outlook.pace),
        by_month_end=_amount(outlook.by_month_end),
        to_come=_amount(outlook.to_come),
        threshold=_amount(limit),
        threshold_reached_on=outlook.reached_on,
        month_before=SpanSpend(before.start, before.end, _amount(history.spend(before)))
        if is_known
        else None,
    )


def _cause(cause: Cause, currency: str) -> CauseSpend:
    change = None if cause.change is None else Money(cause.change, currency)
    spend = _known(Money(cause.amount, currency))
    return CauseSpend(
        cause.service, cause.what, cause.where, spend, _amount(change), cause.since, cause.is_new
    )


def _coaching(coaching: coach.Coaching) -> Coaching:
    suggestion = _amount(coaching.suggestion)
    return Coaching(coaching.periods, coaching.fired, suggestion, coaching.would_fire)


def _told(told: Told | None) -> ToldBefore | None:
    if told is None:
        return None
    return ToldBefore([*told.verdicts], _amount(told.first_spend), _amount(told.spend))


def _parts(parts: Sequence[Part], currency: str) -> list[PartSpend]:
    named, others = parts[:MOST_PARTS], parts[MOST_PARTS:]
    if others:
        before = (
            None if others[0].before is None else sum((one.before or Decimal() for one in others), Decimal())
        )
        amount = sum((one.amount for one in others), Decimal())
        named = [*named, Part(f"and {len(others)} others", amount, before)]
    return [
        PartSpend(
            part.name,
            _known(Money(part.amount, currency)),
            None if part.change is None else _amount(Money(part.change, currency)),
            part.is_new,
            None if part.usual is None else _amount(Money(part.usual, currency)),
        )
        for part in named
    ]


def _costs(history: CostHistory) -> Costs:
    totals: dict[str, Decimal] = {}
    for entry in history.entries:
        for name, amount in entry.services.items():
            totals[name] = totals.get(name, Decimal()) + abs(amount)
    names = list(totals)
    if len(names) > MOST_PARTS:
        names = sorted(sorted(names, key=lambda name: -totals[name])[:MOST_PARTS])
        history = _with_others(history, frozenset(names), f"and {len(totals) - MOST_PARTS} others")
        names.append(f"and {len(totals) - MOST_PARTS} others")
    entries = [
        (entry.period.start, entry.period.end, [_optional_digits(entry.services.get(name)) for name in names])
        for entry in history.entries
    ]
    return Costs(history.currency, names, entries)


def _with_others(history: CostHistory, named: frozenset[str], others: str) -> CostHistory:
    entries = []
    for entry in history.entries:
        kept = {name: amount for name, amount in entry.services.items() if name in named}
        if len(kept) < len(entry.services):
            kept[others] = entry.total - sum(kept.values(), Decimal())
        entries.append(replace(entry, services=kept))
    return replace(history, entries=tuple(entries))


def amount_of(money: Money) -> Amount:
    """An amount of money as a document has it."""
    return _known(money)


def _span(period: Period) -> Span:
    return Span(period.start, period.end)


def _amount(money: Money | None) -> Amount | None:
    return _known(money) if money else None


def _known(money: Money) -> Amount:
    return Amount(digits(money.amount), money.currency)


def digits(amount: Decimal) -> str:
    """As text, without an exponent and zeros at the end."""
    return f"{amount.normalize():f}"


def _optional_digits(amount: Decimal | None) -> str | None:
    return None if amount is None else digits(amount)
