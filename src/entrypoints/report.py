"""A check's findings as a terminal, a pipe, JSON or CSV shows them. Every figure comes from the domain."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from rich.console import Console
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from adapters.chats.telex import Message
from adapters.pages.document import Amount, document_of
from adapters.pages.exports import public_json
from application.check_spend import SpendChecked
from application.monitor import Monitor
from application.notice import SpendNotice
from domain.money import Money
from domain.periods import Frequency, Period
from domain.reports import Report
from domain.thresholds import Verdict
from entrypoints.terminal import visible

COLORS = {Verdict.WITHIN: "green", Verdict.EXCEEDED: "red", Verdict.NOT_PUBLISHED: "yellow"}
BAR_WIDTH = 40
SERVICES_SHOWN = 12
DOLLARS_PER_REQUEST = Decimal("0.01")
"""Source: AWS Cost Explorer pricing."""


def print_report(console: Console, monitor: Monitor, checked: SpendChecked, message: Message) -> None:
    """Print the message, the days as bars with the threshold drawn in, and the services."""
    report = checked.reports[-1]
    paid = f"🧾 Paid requests: {checked.paid_requests} (${checked.paid_requests * DOLLARS_PER_REQUEST:.2f})"
    title, *facts = [*visible(message.text).splitlines(), paid]
    if console.is_terminal:
        text = Text("\n".join(facts).strip("\n"), overflow="fold")
        console.print(Panel(text, title=title, border_style=COLORS[report.verdict], expand=False))
    else:
        console.print("\n".join([title, *facts]), markup=False)
    for figure in (*_bars(monitor, report), *_services(report)):
        console.print()
        console.print(figure)


def _bars(monitor: Monitor, report: Report) -> Iterator[Table]:
    """One bar a day (or month). Only a day's or month's own threshold has a place among them."""
    shape = report.analysis.shape if report.analysis else ()
    known = [spend.amount for _, spend in shape if spend]
    if not report.spend or len(known) < 2:  # noqa: PLR2004  # one bar compares with nothing
        return
    has_threshold = monitor.frequency in {Frequency.DAILY, Frequency.MONTHLY}
    mark = report.threshold.amount if has_threshold else None
    # Bars stay readable when the threshold is far above all of them.
    highest = max(*known, min(mark, 2 * max(known))) if mark else max(known)
    title = f"threshold ┊ {Money(mark, report.spend.currency)}" if mark is not None else None
    table = Table(title=title, title_style="dim", title_justify="left", show_header=False, box=None)
    for justify in ("left", "left", "right"):
        table.add_column(justify=justify, no_wrap=True)
    for period, spend in shape:
        amount = spend.amount if spend else None
        table.add_row(_short(period), _bar(amount, highest, mark), str(spend) if spend else "not published")
    yield table


def _bar(amount: Decimal | None, highest: Decimal, mark: Decimal | None) -> Text:
    def columns(value: Decimal) -> int:
        return int(BAR_WIDTH * min(value, highest) / highest) if highest > 0 and value > 0 else 0

    is_over = mark is not None and amount is not None and amount > mark
    bar = "█" * columns(amount or Decimal())
    if mark is None or mark > highest:
        return Text(bar, style="cyan")
    place = columns(mark)
    line = f"{bar:<{BAR_WIDTH + 1}}"
    return Text.assemble(
        (line[:place], "red" if is_over else "cyan"),
        ("┊" if line[place] == " " else "╂", "bold"),
        (line[place + 1 :], "red"),
    )


def _short(period: Period) -> str:
    return f"{period.start:%b %Y}" if period.is_whole_month else f"{period.start:%a %d %b}"


def _services(report: Report) -> Iterator[Table]:
    analysis = report.analysis
    if not analysis or not report.spend:
        return
    for title, parts in (("service", analysis.parts), ("linked account", analysis.accounts)):
        if not parts:
            continue
        table = Table(box=None, header_style="bold")
        table.add_column(title, overflow="fold")
        table.add_column("spend", justify="right", no_wrap=True)
        table.add_column("change", justify="right", no_wrap=True)
        table.add_column("")
        for part in parts[:SERVICES_SHOWN]:
            spend = Money(part.amount, report.spend.currency)
            change = "" if part.change is None else _signed(Money(part.change, report.spend.currency))
            # What AWS names is printed as it is, never read as markup.
            table.add_row(Text(visible(part.name)), str(spend), change, "new" if part.is_new else "")
        if len(parts) > SERVICES_SHOWN:
            others = sum((part.amount for part in parts[SERVICES_SHOWN:]), Decimal())
            count = len(parts) - SERVICES_SHOWN
            table.add_row(f"and {count} others", str(Money(others, report.spend.currency)), "", "")
        yield table


def _signed(change: Money) -> str:
    return f"+{change}" if change.amount > 0 else str(change) if change.amount else "no change"


def report_json(notice: SpendNotice, paid_requests: int) -> dict[str, Any]:
    """What ``check --format json`` prints: the report's document, and what it cost."""
    paid = Amount(f"{(paid_requests * DOLLARS_PER_REQUEST).normalize():f}")
    return {**public_json(document_of(notice)), "paid_requests": paid_requests, "paid": paid}
