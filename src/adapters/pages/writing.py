"""Writes a report down as a document."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

import msgspec

from adapters.aws.console import console_link
from adapters.aws.cost_explorer import request_for
from adapters.chats.happened import events
from adapters.pages.derivation import derivation_of
from adapters.pages.document import (
    Amount,
    BudgetSpend,
    CauseSpend,
    ClosedMonth,
    Coaching,
    Comparison,
    Costs,
    Document,
    Episode,
    LaterChange,
    MonthOutlook,
    NoUsage,
    PartSpend,
    Span,
    SpanSpend,
    ToldBefore,
    Usual,
    Wait,
)
from application.notice import SpendNotice
from domain import coach
from domain.analysis import Analysis
from domain.causes import Cause
from domain.closing import Closing
from domain.costs import CostEntry, CostHistory
from domain.money import Money
from domain.movers import Part
from domain.outlook import Outlook
from domain.periods import Frequency, Period
from domain.reports import Report
from domain.settling import Pending
from domain.thresholds import UNLIMITED
from domain.told import Told

MOST_PARTS = 300
"""A document has to fit into one message of NATS (1 MiB) and on a screen; the smaller ones become one."""


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
        whole=report.whole,
        pending=_wait(report.pending) if report.pending else None,
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
        closing=_closed(report.closing) if report.closing else None,
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


def _wait(pending: Pending) -> Wait:
    return Wait(pending.next_look, pending.at_the_latest, usual_by_now=_optional_digits(pending.share))


def _closed(closing: Closing) -> ClosedMonth:
    change = closing.spend - closing.spend_before
    return ClosedMonth(
        month=SpanSpend(closing.month.start, closing.month.end, _known(closing.spend)),
        month_before=SpanSpend(
            closing.month_before.start, closing.month_before.end, _known(closing.spend_before)
        ),
        change=_known(change),
    )


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
        entries.append(CostEntry(entry.period, kept))
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
