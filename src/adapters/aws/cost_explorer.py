"""Cost Explorer: what the days cost."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from operator import attrgetter
from typing import Annotated, Any

import msgspec

from adapters.aws.clients import Aws
from adapters.aws.operations import AwsAnswer, Operation
from application.aws_errors import AnswerTooLong, AwsError, AwsUnavailable
from application.credentials import AccessKey
from application.ports.cost_source import (
    CostAnswer,
    CostQuery,
    CostSource,
    GroupBy,
    GroupType,
    nothing_of,
)
from domain.costs import BETWEEN, UNDIVIDED, CostEntry, CostHistory
from domain.periods import Period
from domain.scope import Scope

Table = dict[tuple[date, date], dict[str, Decimal]]
"""Amounts by period and name."""

ABSURD = Decimal(10) ** 18
NAME = "description"
"""Where Cost Explorer puts a linked account's name. Source: ``GetDimensionValues`` in its API reference."""

CURRENCY = re.compile("[A-Z]{3}")

NO_UNIT = "N/A"
"""What Cost Explorer gives as the currency of a zero that nothing was booked under."""


class Amount(msgspec.Struct, gc=False):
    """Cost Explorer's ``MetricValue``: a decimal string, so that no digit is lost."""

    Amount: str
    Unit: str


class Amounts(msgspec.Struct, gc=False):
    """By metric, the one that was asked for."""

    AmortizedCost: Amount | None = None
    BlendedCost: Amount | None = None
    NetAmortizedCost: Amount | None = None
    NetUnblendedCost: Amount | None = None
    UnblendedCost: Amount | None = None


class Group(msgspec.Struct, gc=False):
    """One key's amounts."""

    Keys: Annotated[list[str], msgspec.Meta(min_length=1, max_length=2)]
    Metrics: Amounts


class Interval(msgspec.Struct, gc=False):
    """Half-open, as ours."""

    Start: date
    End: date


class Result(msgspec.Struct, gc=False):
    """One day or month. Either ``Groups`` or ``Total`` hold its amounts.

    A day without data has no groups, and a ``Total`` of "0" whatever was asked for. It is no figure.
    """

    TimePeriod: Interval
    Groups: list[Group] | None = None
    Total: Amounts | None = None


class Attributes(msgspec.Struct, gc=False):
    """What AWS says about a key of the groups, such as a linked account's name."""

    Value: str
    Attributes: dict[str, str] | None = None


class CostPage(msgspec.Struct, gc=False):
    """One answer of ``GetCostAndUsage``, as far as it is used here."""

    ResultsByTime: list[Result]
    DimensionValueAttributes: list[Attributes] | None = None
    NextPageToken: str | None = None


_period = lru_cache(maxsize=1000)(Period)
"""All tenants ask for the same days."""

_decode = msgspec.json.Decoder(CostPage).decode


def _read_page(answer: AwsAnswer) -> CostPage:
    # msgspec reads a long answer ten times faster than botocore's parser, and notices what is missing.
    try:
        return _decode(answer.body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as exc:
        raise _unreadable() from exc


GET_COST_AND_USAGE = Operation("ce", "get_cost_and_usage", paid=True, read=_read_page)


class CostExplorer(CostSource):
    """``GetCostAndUsage`` by service or linked account, every page.

    Args:
        aws: Where to ask.
    """

    def __init__(self, aws: Aws) -> None:
        self._aws = aws

    async def costs(
        self,
        credentials: AccessKey,
        query: CostQuery,
        since: datetime | None = None,  # noqa: ARG002  # AWS's own answer is always of now
    ) -> CostAnswer:
        """See the port. What cannot be read for certain is an error, never a figure."""
        request = request_for(query)
        results: list[Result] = []
        names: dict[str, str] = {}
        tokens: set[str] = set()
        paid = 0
        try:
            while True:
                reply = await self._aws.call(GET_COST_AND_USAGE, credentials, request)
                paid += reply.requests
                page = reply.content
                results += page.ResultsByTime
                names |= _names(page)
                token = page.NextPageToken
                if not token:
                    return answer_of(query, results, paid, names)
                if token in tokens or len(tokens) >= query.most_pages - 1:
                    raise AnswerTooLong
                tokens.add(token)
                request = {**request, "NextPageToken": token}
        except AwsError as error:
            error.paid_requests += paid
            raise


def _names(page: CostPage) -> dict[str, str]:
    return {
        each.Value: each.Attributes[NAME]
        for each in page.DimensionValueAttributes or ()
        if each.Attributes and NAME in each.Attributes
    }


def request_for(query: CostQuery) -> dict[str, Any]:
    """The query in Cost Explorer's words."""
    request: dict[str, Any] = {
        "TimePeriod": {"Start": query.window.start.isoformat(), "End": query.window.end.isoformat()},
        "Granularity": query.granularity.value,
        "Metrics": [query.metric.value],
    }
    if query.group_by:
        request["GroupBy"] = [{"Type": group.type.value, "Key": group.key} for group in query.group_by]
    terms = [*_terms(query.scope)]
    if query.excluded_record_types:
        terms.append({"Not": _is_one_of("RECORD_TYPE", query.excluded_record_types)})
    if terms:
        # Cost Explorer refuses an "And" around a single term.
        request["Filter"] = terms[0] if len(terms) == 1 else {"And": terms}
    return request


def _terms(scope: Scope) -> Iterator[dict[str, Any]]:
    if scope.accounts:
        yield _is_one_of("LINKED_ACCOUNT", scope.accounts)
    if scope.services:
        yield _is_one_of("SERVICE", scope.services)
    if scope.regions:
        yield _is_one_of("REGION", scope.regions)
    for key, values in scope.tags:
        yield {"Tags": {"Key": key, "Values": list(values)}}
    for name, values in scope.categories:
        yield {"CostCategories": {"Key": name, "Values": list(values)}}


def _is_one_of(dimension: str, values: Sequence[str]) -> dict[str, Any]:
    return {"Dimensions": {"Key": dimension, "Values": list(values)}}


def answer_of(
    query: CostQuery, results: Collection[Result], paid_requests: int, names: Mapping[str, str]
) -> CostAnswer:
    """Put the results of all pages together: one entry a period, by each of the things it is divided by.

    Args:
        query: What was asked.
        results: A period may come several times, a key too.
        paid_requests: What they cost.
        names: What the keys are called.

    Raises:
        AwsUnavailable: An amount, a period or a currency is missing or makes no sense.
    """
    first: Table = {}
    second: Table = {}
    pairs: Table = {}
    currencies: set[str] = set()
    of_zeros: set[str] = set()
    is_paired = any(len(group.Keys) > 1 for result in results for group in result.Groups or ())
    in_pairs, value_of = query.in_pairs, attrgetter(query.metric)
    try:
        for result in results:
            edges = result.TimePeriod.Start, result.TimePeriod.End
            ones, others = first.setdefault(edges, {}), second.setdefault(edges, {})
            both = pairs.setdefault(edges, {})
            for group in result.Groups or _ungrouped(result, value_of):
                keys, value = group.Keys, value_of(group.Metrics)
                one, other, amount = keys[0], keys[-1], Decimal(value.Amount)
                ones[one] = ones[one] + amount if one in ones else amount
                others[other] = others[other] + amount if other in others else amount
                if in_pairs:
                    name = BETWEEN.join(keys)
                    both[name] = both[name] + amount if name in both else amount
                (currencies if amount else of_zeros).add(value.Unit)
            _check(ones.values())
        (currency,) = currencies or of_zeros - {NO_UNIT} or {"USD"}
        return CostAnswer(
            _history(first, currency, query.group_by[:1]),
            paid_requests,
            names,
            second=_history(second, currency, query.group_by[1:]) if is_paired else None,
            pairs=_history(pairs, currency, query.group_by) if is_paired and in_pairs else None,
        )
    except (AttributeError, ValueError, InvalidOperation) as exc:
        raise _unreadable() from exc


def _history(table: Table, currency: str, groups: Sequence[GroupBy]) -> CostHistory:
    if not CURRENCY.fullmatch(currency):
        raise ValueError("this is no currency")
    entries = [CostEntry(_period(*edges), amounts) for edges, amounts in sorted(table.items())]
    return _plainly(CostHistory(tuple(entries), currency), groups)


def divided(both: CostHistory, place: int) -> CostHistory:
    """By one of the two things that a history is divided by."""
    return _renamed(both, lambda name: name.split(BETWEEN)[place if BETWEEN in name else 0])


def _plainly(history: CostHistory, groups: Sequence[GroupBy]) -> CostHistory:
    """Without the key's name, which Cost Explorer puts before the value of a tag: ``team$web``."""
    if all(group.type is GroupType.DIMENSION for group in groups):
        return history

    def plain(name: str) -> str:
        parts = zip(name.split(BETWEEN), groups, strict=False)
        return BETWEEN.join(
            part.removeprefix(f"{group.key}$") or nothing_of(group.key) for part, group in parts
        )

    return _renamed(history, plain)


def _renamed(history: CostHistory, renamed: Callable[[str], str]) -> CostHistory:
    names = {name: renamed(name) for name in {name for entry in history.entries for name in entry.services}}
    entries = []
    for entry in history.entries:
        amounts: dict[str, Decimal] = {}
        for name, amount in entry.services.items():
            new = names[name]
            amounts[new] = amounts[new] + amount if new in amounts else amount
        entries.append(CostEntry(entry.period, amounts))
    return CostHistory(tuple(entries), history.currency)


def _ungrouped(result: Result, value_of: Callable[[Amounts], Amount | None]) -> Sequence[Group]:
    total = result.Total
    value = value_of(total) if total else None
    return [Group([UNDIVIDED], total)] if total and value and Decimal(value.Amount) else []


def _check(amounts: Collection[Decimal]) -> None:
    # Comparing with NaN raises InvalidOperation.
    if amounts and not -ABSURD < min(amounts) <= max(amounts) < ABSURD:
        raise ValueError("an amount of money is absurd")


def _unreadable() -> AwsUnavailable:
    return AwsUnavailable("Cost Explorer's answer cannot be read for certain.")
