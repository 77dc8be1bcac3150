"""What was asked of AWS, and how each figure of a report was derived from the answer."""

from __future__ import annotations

from collections.abc import Iterator

from application.notice import SpendNotice
from domain.analysis import Analysis
from domain.coach import Coaching
from domain.outlook import Outlook
from domain.reports import Report
from domain.thresholds import UNLIMITED, Verdict


def derivation_of(notice: SpendNotice) -> list[str]:
    """Plain sentences, one for each figure of the report."""
    report = notice.report
    return [*_verdict(notice), *(_analysis(report, report.analysis) if report.analysis else ())]


def _verdict(notice: SpendNotice) -> Iterator[str]:
    report, today = notice.report, notice.question.window.end
    period, history = report.period, notice.history
    entries = [entry for entry in history.entries if entry.period in period and entry.services]
    published = history.published_until or "nothing"
    spend = f"{report.spend.amount:f}" if report.spend else "not known"
    divided = "all services" if history.is_divided else "not divided by service, as that takes too many pages"
    yield f"period: {notice.frequency} on {today} (UTC) is {period.start} up to, without, {period.end}"
    yield f"published until: {published} (exclusive), the end of the newest entry with costs"
    yield f"spend: the sum of {len(entries)} entries inside the period, {divided}, unrounded: {spend}"
    if report.threshold != UNLIMITED:
        yield f"verdict: {report.verdict}, as exceeded means more than {report.threshold.amount:f}"
    if report.parts:
        over = sum(part.verdict is Verdict.EXCEEDED for part in report.parts)
        yield f"parts: {over} of {len(report.parts)} cost more than their own budgets"


def _analysis(report: Report, analysis: Analysis) -> Iterator[str]:
    yield from _compared(analysis)
    yield from _made_of(analysis)
    if analysis.coaching:
        yield from _coaching(analysis.coaching)
    if analysis.provisional:
        yield f"provisional: {report.period.last_day} is too recent for AWS to be done with"
    if analysis.outlook:
        yield from _outlook(analysis.outlook)


def _compared(analysis: Analysis) -> Iterator[str]:
    if analysis.misfit:
        yield "scope: nothing in the whole window fits it, so there is no figure, neither now nor later"
    if analysis.before and analysis.spend_before:
        yield f"compared with: {analysis.before}, which cost {analysis.spend_before.amount:f}"
    if analysis.usual:
        days = ", ".join(f"{day} {spend.amount:f}" for day, spend in analysis.usual.days)
        yield f"usual: the median of the last same weekdays ({days}) is {analysis.usual.median.amount:f}"


def _made_of(analysis: Analysis) -> Iterator[str]:
    if analysis.parts:
        yield f"services: {len(analysis.parts)}, the largest change first; their amounts add up to the spend"
    if analysis.accounts:
        yield f"linked accounts: {len(analysis.accounts)}; their amounts add up to the spend"
    for artefact in analysis.artefacts:
        yield f"{artefact.kind}: {artefact.amount.amount:f} of the spend is no usage, by its service's name"
    for cause in analysis.causes:
        before = "" if cause.before is None else f", {cause.before:f} in the period before"
        since = f", at that level since {cause.since}" if cause.since else ""
        yield f"cause: {cause.service}, {cause.what}, {cause.where}: {cause.amount:f}{before}{since}"


def _coaching(coaching: Coaching) -> Iterator[str]:
    yield f"threshold: exceeded on {coaching.fired} of the last {coaching.periods} published ones"
    if coaching.suggestion:
        yield f"suggestion: {coaching.suggestion.amount:f}, exceeded on {coaching.would_fire} of them"


def _outlook(outlook: Outlook) -> Iterator[str]:
    yield f"month so far: {outlook.spend.amount:f} up to, without, {outlook.until}"
    if outlook.pace and outlook.by_month_end:
        yield (
            f"pace: the last seven published days cost {outlook.pace.amount:f} each, on average; a charge "
            "that comes on no other day of two weeks counts as what its service costs on the other days"
        )
        late = (
            f", with {outlook.to_come.amount:f} that fell on the 1st before and is missing"
            if outlook.to_come and outlook.to_come.amount
            else ""
        )
        yield f"by the end of the month: {outlook.by_month_end.amount:f}{late}"
        if outlook.lacking:
            yield f"of the newest day a part is there: {outlook.lacking.amount:f} more make it a usual one"
