"""One day (or month) as Cost Explorer sends it, in the shapes that were recorded of it.

``tests/data/cost-explorer`` holds whole answers, and says where they were seen.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from domain.costs import BETWEEN
from domain.periods import Period

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
