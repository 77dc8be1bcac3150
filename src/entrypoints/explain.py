"""``check --explain``: what was asked of AWS, and how each figure was derived from the answer."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from adapters.aws.cost_explorer import request_for
from application.check_spend import SpendChecked
from application.monitor import Monitor
from domain.analysis import Analysis
from domain.reports import Report


def explanation(monitor: Monitor, checked: SpendChecked) -> str:
    """Plain sentences, one per figure of the report."""
    report = checked.reports[-1]
    lines = [
        "",
        "Asked of Cost Explorer (GetCostAndUsage, every page):",
        f"  {msgspec.json.encode(request_for(checked.query)).decode()}",
        "Derived from the answer:",
        *(f"  {line}" for line in _verdict(monitor, checked, report)),
    ]
    if report.analysis:
        lines += [f"  {line}" for line in _analysis(report, report.analysis)]
    return "\n".join(lines)


def _verdict(monitor: Monitor, checked: SpendChecked, report: Report) -> Iterator[str]:
    period, today = report.period, checked.query.window.end
    entries = [entry for entry in checked.history.entries if entry.period in period and entry.services]
    published = checked.history.published_until or "nothing"
    spend = f"{report.spend.amount:f}" if report.spend else "not known"
    yield f"period: {monitor.frequency} on {today} (UTC) is {period.start} up to, without, {period.end}"
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
