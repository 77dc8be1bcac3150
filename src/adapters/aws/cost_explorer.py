"""Cost Explorer: what the days cost."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from adapters.aws.clients import Aws
from application.credentials import Credentials
from application.errors import AwsError, AwsUnavailable
from application.ports.cost_source import CostAnswer, CostQuery, CostSource
from domain.costs import CostEntry, CostHistory
from domain.periods import Period

MOST_PAGES = 20
"""Each costs a cent; 35 days by service are one page."""

LARGEST_EXPONENT = 20
UNGROUPED = "All services"


class CostExplorer(CostSource):
    """``GetCostAndUsage`` by service, every page.

    Args:
        aws: Where to ask.
    """

    def __init__(self, aws: Aws) -> None:
        self._aws = aws

    async def costs(self, credentials: Credentials, query: CostQuery) -> CostAnswer:
        """See the port. What cannot be read for certain is an error, never a figure."""
        request = request_for(query)
        results: list[Any] = []
        tokens: set[str] = set()
        paid = 0
        try:
            while True:
                reply = await self._aws.call("ce", "get_cost_and_usage", credentials, request)
                paid += reply.requests
                if "ResultsByTime" not in reply.body:
                    raise AwsUnavailable("Cost Explorer's answer cannot be read for certain.")
                results += reply.body["ResultsByTime"]
                token = reply.body.get("NextPageToken")
                if not token:
                    return CostAnswer(history_of(results, query.metric), paid)
                if token in tokens or len(tokens) == MOST_PAGES - 1:
                    raise AwsUnavailable("Cost Explorer's answer has no last page.")
                tokens.add(token)
                request = {**request, "NextPageToken": token}
        except AwsError as error:
            error.paid_requests += paid
            raise


def request_for(query: CostQuery) -> dict[str, Any]:
    """The query in Cost Explorer's words."""
    return {
        "TimePeriod": {"Start": query.window.start.isoformat(), "End": query.window.end.isoformat()},
        "Granularity": query.granularity.value,
        "Metrics": [query.metric],
        "GroupBy": [{"Type": "DIMENSION", "Key": "SERVICE"}],
    }


def history_of(results: Iterable[Mapping[str, Any]], metric: str) -> CostHistory:
    """Put the results of all pages together: one entry per period, one amount per service.

    Args:
        results: Cost Explorer's ``ResultsByTime``. A period may come several times, a service too.
        metric: The cost metric asked for.

    Raises:
        AwsUnavailable: An amount, a period or a currency is missing or makes no sense.
    """
    costs: dict[Period, dict[str, Decimal]] = {}
    currencies: set[str] = set()
    try:
        for result in results:
            start, end = (date.fromisoformat(result["TimePeriod"][edge]) for edge in ("Start", "End"))
            services = costs.setdefault(Period(start, end), defaultdict(Decimal))
            for name, value in _amounts(result, metric):
                services[name] += _amount(value["Amount"])
                currencies.add(_currency(value["Unit"]))
        entries = [CostEntry(period, tuple(services.items())) for period, services in sorted(costs.items())]
        (currency,) = currencies or {"USD"}
    except (LookupError, TypeError, ValueError, InvalidOperation) as exc:
        raise AwsUnavailable("Cost Explorer's answer cannot be read for certain.") from exc
    return CostHistory(tuple(entries), currency)


def _amounts(result: Mapping[str, Any], metric: str) -> Iterator[tuple[str, Mapping[str, str]]]:
    for group in result.get("Groups") or ():
        yield group["Keys"][0], group["Metrics"][metric]
    if not result.get("Groups") and metric in (result.get("Total") or {}):
        yield UNGROUPED, result["Total"][metric]


def _amount(text: object) -> Decimal:
    if not isinstance(text, str):
        raise TypeError("Cost Explorer writes amounts as strings, so that no digit is lost")
    amount = Decimal(text)
    if not amount.is_finite() or amount.adjusted() > LARGEST_EXPONENT:
        raise ValueError(f"an amount of money is not {amount}")
    return amount


def _currency(unit: object) -> str:
    if not isinstance(unit, str) or not re.fullmatch("[A-Z]{3}", unit):
        raise ValueError("a currency is three capital letters")
    return unit
