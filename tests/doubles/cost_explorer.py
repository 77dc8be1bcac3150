"""One day (or month) as Cost Explorer sends it, in the shapes that were recorded of it.

``tests/data/cost-explorer`` holds whole answers, and says where they were seen.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

from application.ports.cost_source import GroupBy, GroupType
from domain.costs import BETWEEN, CostEntry, CostHistory
from domain.periods import Period
from domain.scope import Scope

Services = Mapping[str, str | Decimal]


def result(
    period: Period,
    services: Services,
    metric: str = "AmortizedCost",
    currency: str = "USD",
    unit_of_zeros: str = "",
) -> dict[str, Any]:
    """An entry of ``ResultsByTime`` of a question that is grouped.

    Groups carry the amounts, and leave the total empty. Where there are none the total is a zero, whatever
    that means: that nothing arose, that nothing fits the filter, that nothing is published yet.
    """

    def value(amount: str | Decimal) -> dict[str, dict[str, str]]:
        unit = currency if Decimal(amount) else unit_of_zeros or currency
        return {metric: {"Amount": f"{amount}", "Unit": unit}}

    return {
        "TimePeriod": {"Start": period.start.isoformat(), "End": period.end.isoformat()},
        "Total": {} if services else value("0"),
        "Groups": [
            {"Keys": name.split(BETWEEN), "Metrics": value(amount)} for name, amount in services.items()
        ],
        "Estimated": True,
    }


def total(
    period: Period, amount: Decimal, metric: str = "AmortizedCost", currency: str = "USD"
) -> dict[str, Any]:
    """An entry of ``ResultsByTime`` of a question that is not grouped."""
    return {
        "TimePeriod": {"Start": period.start.isoformat(), "End": period.end.isoformat()},
        "Total": {metric: {"Amount": f"{amount}", "Unit": currency}},
        "Groups": [],
        "Estimated": True,
    }


def pages_of(
    history: CostHistory, metric: str, page_size: int, name: str = "page", unit_of_zeros: str = ""
) -> list[dict[str, Any]]:
    """A history as Cost Explorer's answers, the way it groups by service."""
    results = [
        result(entry.period, entry.services, metric, history.currency, unit_of_zeros)
        for entry in history.entries
    ]
    pages: list[dict[str, Any]] = [
        {"ResultsByTime": results[start : start + page_size], "DimensionValueAttributes": []}
        for start in range(0, max(1, len(results)), page_size)
    ]
    for n, page in enumerate(pages[:-1], start=1):
        page["NextPageToken"] = f"{name}-{n}"
    return pages


def as_named(history: CostHistory, groups: Sequence[GroupBy]) -> CostHistory:
    """As Cost Explorer names what is grouped by a tag or a cost category: ``team$web``, or ``team$``."""
    if all(group.type is GroupType.DIMENSION for group in groups):
        return history

    def key(name: str, group: GroupBy) -> str:
        if group.type not in {GroupType.TAG, GroupType.COST_CATEGORY}:
            return name
        return f"{group.key}${'' if name == f'no {group.key}' else name}"

    entries = [
        CostEntry(
            entry.period,
            {
                BETWEEN.join(map(key, name.split(BETWEEN), groups)): amount
                for name, amount in entry.services.items()
            },
        )
        for entry in history.entries
    ]
    return replace(history, entries=tuple(entries))


def scope_of(asked: Mapping[str, Any]) -> Scope:
    """The services and accounts that a filter names."""
    values: dict[str, tuple[str, ...]] = {}
    for term in asked.get("And", [asked]):
        if dimensions := term.get("Dimensions"):
            values[dimensions["Key"]] = tuple(dimensions["Values"])
    return Scope(values.get("LINKED_ACCOUNT", ()), values.get("SERVICE", ()))
