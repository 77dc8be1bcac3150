"""The parts of a bill, each judged by its own budget."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from domain.costs import CostHistory
from domain.milestones import Milestones
from domain.money import Money
from domain.parts import Budgets, fits
from domain.periods import Period, a_month_before
from domain.thresholds import Threshold, Verdict

OVER = "over "
"""Begins the event of a part that is over its budget."""


@dataclass(frozen=True, slots=True)
class PartCosts:
    """What each part of a bill cost.

    Args:
        history: Divided by the parts' own names: account ids, services, values of a tag or category.
        names: What they are called, where that is something else.
    """

    history: CostHistory
    names: Mapping[str, str]

    def label(self, name: str) -> str:
        """``production (111122223333)``, or the name where there is no other."""
        called = self.names.get(name)
        return f"{called} ({name})" if called else name


@dataclass(frozen=True, slots=True)
class PartReport:
    """What one part cost in a period, and what that means for its budget.

    Args:
        name: As people know it.
        spend: Unrounded.
        budget: What it may cost; None: nothing is set.
        verdict: Exceeded or within; within without a budget.
        milestone: The highest percent of its budget that it has reached, of those that are told of.
        is_new: Whether it costs something for the first time.
        key: As AWS knows it.
    """

    name: str
    spend: Money
    budget: Threshold | None = None
    verdict: Verdict = Verdict.WITHIN
    milestone: Decimal | None = None
    is_new: bool = False
    key: str = ""

    @property
    def excess(self) -> Decimal:
        """By how much it is over its budget; negative when it is under, and zero without one."""
        return self.spend.amount - self.budget.amount if self.budget else Decimal()

    @property
    def events(self) -> tuple[str, ...]:
        """What there is to tell of it, each once a period, or once a month while that runs."""
        events = [f"{OVER}{self.name}"] if self.verdict is Verdict.EXCEEDED else []
        events += [f"{self.milestone.normalize():f}% {self.name}"] if self.milestone else []
        return (*events, *([f"new {self.name}"] if self.is_new else []))


def part_reports(
    costs: PartCosts, period: Period, budgets: Budgets, milestones: Milestones
) -> tuple[PartReport, ...]:
    """Judge every part that cost something in the period: those over theirs first, then the dearest.

    Args:
        costs: What the parts cost.
        period: The period.
        budgets: What they may cost.
        milestones: Percents of a budget that are told of.
    """
    known_before = _names_before(costs.history, period)
    reports = []
    for name, amount in costs.history.services(period).items():
        spend, called = Money(amount, costs.history.currency), costs.names.get(name, name)
        budget = budgets.of(called, name)
        reports.append(
            PartReport(
                costs.label(name),
                spend,
                budget,
                Verdict.EXCEEDED if budget and spend.amount > budget.amount else Verdict.WITHIN,
                milestones.reached(spend, budget) if budget else None,
                is_new=amount > 0 and known_before is not None and name not in known_before,
                key=name,
            )
        )
    over = [part for part in reports if part.verdict is Verdict.EXCEEDED]
    within = [part for part in reports if part.verdict is not Verdict.EXCEEDED]
    return (
        *sorted(over, key=lambda part: part.excess, reverse=True),
        *sorted(within, key=lambda part: part.spend.amount, reverse=True),
    )


def parts_back(parts: Sequence[PartReport], told: Sequence[str]) -> tuple[str, ...]:
    """The names of the parts that were told to be over their budgets, and are not any more.

    Args:
        parts: As they are now; one that is missing cost nothing.
        told: The events that were told of the period before.
    """
    over = {name for part in parts if part.verdict is Verdict.EXCEEDED for name in (part.name, part.key)}
    were_over = (event.removeprefix(OVER) for event in told if event.startswith(OVER))
    return tuple(name for name in were_over if not over & {name, _key_in(name)})


def _key_in(label: str) -> str:
    """An account can be renamed; its number stays."""
    return label.rpartition(" (")[2].removesuffix(")")


def unfit_budgets(costs: PartCosts, budgets: Budgets) -> tuple[str, ...]:
    """The names of budgets that no part fits that has ever cost something: misspelt, perhaps."""
    keys = {key for entry in costs.history.entries for key in entry.services}
    names = [*keys, *(costs.names[key] for key in keys if key in costs.names)]
    return tuple(
        pattern for pattern, _ in budgets.entries if keys and not any(fits(pattern, name) for name in names)
    )


def _names_before(history: CostHistory, period: Period) -> set[str] | None:
    """The parts that cost something before the period; None when less than a month before it is known."""
    known_from = history.published_from
    if known_from is None or known_from > a_month_before(period.start):
        return None
    before = history.services(Period(known_from, period.start))
    return {name for name, amount in before.items() if amount}
