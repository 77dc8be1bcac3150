"""What the page of a report shows, as values: words that need nothing but their place."""

from __future__ import annotations

from dataclasses import dataclass

from adapters.pages.plane import Chart


@dataclass(frozen=True, slots=True)
class Meter:
    """A sum as a bar, with the mark that it should not pass; all in percent of the bar's room.

    Args:
        filled: Up to here it is spent.
        expected: Up to here it is heading; not less than ``filled``.
        mark: The threshold, or None.
        label: The same in words.
    """

    filled: float
    expected: float
    mark: float | None
    label: str


@dataclass(frozen=True, slots=True)
class Row:
    """A part of the spend.

    Args:
        slot: Its color in the chart; None: it has none.
        name: Text from outside, on one line.
        spend: Money.
        change: Money with its sign; empty when there is nothing to compare with.
        moved: up or down; empty when that is next to nothing beside what moved the most.
        usual: What it costs in such a period as a rule; empty when that is not known.
        new: Whether it is new.
        share: Of the largest change, in percent.
    """

    slot: int | None
    name: str
    spend: str
    change: str
    moved: str
    usual: str
    new: bool
    share: float


@dataclass(frozen=True, slots=True)
class Table:
    """Parts of the spend, the largest change first.

    Args:
        rows: Those that are shown at once.
        more: Those that unfold.
        left_out: How many only the JSON and CSV have.
        compared: Whether there is a change to show.
        has_usual: Whether there is a usual amount to show.
    """

    rows: tuple[Row, ...]
    more: tuple[Row, ...]
    left_out: int
    compared: bool
    has_usual: bool


@dataclass(frozen=True, slots=True)
class Month:
    """The running month.

    Args:
        title: Which.
        meter: Its spend, where it is heading, and the threshold, if that is for a month.
        facts: What is said of it, as label and value.
    """

    title: str
    meter: Meter
    facts: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class ReportView:
    """The page, from top to bottom.

    Args:
        subject: Which account, which part of the bill, how often.
        spend: What it cost, or that it is not published.
        period: The days.
        tone: good, care or bad.
        verdict: In two words.
        against: The spend against the threshold, in a sentence.
        meter: The same as a bar, or None.
        events: What makes this report more than the usual one.
        why: Compared with what came before and with what is usual.
        chart: The days or months.
        services: By service.
        accounts: By linked account.
        month: The running month.
        told: What was said about this period before.
        notes: How far it can be trusted, and what was left out.
        asked: The question to Cost Explorer.
        derived: How each figure came about.
        link: Cost Explorer on the same view.
        made_at: When it was found out.
        until: When the page ends.
    """

    subject: tuple[str, ...]
    spend: str
    period: str
    tone: str
    verdict: str
    against: str
    meter: Meter | None
    events: tuple[str, ...]
    why: tuple[str, ...]
    chart: Chart | None
    services: Table
    accounts: Table
    month: Month | None
    told: tuple[str, ...]
    notes: tuple[str, ...]
    asked: str
    derived: tuple[str, ...]
    link: str
    made_at: str
    until: str
