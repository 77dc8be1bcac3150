"""A check's findings as a line, as Markdown, for scripts, and those of several profiles side by side."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from rich.table import Table

from adapters.chats.amounts import signed, when
from adapters.pages.cells import cell
from adapters.pages.document import Amount
from adapters.pages.exports import costs_csv, public_json
from adapters.pages.writing import document_of
from application.aws_errors import AwsError
from application.notice import FailureNotice
from application.ports.cost_source import DOLLARS_PER_REQUEST
from domain.money import Money
from domain.thresholds import UNLIMITED, Verdict
from entrypoints.commands.report import Found, change_between, tables_of
from entrypoints.commands.terminal import Terminal, visible

NARROW = 100
"""Columns: below that, a table of profiles leaves out what can be looked up."""

MARKDOWN = str.maketrans({char: f"\\{char}" for char in "\\`*_{}[]<>#|~"} | {"@": "&#64;"})
"""What a name must not do to a page: markup, a column, a mention."""

JUDGED = {
    Verdict.EXCEEDED: "EXCEEDED",
    Verdict.WITHIN: "WITHIN",
    Verdict.NOT_PUBLISHED: "NOT PUBLISHED",
}


@dataclass(frozen=True, slots=True)
class Failed:
    """A check that could not be made.

    Args:
        failure: What AWS said.
        problem: The same for who runs the command.
        remedy: What to do.
        notice: The same for a channel.
        profile: Whose credentials; None: the standard chain's.
    """

    failure: AwsError
    problem: str
    remedy: str
    notice: FailureNotice
    profile: str | None = None

    @property
    def lines(self) -> list[str]:
        """For a screen."""
        whose = f"{self.profile}: " if self.profile else ""
        return [f"✗ {whose}{self.problem}", f"  → {self.remedy}"]


Result = Found | Failed


def summary(found: Found) -> str:
    """``EXCEEDED $166.40 > $110.00 (Tue 10 Nov 2026): SageMaker +$64.00``."""
    report = found.report
    parts = [found.profile] if found.profile else []
    is_part = not report.whole or report.verdict is Verdict.NOT_PUBLISHED
    spend = f"{report.spend or 'nothing'}{' so far' if is_part else ''}"
    limit = _limit(found)
    match report.verdict:
        case Verdict.NOT_PUBLISHED:
            parts += ["NOT PUBLISHED", spend, *([f"of {limit}"] if limit else [])]
        case verdict if found.has_threshold:
            is_over = report.spend is not None and report.spend.amount > report.threshold.amount
            parts += [JUDGED[verdict], f"{spend} {'>' if is_over else '<='} {limit}" if limit else spend]
        case _:
            parts.append(spend)
    line = f"{' '.join(parts)} ({when(report.period)})"
    mover = _mover(found)
    return f"{line}: {mover}" if mover else line


def _limit(found: Found) -> str:
    """The bill's own, if it has one beside its parts'."""
    threshold = found.report.threshold
    return "" if threshold == UNLIMITED else str(Money(threshold.amount, found.notice.currency))


def _mover(found: Found) -> str:
    """What stands out above its usual, else what rose the most."""
    analysis = found.report.analysis
    if analysis is None or not found.report.spend:
        return ""
    if culprit := analysis.culprit:
        return f"{_short(culprit.name)} {signed(culprit.amount - culprit.usual)}"
    rises = [part for part in analysis.parts if part.change and part.change > 0]
    if not rises:
        return ""
    most = max(rises, key=lambda part: part.change or Decimal())
    change = change_between(most.amount, most.before or Decimal(), found.notice.currency)
    return f"{_short(most.name)} {change}" if change.startswith("+") else ""


def _short(name: str) -> str:
    """Without the maker's name, which all have."""
    return visible(name).removeprefix("Amazon ").removeprefix("AWS ")


def markdown(found: Found) -> str:
    """The facts and the parts as tables, for a ticket or a job's summary."""
    words = found.words
    lines = [f"### {words.symbol} {'AWS Spend Alert' if found.has_threshold else 'AWS Spend'}", ""]
    if words.happened:
        lines += [_escaped(words.happened), ""]
    lines += ["| | |", "| --- | --- |"]
    lines += [f"| {fact.label} | {_escaped(fact.value)} |" for fact in words.facts]
    for heading, rows in tables_of(found):
        lines += ["", f"| {_escaped(heading)} | spend | change | |", "| --- | ---: | ---: | --- |"]
        lines += [f"| {_escaped(row.name)} | {row.spend} | {row.change} | {row.note} |" for row in rows]
    if words.links:
        label, address = words.links[0]
        lines += ["", f"[{_escaped(label)}]({address})"]
    return "\n".join([*lines, "", f"{found.paid}", ""])


def markdown_of_failure(failed: Failed) -> str:
    """The problem and what to do."""
    whose = f"{_escaped(failed.profile)}: " if failed.profile else ""
    return f"### ⚠️ Check failed\n\n{whose}{_escaped(failed.problem)}\n\n{_escaped(failed.remedy)}\n"


def _escaped(text: str) -> str:
    return " ".join(visible(text).split()).translate(MARKDOWN)


def json_of(result: Result) -> dict[str, Any]:
    """What ``check --format json`` prints: the report's document, and what it cost."""
    profile = {"profile": result.profile} if result.profile else {}
    if isinstance(result, Failed):
        error = {"code": result.failure.code, "problem": result.problem, "remedy": result.remedy}
        return {**profile, "error": error, "paid_requests": result.failure.paid_requests}
    count = result.checked.paid_requests
    paid = Amount(f"{(count * DOLLARS_PER_REQUEST).normalize():f}")
    document = public_json(document_of(result.notice))
    if not result.has_threshold:
        document |= {"verdict": None, "tone": None}
    return {**profile, **document, "paid_requests": count, "paid": paid}


def csv_of(results: Sequence[Result]) -> str:
    """The rows of each profile; with several, whose they are stands first."""
    found = [result for result in results if isinstance(result, Found)]
    if len(results) == 1:
        return costs_csv(found[0].checked.history) if found else ""
    table = io.StringIO()
    writer = csv.writer(table, lineterminator="\n")
    writer.writerow(["profile", "start", "end", "service", "amount", "currency"])
    for one in found:
        rows = csv.reader(io.StringIO(costs_csv(one.checked.history)))
        next(rows)
        writer.writerows([cell(one.profile or ""), *row] for row in rows)
    return table.getvalue()


def print_side_by_side(terminal: Terminal, results: Sequence[Result]) -> None:
    """One row a profile, and what they cost together."""
    found = [result for result in results if isinstance(result, Found)]
    if found:
        terminal.print(_table(terminal, found))


def _table(terminal: Terminal, found: Sequence[Found]) -> Table:
    is_wide = terminal.width >= NARROW
    has_verdicts = any(one.has_threshold for one in found)
    table = Table(box=None, header_style="bold", title=when(found[0].report.period), title_justify="left")
    table.add_column("profile", overflow="fold")
    if is_wide:
        table.add_column("account", no_wrap=True)
    for heading in ("spend", "change", *(["month so far", "by its end"] if is_wide else [])):
        table.add_column(heading, justify="right", no_wrap=True)
    if has_verdicts:
        table.add_column("status", overflow="fold")
    for one in found:
        account = [one.notice.account.id] if is_wide else []
        amounts = _amounts(one) if is_wide else _amounts(one)[:2]
        status = [_status(one)] if has_verdicts else []
        table.add_row(terminal.text(one.profile or ""), *account, *amounts, *status)
    if total := _total(found):
        table.add_section()
        table.add_row("together", *([""] if is_wide else []), total)
    return table


def _amounts(found: Found) -> list[str]:
    report, analysis = found.report, found.report.analysis
    spend = str(report.spend) if report.spend else "not published"
    before = analysis.spend_before if analysis else None
    change = (
        change_between(report.spend.amount, before.amount, found.notice.currency)
        if report.spend and before
        else ""
    )
    outlook = analysis.outlook if analysis else None
    by_end = outlook.by_month_end if outlook else None
    return [spend, change, str(outlook.spend) if outlook else "", f"about {by_end}" if by_end else ""]


def _status(found: Found) -> str:
    return JUDGED[found.report.verdict].lower() if found.has_threshold else ""


def _total(found: Sequence[Found]) -> str:
    """Of accounts that are told apart, in one currency."""
    spends = [one.report.spend for one in found if one.report.spend]
    accounts = {one.notice.account.id for one in found}
    is_sum = len(accounts) == len(found) == len(spends) and len({spend.currency for spend in spends}) == 1
    if not is_sum or len(spends) == 1:
        return ""
    return str(Money(sum((spend.in_cents() for spend in spends), Decimal()), spends[0].currency))
