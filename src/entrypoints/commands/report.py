"""A check's findings for people: message, days as bars, what it is made of. Every figure is the domain's.

One amount is one amount on the whole screen, and what stands in a column adds up to what is said of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from rich import box
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from adapters.chats.wording import words_of
from adapters.chats.words import Detail, Words
from application.check_spend import SpendChecked
from application.monitor import Monitor
from application.notice import SpendNotice
from application.ports.cost_source import DOLLARS_PER_REQUEST
from domain.money import CENT, Money
from domain.movers import Part
from domain.periods import Frequency, Period
from domain.reports import Report
from domain.thresholds import UNLIMITED, Verdict
from entrypoints.commands.terminal import Terminal

COLORS = {Verdict.WITHIN: "green", Verdict.EXCEEDED: "red", Verdict.NOT_PUBLISHED: "yellow"}
BAR_WIDTH, LEAST_BAR, PADDING = 40, 5, 6
PARTS_SHOWN = 12
"""Source: AWS Cost Explorer pricing."""

COMPARED = ("Threshold", "Status")
"""The facts that say nothing without a threshold."""

LOOK_AGAIN = "AWS has not published all costs of this period yet: look again in some hours."
LONGEST_LINK = 200


@dataclass(frozen=True, slots=True)
class Found:
    """What a check has found.

    Args:
        monitor: What was watched.
        checked: What AWS answered.
        notice: What there is to say.
        divided: What the bill was divided by, as a heading.
        profile: Whose credentials; None: the standard chain's.
    """

    monitor: Monitor
    checked: SpendChecked
    notice: SpendNotice
    divided: str = "service"
    profile: str | None = None

    @property
    def report(self) -> Report:
        """The period's."""
        return self.notice.report

    @property
    def has_threshold(self) -> bool:
        """Whether there is a verdict, be it on parts of the bill alone."""
        return self.report.threshold != UNLIMITED or bool(self.monitor.budgets)

    @property
    def words(self) -> Words:
        """What a channel would be told, but nothing that only a service can keep."""
        words = words_of(self.notice)
        misfit = self.report.analysis and self.report.analysis.misfit
        if self.report.verdict is Verdict.NOT_PUBLISHED and not misfit:
            words = replace(words, happened=LOOK_AGAIN)
        if not self.has_threshold:
            facts = tuple(fact for fact in words.facts if fact.label not in COMPARED)
            words = replace(words, facts=facts, symbol="💰")
        return words

    @property
    def paid(self) -> str:
        """What this look has cost."""
        count = self.checked.paid_requests
        return f"Paid requests: {count} (${count * DOLLARS_PER_REQUEST:.2f})"


def print_report(terminal: Terminal, found: Found) -> None:
    """Print the message, the days as bars with the threshold drawn in, and the parts."""
    figures = [*_bars(terminal, found.report, found), *_tables(terminal, found)]
    words, title = found.words, "AWS Spend Alert" if found.has_threshold else "AWS Spend"
    heading = terminal.labelled(words.symbol, title)
    lines = [terminal.text(line) for line in _lines(terminal, found, words, has_tables=bool(figures))]
    if link := _link(terminal, words):
        lines.append(link)
    lines.append(Text(terminal.labelled("🧾", found.paid)))
    if terminal.is_terminal:
        color = COLORS[found.report.verdict] if found.has_threshold else "cyan"
        body = Text("\n", overflow="fold").join(lines)
        shape = box.ASCII if terminal.is_ascii else box.ROUNDED
        terminal.print(Panel(body, title=heading, border_style=color, expand=False, box=shape))
    else:
        for line in (Text(heading), *lines):
            terminal.print(line)
    for figure in figures:
        terminal.print()
        terminal.print(figure)


def _lines(terminal: Terminal, found: Found, words: Words, *, has_tables: bool) -> Iterator[str]:
    """The message's lines; what the tables below say is not said twice."""
    if words.happened:
        yield words.happened
    for fact in words.facts:
        yield terminal.labelled(fact.symbol, f"{fact.label}: {fact.value}")
    details = [_shortened(detail, found) if has_tables else detail for detail in words.details]
    details = [detail for detail in details if detail.text or detail.items]
    if details:
        yield ""
    for detail in details:
        label = f"{detail.label}: " if detail.label else ""
        yield terminal.labelled(detail.symbol, f"{label}{detail.text}".rstrip())
        yield from detail.listed


def _shortened(detail: Detail, found: Found) -> Detail:
    analysis = found.report.analysis
    is_drawn = detail.label.startswith("Last ") and analysis is not None and len(_known(found.report)) > 1
    if is_drawn:
        return replace(detail, text="", items=())
    return replace(detail, items=()) if detail.label in {"Why", "Linked accounts"} else detail


def _link(terminal: Terminal, words: Words) -> Text | None:
    """On a terminal it takes no room; elsewhere half a link leads nowhere, and a good day is short."""
    if not words.links:
        return None
    label, address = words.links[0]
    if not terminal.is_terminal and words.is_quiet and len(address) > LONGEST_LINK:
        return None
    return terminal.link(terminal.labelled("🔗", label), address)


def _known(report: Report) -> list[Decimal]:
    return [spend.amount for _, spend in report.analysis.shape if spend] if report.analysis else []


def _bars(terminal: Terminal, report: Report, found: Found) -> Iterator[Table]:
    """One bar a day (or month). Only a day's or month's own threshold has a place among them."""
    known = _known(report)
    if not report.analysis or len(known) < 2:  # noqa: PLR2004  # one bar compares with nothing
        return
    frequency, currency = found.notice.frequency, found.notice.currency
    has_mark = report.threshold != UNLIMITED and frequency in {Frequency.DAILY, Frequency.MONTHLY}
    mark = report.threshold.amount if has_mark else None
    # Bars stay readable when the threshold is far above all of them.
    highest = max(*known, min(mark, 2 * max(known))) if mark else max(known)
    rows = [
        (_short(period), spend.amount if spend else None, str(spend) if spend else "not published")
        for period, spend in report.analysis.shape
    ]
    taken = max(len(day) for day, _, _ in rows) + max(len(amount) for _, _, amount in rows) + PADDING
    room = min(BAR_WIDTH, terminal.width - taken)
    title = f"threshold ┊ {Money(mark, currency)}" if mark is not None else None
    table = Table(
        title=title and terminal.text(title),
        title_style="dim",
        title_justify="left",
        show_header=False,
        box=None,
    )
    for justify in ("left", *(["left"] if room >= LEAST_BAR else []), "right"):
        table.add_column(justify=justify, no_wrap=True)  # type: ignore[arg-type]  # they are rich's words
    for day, amount, shown in rows:
        bar = [_bar(amount, highest, mark, room)] if room >= LEAST_BAR else []
        table.add_row(day, *bar, shown)
    yield table


def _bar(amount: Decimal | None, highest: Decimal, mark: Decimal | None, width: int) -> Text:
    def columns(value: Decimal) -> int:
        return int((width - 1) * min(value, highest) / highest) if highest > 0 and value > 0 else 0

    is_over = mark is not None and amount is not None and amount > mark
    bar = "█" * columns(amount or Decimal())
    if mark is None or mark > highest:
        return Text(bar, style="cyan")
    place = columns(mark)
    line = f"{bar:<{width}}"
    return Text.assemble(
        (line[:place], "red" if is_over else "cyan"),
        ("┊" if line[place] == " " else "╂", "bold"),
        (line[place + 1 :], "red"),
    )


def _short(period: Period) -> str:
    return f"{period.start:%b %Y}" if period.is_whole_month else f"{period.start:%a %d %b}"


@dataclass(frozen=True, slots=True)
class Row:
    """One part of the bill.

    Args:
        name: What AWS calls it.
        spend: What it cost.
        change: Since the period before; empty when there is none to compare with.
        note: ``new``, or nothing.
    """

    name: str
    spend: str
    change: str
    note: str = ""


def rows_of(parts: Sequence[Part], currency: str, said: str = "") -> list[Row]:
    """The largest changes, and all others as one row; together what all are shown to have cost.

    Args:
        parts: The largest change first.
        currency: Of all.
        said: The name of one whose amount stands elsewhere on the screen, and stays as it is.
    """
    shown, others = parts[:PARTS_SHOWN], parts[PARTS_SHOWN:]
    amounts = [part.amount for part in shown] if others else _adding_up(parts, said)
    rows = [
        Row(
            part.name,
            str(Money(amount, currency)),
            "" if part.before is None else change_between(part.amount, part.before, currency),
            "new" if part.is_new else "",
        )
        for part, amount in zip(shown, amounts, strict=True)
    ]
    if others:
        total = Money(sum((part.amount for part in parts), Decimal())).in_cents()
        rest = total - sum((Money(part.amount).in_cents() for part in shown), Decimal())
        rows.append(Row(f"and {len(others)} others", str(Money(rest, currency)), ""))
    return rows


def _adding_up(parts: Sequence[Part], said: str) -> list[Decimal]:
    """The amounts, some of them a cent off: those that rounding has moved the most the other way."""
    amounts = [part.amount for part in parts]
    total = Money(sum(amounts, Decimal())).in_cents()
    cents = int((total - sum((Money(amount).in_cents() for amount in amounts), Decimal())) / CENT)
    step = CENT if cents > 0 else -CENT
    may_move = [n for n, part in enumerate(parts) if part.name != said and Money(part.amount).in_cents()]
    may_move.sort(key=lambda n: (Money(amounts[n]).in_cents() - amounts[n]) * step)
    for n in may_move[: abs(cents)]:
        amounts[n] = Money(amounts[n]).in_cents() + step
    return amounts


def change_between(now: Decimal, before: Decimal, currency: str) -> str:
    """As the two amounts are shown: ``+$3.00``, ``no change``."""
    change = Money(Money(now).in_cents() - Money(before).in_cents(), currency)
    return f"+{change}" if change.amount > 0 else str(change) if change.amount else "no change"


def tables_of(found: Found) -> Iterator[tuple[str, list[Row]]]:
    """What the bill is made of: a heading and rows for each way to divide it."""
    analysis = found.report.analysis
    if not analysis or not found.report.spend:
        return
    linked = analysis.accounts if len(analysis.accounts) > 1 else ()
    said = analysis.culprit.name if analysis.culprit else ""
    for heading, parts in ((found.divided, analysis.parts), ("linked account", linked)):
        if parts:
            yield heading, rows_of(parts, found.notice.currency, said)


def _tables(terminal: Terminal, found: Found) -> Iterator[Table]:
    for heading, rows in tables_of(found):
        table = Table(box=None, header_style="bold")
        table.add_column(terminal.text(heading), overflow="fold")
        table.add_column("spend", justify="right", no_wrap=True)
        table.add_column("change", justify="right", no_wrap=True)
        has_notes = any(row.note for row in rows)
        if has_notes:
            table.add_column("", no_wrap=True)
        for row in rows:
            table.add_row(terminal.text(row.name), row.spend, row.change, *([row.note] if has_notes else []))
        yield table
