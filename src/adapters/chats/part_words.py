"""What is said of the parts of a bill, each with its own budget: those over it first, the rest counted."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from adapters.chats.amounts import percent_of
from adapters.chats.words import LONGEST_LIST, LONGEST_NAME, Detail
from application.notice import SpendNotice
from application.text import one_line
from domain.money import Money
from domain.part_reports import PartReport
from domain.reports import Report
from domain.thresholds import UNLIMITED, Verdict

MOST_NAMED = 5


def part_events(report: Report) -> Iterator[str]:
    """What happened to parts: over their budgets now, and what the channel was not told of before."""
    over = _over(report)
    if over:
        first, others = over[0], len(over) - 1
        more = (
            f", and {_count(others, 'other')} {'is' if others == 1 else 'are'} over theirs" if others else ""
        )
        yield f"{_name(first)} is over its budget: {first.spend} of {_budget(first)}{more}."
    if back := report.parts_back:
        also = f" and {_count(len(back) - 1, 'other')}" if back[1:] else ""
        its = "are back within their budgets" if also else "is back within its budget"
        yield f"{one_line(back[0], LONGEST_NAME)}{also} {its}."
    fresh = frozenset(report.news_of_parts)
    reached = [
        part for part in report.parts if part not in over and _is_told(part, f"{_mark(part)}% ", fresh)
    ]
    if reached:
        yield f"{_listed(reached, lambda part: f'{_spent(part)} spent')}."
    new = [part for part in report.parts if _is_told(part, "new ", fresh)]
    if new:
        yield f"For the first time: {_listed(new, lambda part: str(part.spend))}."


def part_details(report: Report) -> Iterator[Detail]:
    """The parts over their budgets, the dearest others, and how many more there are."""
    if not report.parts:
        return
    named = report.parts[:MOST_NAMED]
    has_budgets = bool(report.unfit) or any(part.budget for part in report.parts)
    items = [f"{_name(part)}: {part.spend}{_compared(part) if has_budgets else ''}" for part in named]
    rest = report.parts[MOST_NAMED:]
    if rest:
        total = sum((part.spend for part in rest[1:]), rest[0].spend)
        over = sum(part.verdict is Verdict.EXCEEDED for part in rest)
        items.append(f"{_count(len(rest), 'other')}: {total}{f', {over} of them over' if over else ''}")
    if report.unfit:
        items.append(f"no part fits {one_line(', '.join(report.unfit), LONGEST_LIST)}")
    if has_budgets:
        yield Detail("🧮", "Budgets", f"{_judged(report)}.", tuple(items))
    else:
        yield Detail("🧮", "Parts", "", tuple(items))


def limit_in_words(notice: SpendNotice) -> str:
    """The threshold; where only parts have one, how they stand."""
    report = notice.report
    if report.threshold != UNLIMITED:
        return str(Money(report.threshold.amount, notice.currency))
    return f"each part's own, {_judged(report)}" if report.parts else "each part's own"


def _judged(report: Report) -> str:
    judged = [part for part in report.parts if part.budget]
    return f"{len(_over(report))} of {_count(len(judged), 'part')} exceeded"


def _over(report: Report) -> list[PartReport]:
    return [part for part in report.parts if part.verdict is Verdict.EXCEEDED]


def _compared(part: PartReport) -> str:
    if part.budget is None:
        return " (no budget)"
    over = f", over by {Money(part.excess, part.spend.currency)}" if part.verdict is Verdict.EXCEEDED else ""
    new = ", new" if part.is_new else ""
    return f" of {_budget(part)}{over}{new}"


def _budget(part: PartReport) -> str:
    return str(Money(part.budget.amount, part.spend.currency)) if part.budget else "no budget"


def _spent(part: PartReport) -> str:
    return percent_of(part.spend.amount, part.budget.amount) if part.budget else ""


def _mark(part: PartReport) -> str:
    return f"{part.milestone.normalize():f}" if part.milestone else ""


def _is_told(part: PartReport, event: str, fresh: frozenset[str]) -> bool:
    return f"{event}{part.name}" in fresh


def _name(part: PartReport) -> str:
    return one_line(part.name, LONGEST_NAME)


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _listed(parts: list[PartReport], note: Callable[[PartReport], str]) -> str:
    shown = ", ".join(f"{_name(part)} ({note(part)})" for part in parts[:MOST_NAMED])
    more = len(parts) - MOST_NAMED
    return f"{shown} and {_count(more, 'other')}" if more > 0 else shown
