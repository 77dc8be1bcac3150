"""What exactly moved, and what of a spend is no usage, in words."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from adapters.aws.usage_types import in_words
from adapters.chats.amounts import signed
from adapters.chats.words import LONGEST_NAME
from application.notice import SpendNotice
from application.ports.cost_source import BY_ACCOUNT, BY_REGION, BY_SERVICE, CostQuery
from application.text import one_line
from domain.analysis import Analysis
from domain.artefacts import Kind
from domain.causes import Cause
from domain.money import Money
from domain.reports import Report
from domain.thresholds import Verdict

NOT_USAGE = {
    Kind.TAX: "tax",
    Kind.SUPPORT: "the support fee",
    Kind.SAVINGS_PLAN: "the savings plan's fee",
    Kind.REGISTRATION: "domain registration",
}


def causes_in_words(notice: SpendNotice, analysis: Analysis) -> Iterator[str]:
    """A sentence each, with the service where that was not named before.

    ``p4d.24xlarge instances in us-east-1, account ml-research: +$118.33, new since 2026-11-22.``
    """
    named = analysis.culprit.name if analysis.culprit else ""
    for cause in analysis.causes:
        service = "" if cause.service == named else f"{one_line(cause.service, LONGEST_NAME)}: "
        yield f"{service}{_cause(cause, notice.further, notice.currency)}."


def is_no_usage(report: Report, analysis: Analysis) -> bool:
    """Whether the period is over its threshold only by what is no usage."""
    if report.spend is None or not analysis.artefacts or report.verdict is not Verdict.EXCEEDED:
        return False
    not_used = sum((one.amount.amount for one in analysis.artefacts), Decimal())
    return report.spend.amount - not_used <= report.threshold.amount


def not_usage_in_words(analysis: Analysis) -> str:
    """``Of this, $118.00 is the support fee, not usage``, without a full stop."""
    charges = [f"{one.amount} is {NOT_USAGE[one.kind]}" for one in analysis.artefacts]
    return f"Of this, {' and '.join(charges)}, not usage"


def _cause(cause: Cause, asked: CostQuery | None, currency: str) -> str:
    grown = cause.change is not None and cause.change > 0
    amount = str(Money(cause.amount, currency))
    if cause.change and grown:
        amount = signed(Money(cause.change, currency))
    since = f", {'new ' if cause.is_new else ''}since {cause.since}" if cause.since and grown else ""
    return f"{_place(cause, asked)}: {amount}{since}"


def _place(cause: Cause, asked: CostQuery | None) -> str:
    what, region = in_words(cause.what)
    what, where = one_line(what, LONGEST_NAME), one_line(cause.where, LONGEST_NAME)
    if asked and BY_ACCOUNT in asked.group_by:
        return f"{what}{f' in {region}' if region else ''}, account {where}"
    if asked and BY_REGION in asked.group_by:
        return f"{what} in {where}"
    if asked and BY_SERVICE in asked.group_by:
        return f"{what}{f' in {region}' if region else ''}, {where}"
    return f"{what}, {where}"
