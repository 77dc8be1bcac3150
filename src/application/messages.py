"""The words of a message. They read well as plain text and as markdown; the first six lines say it all."""

from __future__ import annotations

from dataclasses import dataclass

from application.errors import AwsRefused, AwsUnavailable, SettingsRejected
from application.text import harmless
from domain.money import Money
from domain.periods import Period
from domain.reports import Report
from domain.thresholds import Verdict

LONGEST = 2000
"""Characters in a message. Source: TELEX.md, no limit is known: keep to 2,000."""

TITLE = "AWS Spend Alert"


@dataclass(frozen=True, slots=True)
class Message:
    """What a channel reads.

    Args:
        text: Lines of plain text, at most 2,000 characters.
        good: Whether it is shown as good news (green) or as bad (red).
    """

    text: str
    good: bool

    def __post_init__(self) -> None:
        if len(self.text) > LONGEST:
            object.__setattr__(self, "text", self.text[: LONGEST - 1] + "…")


def report_message(account_id: str, report: Report) -> Message:
    """Say what a period cost and whether that is within budget."""
    excess = report.threshold.excess(report.spend) if report.spend else None
    currency = report.spend.currency if report.spend else "USD"
    threshold = str(Money(report.threshold.amount, currency))
    match report.verdict:
        case Verdict.EXCEEDED:
            symbol, status = "🔔", "🔴 Status: Exceeded Budget"
            threshold += f" (exceeded by {excess}{_percent_over(report)})"
        case Verdict.WITHIN:
            symbol, status = "✅", "🟢 Status: Within Budget"
        case Verdict.NOT_PUBLISHED:
            symbol, status = "⏳", "🟡 Status: Not Published Yet"
    lines = [
        f"{symbol} {TITLE}",
        "",
        f"🏦 AWS Account: {harmless(account_id)}",
        f"💰 Current Spend: {_spend(report)}",
        f"🎯 Threshold: {threshold}",
        status,
    ]
    if report.verdict is Verdict.NOT_PUBLISHED:
        lines.append("ℹ️ AWS has not published all costs of this period; you will be told when it has.")
    if report.corrects and report.before:
        lines.append(
            f"✏️ Correction: told before as {_told(report.before.verdicts[-1], report.before.spend)}."
        )
    return Message("\n".join(lines), good=report.verdict is not Verdict.EXCEEDED)


def failure_message(
    failure: SettingsRejected | AwsRefused | AwsUnavailable, period: Period, account_id: str | None = None
) -> Message:
    """Say that a check could not be made, why, and the one thing to do about it."""
    lines = [f"⚠️ {TITLE}", "", f"🏦 AWS Account: {harmless(account_id or 'unknown')}"]
    lines.append(f"📅 Period: {period}")
    lines.append("🔴 Status: Check Failed")
    if isinstance(failure, SettingsRejected):
        lines += [f"❗ {problem}" for problem in failure.problems]
        lines.append("🔧 What to do: correct this in the integration's settings.")
    else:
        lines += [f"❗ {failure}", f"🔧 What to do: {failure.remedy}"]
    return Message("\n".join(lines), good=False)


def _spend(report: Report) -> str:
    if report.spend is None:
        return f"not published yet ({report.period})"
    so_far = " so far" if report.verdict is Verdict.NOT_PUBLISHED else ""
    return f"{report.spend}{so_far} ({report.period})"


def _percent_over(report: Report) -> str:
    if report.spend is None or report.threshold.amount == 0:
        return ""
    percent = 100 * report.threshold.excess(report.spend).amount / report.threshold.amount
    return f", {percent:,.0f}%" if percent >= 1 else ", under 1%"


def _told(verdict: Verdict, spend: Money | None) -> str:
    words = "exceeded" if verdict is Verdict.EXCEEDED else "within budget"
    return f"{words} at {spend}"
