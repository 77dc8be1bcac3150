"""What every cost source must do when costs are divided: by accounts, tags, two things, or nothing."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from application.aws_errors import AnswerTooLong
from application.credentials import AccessKey
from application.ports.cost_source import (
    BY_ACCOUNT,
    BY_MODEL,
    BY_SERVICE,
    BY_TOKEN,
    BY_USAGE_TYPE,
    CostQuery,
    Granularity,
    GroupBy,
    GroupType,
)
from domain.costs import apart
from domain.periods import DAY, Period
from domain.scope import Scope
from tests.doubles.aws_service import World, open_double, open_fake
from tests.doubles.fakes.aws import Account, Line

CREDENTIALS = AccessKey("AKIACOSTSCOSTSCOSTS1", "secret/of+costs")
FIRST = date(2026, 10, 30)
WINDOW = Period(FIRST, FIRST + 3 * DAY)
QUERY = CostQuery("123456789012", WINDOW, Granularity.DAILY)
BILL = {FIRST: {"Amazon EC2": "10.0000000001", "AWS Support": "2"}}


@pytest.fixture(params=[open_fake, open_double])
async def world(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[World]:
    """Every cost source."""
    async with request.param(monkeypatch) as world:
        yield world


async def test_costs_come_by_linked_account(world: World) -> None:
    """Divided by linked account, the entries' keys are account ids, and AWS says what they are called."""
    names = {"111122223333": "prod", "444455556666": "dev"}
    accounts = {FIRST: {"111122223333": "7.5", "444455556666": "2.5"}}
    world.add(CREDENTIALS, Account("123456789012", BILL, accounts=accounts, names=names))
    query = CostQuery("1", WINDOW, Granularity.DAILY, group_by=(BY_ACCOUNT,))
    answer = await world.cost_source.costs(CREDENTIALS, query)
    assert [entry.services for entry in answer.history.entries] == [
        {"111122223333": Decimal("7.5"), "444455556666": Decimal("2.5")},
        {},
        {},
    ]
    assert answer.names == names


LINES = {
    FIRST: [
        Line("EC2", "5", "111122223333", "BoxUsage:m5.large", team="web"),
        Line("EC2", "2.5", "444455556666", "BoxUsage:t3.micro"),
        Line("S3", "1", "111122223333", "TimedStorage-ByteHrs", team="web"),
    ]
}


async def test_costs_come_by_two_things_at_once(world: World) -> None:
    """By service and by linked account, of one moment: both add up to the same."""
    names = {"111122223333": "prod"}
    world.add(CREDENTIALS, Account("123456789012", lines=LINES, names=names))
    answer = await world.cost_source.costs(CREDENTIALS, replace(QUERY, group_by=(BY_SERVICE, BY_ACCOUNT)))
    assert answer.history.entries[0].services == {"EC2": Decimal("7.5"), "S3": Decimal(1)}
    assert answer.second is not None
    assert answer.second.entries[0].services == {"111122223333": Decimal(6), "444455556666": Decimal("2.5")}
    assert (answer.names, answer.pairs, answer.paid_requests) == (names, None, 1)


async def test_what_each_pair_cost_comes_when_it_is_asked_for(world: World) -> None:
    """One service by usage type and linked account."""
    world.add(CREDENTIALS, Account("123456789012", lines=LINES))
    scope = Scope(services=("EC2",))
    query = replace(QUERY, scope=scope, group_by=(BY_USAGE_TYPE, BY_ACCOUNT), in_pairs=True)
    answer = await world.cost_source.costs(CREDENTIALS, query)
    assert answer.pairs is not None
    assert {apart(name): amount for name, amount in answer.pairs.entries[0].services.items()} == {
        ("BoxUsage:m5.large", "111122223333"): Decimal(5),
        ("BoxUsage:t3.micro", "444455556666"): Decimal("2.5"),
    }


@pytest.mark.parametrize("kind", [GroupType.TAG, GroupType.COST_CATEGORY])
async def test_tags_and_categories_come_by_their_values(world: World, kind: GroupType) -> None:
    """Without the key that Cost Explorer puts before them; what has none is named so."""
    world.add(CREDENTIALS, Account("123456789012", lines=LINES))
    query = replace(QUERY, group_by=(BY_SERVICE, GroupBy("team", kind)))
    answer = await world.cost_source.costs(CREDENTIALS, query)
    assert answer.second is not None
    assert answer.second.entries[0].services == {"web": Decimal(6), "no team": Decimal("2.5")}


async def test_bedrock_comes_by_model_and_kind_of_token(world: World) -> None:
    """By two of its product attributes."""
    lines = {FIRST: [Line("Amazon Bedrock", "3", model="claude-opus", token="output")]}  # of a model
    world.add(CREDENTIALS, Account("123456789012", lines=lines))
    query = replace(QUERY, group_by=(BY_MODEL, BY_TOKEN), in_pairs=True)
    answer = await world.cost_source.costs(CREDENTIALS, query)
    assert answer.pairs is not None
    assert [*map(apart, answer.pairs.entries[0].services)] == [("claude-opus", "output")]


async def test_an_answer_of_too_many_pages_is_not_read_to_its_end(world: World) -> None:
    """What it cost up to there is told; asked for sums alone, it is one page."""
    bill = {FIRST + n * DAY: {"EC2": "1", "S3": f"{n}"} for n in range(20)}
    world.add(CREDENTIALS, Account("123456789012", bill, page_size=2))
    query = replace(QUERY, window=Period(FIRST, FIRST + 20 * DAY))
    with pytest.raises(AnswerTooLong) as caught:
        await world.cost_source.costs(CREDENTIALS, query)
    assert caught.value.paid_requests == 5
    answer = await world.cost_source.costs(CREDENTIALS, replace(query, group_by=()))
    assert [entry.total for entry in answer.history.entries] == [1 + n for n in range(20)]
    assert (answer.history.is_divided, answer.paid_requests) == (False, 1)


async def test_a_sum_of_nothing_is_no_figure(world: World) -> None:
    """Not divided, AWS sends "0" for what it has not published."""
    world.add(CREDENTIALS, Account("123456789012", {FIRST: {"EC2": "1"}}))
    answer = await world.cost_source.costs(CREDENTIALS, replace(QUERY, group_by=()))
    assert [entry.total for entry in answer.history.entries if entry.services] == [1]
