"""The link opens Cost Explorer on what the report shows."""

from __future__ import annotations

import json
from datetime import date
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from adapters.aws.console import COST_AGGREGATES, console_link
from application.ports.cost_source import CostQuery, Granularity
from domain.charges import Metric
from domain.periods import Period
from domain.scope import Scope
from tests.doubles.fakes.histories import day, month

WINDOW = Period(date(2026, 10, 19), date(2026, 11, 23))
DAILY = CostQuery("123456789012", WINDOW, Granularity.DAILY)


def view(link: str) -> dict[str, str]:
    """What the console reads out of the link's fragment."""
    page, _, query = urlsplit(link).fragment.partition("?")
    assert page == "/cost-explorer"
    return {key: value for key, [value] in parse_qs(query, strict_parsing=True).items()}


def filters(query: CostQuery) -> dict[str, Any]:
    """The link's filter rows by dimension."""
    rows = json.loads(view(console_link(query, WINDOW))["filter"])
    return {row["dimension"]["id"]: row for row in rows}


def test_a_day_by_service() -> None:
    """The console's last day is inclusive."""
    link = console_link(DAILY, day("2026-11-22"))
    assert link.startswith("https://console.aws.amazon.com/costmanagement/home#/cost-explorer?")
    assert view(link) == {
        "chartStyle": "STACK",
        "costAggregate": "amortizedCost",
        "startDate": "2026-11-22",
        "endDate": "2026-11-22",
        "granularity": "Daily",
        "groupBy": '["Service"]',
        "filter": "[]",
        "excludeForecasting": "true",
        "futureRelativeRange": "CUSTOM",
        "historicalRelativeRange": "CUSTOM",
        "reportMode": "STANDARD",
    }


def test_a_month() -> None:
    """From its first to its last day, by month."""
    shown = view(console_link(CostQuery("1", WINDOW, Granularity.MONTHLY), month("2026-10-01")))
    assert (shown["startDate"], shown["endDate"], shown["granularity"]) == (
        "2026-10-01",
        "2026-10-31",
        "Monthly",
    )


def test_china_has_its_own_console() -> None:
    """Accounts that are billed in yuan."""
    assert console_link(DAILY, WINDOW, "CNY").startswith("https://console.amazonaws.cn/")


@pytest.mark.parametrize("metric", Metric)
def test_every_metric_has_the_consoles_name(metric: Metric) -> None:
    """None is missing."""
    query = CostQuery("1", WINDOW, Granularity.DAILY, metric)
    assert view(console_link(query, WINDOW))["costAggregate"] == COST_AGGREGATES[metric]
    assert COST_AGGREGATES[metric].lower() == metric.lower()


def test_scope_and_charges_are_filters() -> None:
    """As the console writes them; a tag's key stands beside its values."""
    query = CostQuery(
        "1",
        WINDOW,
        Granularity.DAILY,
        scope=Scope(("111122223333",), ("AWS Glue",), ("eu-west-1",), (("team_x", ("a~b", "web")),)),
        excluded_record_types=("Credit", "Tax"),
    )
    rows = filters(query)
    values = {name: [value["value"] for value in row["values"]] for name, row in rows.items()}
    assert values == {
        "LinkedAccount": ["111122223333"],
        "Service": ["AWS Glue"],
        "Region": ["eu-west-1"],
        "TagKey": ["a~b", "web"],
        "RecordTypeV2": ["Credit", "Tax"],
    }
    assert rows["TagKey"]["growableValue"]["value"] == "team_x"
    assert {row["operator"] for name, row in rows.items() if name != "RecordTypeV2"} == {"INCLUDES"}
    assert rows["RecordTypeV2"]["operator"] == "EXCLUDES"
    assert not set(console_link(query, WINDOW)) & set('_~*<>[]|`"\\ ')
