"""What every cost source must do."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from adapters.settings.scopes import read_scope
from application.aws_errors import (
    AccessKeyUnknown,
    AnswerTooLong,
    AwsUnavailable,
    CostExplorerOff,
    CostsNotAvailable,
    CredentialsExpired,
    PermissionMissing,
    RequestRefused,
    SecretKeyWrong,
)
from application.credentials import AccessKey
from application.ports.cost_source import (
    CostAnswer,
    CostQuery,
    Granularity,
)
from domain.charges import Metric
from domain.costs import CostEntry, CostHistory
from domain.money import Money
from domain.periods import DAY, Period
from tests.doubles.aws_service import Canned, DoubleWorld, World, open_double, open_fake, open_moto
from tests.doubles.fakes.aws import Account

CREDENTIALS = AccessKey("AKIACOSTSCOSTSCOSTS1", "secret/of+costs")
FIRST = date(2026, 10, 30)
BILL = {
    FIRST: {"Amazon EC2": "10.0000000001", "AWS Support": "2"},
    FIRST + DAY: {"Amazon EC2": "11.5", "Refund": "-20.25"},
    FIRST + 2 * DAY: {"Amazon EC2": "0.0000000003"},
}
WINDOW = Period(FIRST, FIRST + 3 * DAY)
QUERY = CostQuery("123456789012", WINDOW, Granularity.DAILY)
ANSWER = CostHistory(
    (
        CostEntry(
            Period(FIRST, FIRST + DAY),
            {"Amazon EC2": Decimal("10.0000000001"), "AWS Support": Decimal(2)},
        ),
        CostEntry(
            Period(FIRST + DAY, FIRST + 2 * DAY),
            {"Amazon EC2": Decimal("11.5"), "Refund": Decimal("-20.25")},
        ),
        CostEntry(
            Period(FIRST + 2 * DAY, FIRST + 3 * DAY),
            {"Amazon EC2": Decimal("0.0000000003")},
        ),
    )
)

NOT_ENABLED = "User not enabled for cost explorer access"
NOT_AUTHORIZED = "User: arn:aws:iam::123456789012:user/x is not authorized to perform: ce:GetCostAndUsage"

SAID = [
    Canned(AccessKeyUnknown, 400, "UnrecognizedClientException"),
    Canned(SecretKeyWrong, 400, "InvalidSignatureException"),
    Canned(CredentialsExpired, 400, "ExpiredTokenException"),
    Canned(PermissionMissing, 400, "AccessDeniedException", NOT_AUTHORIZED),
    Canned(CostExplorerOff, 400, "AccessDeniedException", NOT_ENABLED),
    Canned(CostsNotAvailable, 400, "DataUnavailableException"),
    Canned(CostsNotAvailable, 400, "BillExpirationException"),
    Canned(RequestRefused, 400, "ValidationException", "You haven't enabled historical data"),
    Canned(AwsUnavailable, 400, "LimitExceededException", "Rate limit exceeded"),
    Canned(AwsUnavailable, 400, "ThrottlingException"),
    Canned(AwsUnavailable, 400, "RequestChangedException"),
    Canned(AwsUnavailable, 500, "InternalServerError"),
    Canned(AwsUnavailable, 503, body=b"<html>away</html>"),
    Canned(AwsUnavailable, 403, body=b"<html>a proxy's own words</html>"),
    Canned(AwsUnavailable, 302, body=b"{}"),
    Canned(AwsUnavailable, drops=True),
]


def group(amount: object, unit: object = "USD", metric: str = "AmortizedCost") -> dict[str, Any]:
    """A result that groups one service's amount."""
    metrics = {metric: {"Amount": amount, "Unit": unit}}
    return {
        "TimePeriod": {"Start": "2026-10-30", "End": "2026-10-31"},
        "Groups": [{"Keys": ["A"], "Metrics": metrics}],
    }


UNREADABLE = {
    "no JSON": b"{",
    "no object": b"[]",
    "nonsense in place of the results": {"ResultsByTime": 7},
    "nonsense in place of a result": {"ResultsByTime": ["x"]},
    "an amount that is no number": {"ResultsByTime": [group("ten")]},
    "an amount that is none": {"ResultsByTime": [group(None)]},
    "an amount that lost digits": {"ResultsByTime": [group(0.1)]},
    "not a number": {"ResultsByTime": [group("NaN")]},
    "infinity": {"ResultsByTime": [group("-Infinity")]},
    "an absurd amount": {"ResultsByTime": [group("1e999999")]},
    "another metric": {"ResultsByTime": [group("1", metric="UsageQuantity")]},
    "no currency": {"ResultsByTime": [group("1", "")]},
    "a currency that is a message": {"ResultsByTime": [group("1", "USD @here")]},
    "an amount without a currency": {"ResultsByTime": [group("1"), group("0.01", "N/A")]},
    "several currencies": {"ResultsByTime": [group("1"), group("1", "CNY")]},
    "a period that is none": {
        "ResultsByTime": [{"TimePeriod": {"Start": "2026-10-30", "End": "2026-10-30"}}]
    },
    "a date that is none": {"ResultsByTime": [{"TimePeriod": {"Start": "today", "End": "tomorrow"}}]},
    "no period": {"ResultsByTime": [{"Total": {}}]},
}


@pytest.fixture(params=[open_fake, open_double])
async def world(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[World]:
    """Every cost source, and an AWS for it that can say no."""
    async with request.param(monkeypatch) as world:
        yield world


@pytest.fixture
async def double(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[DoubleWorld]:
    """The real adapter, with an AWS that can talk nonsense."""
    async with open_double(monkeypatch) as world:
        yield world


@pytest.mark.parametrize("open_world", [open_fake, open_double, open_moto])
@pytest.mark.parametrize("page_size", [1000, 2, 1])
async def test_costs_come_by_day_and_service(
    open_world: Any, page_size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every page is followed, each is paid, and every digit and sign arrives, oldest day first."""
    async with open_world(monkeypatch) as world:
        world.add(CREDENTIALS, Account("123456789012", BILL, page_size=page_size))
        answer = await world.cost_source.costs(CREDENTIALS, QUERY)
    assert answer == CostAnswer(ANSWER, paid_requests=-(-3 // page_size))


async def test_costs_come_by_month(world: World) -> None:
    """Monthly, whole months are added up."""
    world.add(CREDENTIALS, Account("123456789012", BILL))
    months = Period(date(2026, 10, 1), date(2026, 12, 1))
    answer = await world.cost_source.costs(CREDENTIALS, CostQuery("1", months, Granularity.MONTHLY))
    assert [(entry.period, entry.total) for entry in answer.history.entries] == [
        (Period(date(2026, 10, 1), date(2026, 11, 1)), Decimal("3.2500000001")),
        (Period(date(2026, 11, 1), date(2026, 12, 1)), Decimal("0.0000000003")),
    ]


async def test_a_month_may_be_asked_for_in_part(world: World) -> None:
    """The running month's entry ends where the window does."""
    world.add(CREDENTIALS, Account("123456789012", BILL))
    window = Period(date(2026, 10, 1), FIRST + DAY)
    answer = await world.cost_source.costs(CREDENTIALS, CostQuery("1", window, Granularity.MONTHLY))
    assert [(entry.period, entry.total) for entry in answer.history.entries] == [
        (window, Decimal("12.0000000001"))
    ]


async def test_only_the_window_is_asked_for(world: World) -> None:
    """Costs before the window's start or from its end on are not in the answer."""
    world.add(CREDENTIALS, Account("123456789012", BILL))
    query = CostQuery("1", Period(FIRST + DAY, FIRST + 2 * DAY), Granularity.DAILY)
    answer = await world.cost_source.costs(CREDENTIALS, query)
    assert [entry.period for entry in answer.history.entries] == [query.window]


async def test_the_currency_is_the_bills(world: World) -> None:
    """In China amounts are in CNY."""
    world.add(CREDENTIALS, Account("123456789012", BILL, currency="CNY"))
    answer = await world.cost_source.costs(CREDENTIALS, QUERY)
    assert answer.history.currency == "CNY"


async def test_the_metric_is_the_querys(world: World) -> None:
    """Another metric is asked for and read."""
    world.add(CREDENTIALS, Account("123456789012", BILL))
    query = CostQuery("1", WINDOW, Granularity.DAILY, Metric.UNBLENDED)
    answer = await world.cost_source.costs(CREDENTIALS, query)
    assert answer.history == ANSWER


async def test_an_empty_answer_knows_nothing(world: World) -> None:
    """Nothing published is not zero, and costs a cent nevertheless."""
    world.add(CREDENTIALS, Account("123456789012"))
    answer = await world.cost_source.costs(CREDENTIALS, QUERY)
    assert [entry.services for entry in answer.history.entries] == [{}, {}, {}]
    assert (answer.history.spend(WINDOW), answer.paid_requests) == (None, 1)


@pytest.mark.parametrize(
    ("empty", "spend"), [(FIRST + 2 * DAY, None), (FIRST + DAY, Money(Decimal())), (FIRST, None)]
)
async def test_a_day_without_groups_is_no_figure(world: World, empty: date, spend: Money | None) -> None:
    """AWS sends a total of "0" for it. It is a true zero only where a later day has costs."""
    world.add(CREDENTIALS, Account("123456789012", {**BILL, empty: {}}))
    answer = await world.cost_source.costs(CREDENTIALS, QUERY)
    assert answer.history.spend(Period(empty, empty + DAY)) == spend


@pytest.mark.parametrize("canned", SAID, ids=str)
async def test_what_aws_says_becomes_an_error(world: World, canned: Canned) -> None:
    """Every refusal and every trouble has its own error, and counts as one paid request."""
    world.add(CREDENTIALS, Account("123456789012", BILL))
    world.answer(CREDENTIALS, canned)
    with pytest.raises(canned.raises) as caught:
        await world.cost_source.costs(CREDENTIALS, QUERY)
    assert (type(caught.value), caught.value.paid_requests) == (canned.raises, 1)


async def test_an_unknown_key_and_a_wrong_secret_are_refused(world: World) -> None:
    """Cost Explorer itself checks whose signature it is."""
    with pytest.raises(AccessKeyUnknown):
        await world.cost_source.costs(CREDENTIALS, QUERY)
    world.add(CREDENTIALS, Account("123456789012", BILL))
    with pytest.raises(SecretKeyWrong):
        await world.cost_source.costs(AccessKey(CREDENTIALS.access_key_id, "another"), QUERY)


async def test_many_tenants_at_once_are_not_mixed_up(world: World) -> None:
    """200 tenants that ask at the same time, page by page, each get their own bill."""
    tenants = [AccessKey(f"AKIATENANT{n:010}", f"secret{n}", n % 2 * "token" or None) for n in range(200)]
    for n, credentials in enumerate(tenants):
        bill = {FIRST: {"A": f"{n}"}, FIRST + DAY: {"A": f"0.{n}"}}
        world.add(credentials, Account(f"{n:012}", bill, page_size=1))
    answers = await asyncio.gather(*(world.cost_source.costs(each, QUERY) for each in tenants))
    assert [answer.history.entries[0].total + answer.history.entries[1].total for answer in answers] == [
        n + Decimal(f"0.{n}") for n in range(200)
    ]


@pytest.mark.parametrize(
    ("scope", "excluded", "sent"),
    [
        ("", (), None),
        ("", ("Credit", "Tax"), {"Not": {"Dimensions": {"Key": "RECORD_TYPE", "Values": ["Credit", "Tax"]}}}),
        ("region:eu-west-1", (), {"Dimensions": {"Key": "REGION", "Values": ["eu-west-1"]}}),
        (
            'account:111122223333 account:444455556666 service:"Amazon X" tag:team=web',
            ("Refund",),
            {
                "And": [
                    {"Dimensions": {"Key": "LINKED_ACCOUNT", "Values": ["111122223333", "444455556666"]}},
                    {"Dimensions": {"Key": "SERVICE", "Values": ["Amazon X"]}},
                    {"Tags": {"Key": "team", "Values": ["web"]}},
                    {"Not": {"Dimensions": {"Key": "RECORD_TYPE", "Values": ["Refund"]}}},
                ]
            },
        ),
    ],
)
async def test_the_scope_becomes_a_filter(
    double: DoubleWorld, scope: str, excluded: tuple[str, ...], sent: object
) -> None:
    """Alternatives are values of one term, different terms are joined by "And", exclusions are negated."""
    double.add(CREDENTIALS, Account("123456789012", BILL))
    query = CostQuery("1", WINDOW, Granularity.DAILY, scope=read_scope(scope), excluded_record_types=excluded)
    await double.cost_source.costs(CREDENTIALS, query)
    assert double.requests[0].parameters.get("Filter") == sent


@pytest.mark.parametrize("body", UNREADABLE.values(), ids=UNREADABLE)
async def test_what_cannot_be_read_is_no_figure(double: DoubleWorld, body: Any) -> None:
    """An answer that makes no sense is trouble to try again, never a zero and never a guess."""
    sent = body if isinstance(body, bytes) else json.dumps(body).encode()
    double.answer(CREDENTIALS, Canned(AwsUnavailable, 200, body=sent))
    with pytest.raises(AwsUnavailable) as caught:
        await double.cost_source.costs(CREDENTIALS, QUERY)
    assert caught.value.paid_requests == 1


async def test_a_service_that_comes_twice_is_added_up(double: DoubleWorld) -> None:
    """Within a day, over pages or on one, a service's amounts are one sum."""
    body = {"ResultsByTime": [group("1.5"), group("2.25")]}
    double.answer(CREDENTIALS, Canned(AwsUnavailable, 200, body=json.dumps(body).encode()))
    answer = await double.cost_source.costs(CREDENTIALS, QUERY)
    assert [entry.services for entry in answer.history.entries] == [{"A": Decimal("3.75")}]


@pytest.mark.parametrize(
    ("amounts", "currency"),
    [
        ([("1.5", "USD"), ("0", "N/A")], "USD"),
        ([("0", "USD"), ("1.5", "CNY")], "CNY"),
        ([("0", "CNY"), ("0.0", "N/A")], "CNY"),
        ([("0", "N/A")], "USD"),
    ],
)
async def test_a_zero_has_no_currency_of_its_own(
    double: DoubleWorld, amounts: list[tuple[str, str]], currency: str
) -> None:
    """Cost Explorer puts "N/A", or its default, beside one: that must not cost the whole answer."""
    body = {"ResultsByTime": [group(*amount) for amount in amounts]}
    double.answer(CREDENTIALS, Canned(AwsUnavailable, 200, body=json.dumps(body).encode()))
    answer = await double.cost_source.costs(CREDENTIALS, QUERY)
    assert answer.history.currency == currency


async def test_a_total_stands_in_for_missing_groups(double: DoubleWorld) -> None:
    """An answer that was not grouped is read by its total."""
    result = {
        "TimePeriod": {"Start": "2026-10-30", "End": "2026-10-31"},
        "Total": {"AmortizedCost": {"Amount": "7.5", "Unit": "USD"}},
        "Groups": [],
    }
    double.answer(
        CREDENTIALS, Canned(AwsUnavailable, 200, body=json.dumps({"ResultsByTime": [result]}).encode())
    )
    answer = await double.cost_source.costs(CREDENTIALS, QUERY)
    assert [entry.services for entry in answer.history.entries] == [{"All services": Decimal("7.5")}]


@pytest.mark.parametrize(("tokens", "pages"), [(["a"] * 30, 2), ([f"t{n}" for n in range(30)], 5)])
async def test_pages_without_end_are_given_up(double: DoubleWorld, tokens: list[str], pages: int) -> None:
    """A token that comes again, or one too many, ends the chase; what it cost is told."""
    bodies = [json.dumps({"ResultsByTime": [], "NextPageToken": token}).encode() for token in tokens]
    double.answer(CREDENTIALS, *(Canned(AwsUnavailable, 200, body=body, times=1) for body in bodies))
    with pytest.raises(AnswerTooLong) as caught:
        await double.cost_source.costs(CREDENTIALS, QUERY)
    assert (caught.value.paid_requests, len(double.requests)) == (pages, pages)
