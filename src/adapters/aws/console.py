"""A link that opens AWS's own Cost Explorer on what a report shows."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from urllib.parse import quote

from application.ports.cost_source import CostQuery, Granularity
from domain.charges import Metric
from domain.periods import Period
from domain.scope import WHOLE_BILL

CONSOLE = "https://console.aws.amazon.com/costmanagement/home"
CONSOLE_IN_CHINA = "https://console.amazonaws.cn/costmanagement/home"

COST_AGGREGATES = {
    Metric.AMORTIZED: "amortizedCost",
    Metric.BLENDED: "blendedCost",
    Metric.NET_AMORTIZED: "netAmortizedCost",
    Metric.NET_UNBLENDED: "netUnblendedCost",
    Metric.UNBLENDED: "unBlendedCost",
}


def console_link(query: CostQuery, period: Period, currency: str = "USD") -> str:
    """The period by service in the AWS console, counted and filtered as the query is.

    Source: what the console itself puts into the address bar; AWS does not document it.
    """
    console = CONSOLE_IN_CHINA if currency == "CNY" else CONSOLE
    # A link names no account: most channels' are the same.
    return f"{console}#/cost-explorer?{_view(replace(query, account_id=''), period)}"


@lru_cache(maxsize=256)
def _view(query: CostQuery, period: Period) -> str:
    by_month = query.granularity is Granularity.MONTHLY
    view = {
        "chartStyle": "STACK",
        "costAggregate": COST_AGGREGATES[query.metric],
        "startDate": period.start.isoformat(),
        "endDate": period.last_day.isoformat(),
        "granularity": "Monthly" if by_month else "Daily",
        "groupBy": _compact(["Service"]),
        "filter": _compact(_filters(query)),
        "excludeForecasting": "true",
        "futureRelativeRange": "CUSTOM",
        "historicalRelativeRange": "CUSTOM",
        "reportMode": "STANDARD",
    }
    # quote() leaves these two alone, and a markdown reader would take them for markup.
    return "&".join(
        f"{key}={quote(value, safe=':,').replace('_', '%5F').replace('~', '%7E')}"
        for key, value in view.items()
    )


def is_filtered(query: CostQuery) -> bool:
    """Whether the query leaves anything of the bill out."""
    return query.scope != WHOLE_BILL or bool(query.excluded_record_types)


def _filters(query: CostQuery) -> list[dict[str, object]]:
    scope = query.scope
    filters = [
        _filter("LinkedAccount", "Linked account", scope.accounts),
        _filter("Service", "Service", scope.services),
        _filter("Region", "Region", scope.regions),
        *(_filter("TagKey", "Tag", values) | {"growableValue": _value(key)} for key, values in scope.tags),
        *(
            _filter("CostCategory", "Cost category", values) | {"growableValue": _value(name)}
            for name, values in scope.categories
        ),
        _filter("RecordTypeV2", "Charge type", query.excluded_record_types, "EXCLUDES"),
    ]
    return [one for one in filters if one["values"]]


def _filter(
    dimension: str, label: str, values: Sequence[str], operator: str = "INCLUDES"
) -> dict[str, object]:
    return {
        "dimension": {"id": dimension, "displayValue": label},
        "operator": operator,
        "values": [_value(value) for value in values],
    }


def _value(value: str) -> dict[str, str]:
    return {"value": value, "displayValue": value}


def _compact(value: object) -> str:
    return json.dumps(value, separators=(",", ":"))
