"""What was asked of AWS, and how each figure of a report was derived from the answer."""

from __future__ import annotations

from collections.abc import Iterator

from application.notice import SpendNotice
from domain.analysis import Analysis
from domain.reports import Report


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
    yield f"period: {notice.frequency} on {today} (UTC) is {period.start} up to, without, {period.end}"
    yield f"published until: {published} (exclusive), the end of the newest entry with costs"
    yield f"spend: the sum of {len(entries)} entries inside the period, all services, unrounded: {spend}"
    yield f"verdict: {report.verdict}, as exceeded means more than {report.threshold.amount:f}"


def _analysis(report: Report, analysis: Analysis) -> Iterator[str]:
    if analysis.before and analysis.spend_before:
        yield f"compared with: {analysis.before}, which cost {analysis.spend_before.amount:f}"
    if analysis.usual:
        days = ", ".join(f"{day} {spend.amount:f}" for day, spend in analysis.usual.days)
        yield f"usual: the median of the last same weekdays ({days}) is {analysis.usual.median.amount:f}"
    if analysis.parts:
        yield f"services: {len(analysis.parts)}, the largest change first; their amounts add up to the spend"
    if analysis.provisional:
        yield f"provisional: {report.period.last_day} is too recent for AWS to be done with"
    if analysis.outlook:
        outlook = analysis.outlook
        pace = (
            f"; the trailing seven days cost {outlook.pace.amount:f} each, on average" if outlook.pace else ""
        )
        yield f"month so far: {outlook.spend.amount:f} up to, without, {outlook.until}{pace}"
