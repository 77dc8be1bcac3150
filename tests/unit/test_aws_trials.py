"""Keys that AWS does not let in harm nobody else, however many there are and whatever they ask."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterable
from datetime import timedelta

import pytest

from adapters.aws.trials import CostsOnTrial, Keys
from application.aws_errors import (
    AccessKeyUnknown,
    AwsError,
    PaidRequestsCapped,
    PermissionMissing,
    RequestRefused,
)
from application.credentials import AccessKey
from application.ports.cost_source import CostQuery
from tests.doubles.fakes.aws import Account, FakeCostSource
from tests.unit.test_aws_frugal import KEY, QUERY, WHOLE, Frugality, questions


@pytest.fixture
def frugality() -> Frugality:
    """An account with 35 published days, and one process with an empty store."""
    return Frugality()


async def heard_by(frugality: Frugality, query: CostQuery = QUERY, credentials: AccessKey = KEY) -> AwsError:
    """Ask, and return the error that comes."""
    with pytest.raises(AwsError) as caught:
        await frugality.ask(query, credentials)
    return caught.value


MALLORY = AccessKey("AKIAMALLORYMALLORYMA", "mallory")
"""A key of the same account that may not use Cost Explorer."""

FORBIDDEN = PermissionMissing("User: mallory is not authorized")


async def test_a_key_without_rights_uses_up_nothing_of_the_accounts_day(frugality: Frugality) -> None:
    """Whatever it asks and however often, the owner has all of the account's paid requests."""
    frugality.start(ttl=timedelta(0), daily_cap=3)
    frugality.aws.fail(MALLORY, FORBIDDEN)
    heard = []
    for query in questions(20):
        heard.append(await heard_by(frugality, query, MALLORY))
        frugality.clock.move(timedelta(minutes=6))
    assert {type(error) for error in heard} == {PermissionMissing}
    assert [(await frugality.ask()).paid_requests for _ in range(3)] == [1, 1, 1]
    assert isinstance(await heard_by(frugality), PaidRequestsCapped)


async def test_questions_under_way_of_a_key_without_rights_hold_nothing_back(frugality: Frugality) -> None:
    """Not even for the moment until AWS refuses them."""
    frugality.start(ttl=timedelta(0), daily_cap=1)
    frugality.aws.fail(MALLORY, FORBIDDEN)
    frugality.aws.gate = gate = asyncio.Lock()
    async with gate:
        asking = asyncio.create_task(heard_by(frugality, QUERY, MALLORY))
        await frugality.until(lambda: bool(frugality.aws.asked))
        frugality.aws.gate = None
        assert (await frugality.ask()).paid_requests == 1
    assert isinstance(await asking, PermissionMissing)


async def test_a_key_without_rights_is_tried_ever_more_seldom(frugality: Frugality) -> None:
    """Other questions change nothing; after each refusal the pause is a minute longer, up to an hour."""
    frugality.aws.fail(MALLORY, FORBIDDEN)
    for minute, query in enumerate(questions(30)):
        assert isinstance(await heard_by(frugality, query, MALLORY), PermissionMissing)
        frugality.clock.move(timedelta(minutes=1))
        expected = {0: 1, 1: 2, 2: 2, 3: 3, 5: 3, 6: 4, 9: 4, 10: 5}.get(minute)
        assert expected in {None, len(frugality.aws.asked)}
    assert len(frugality.aws.asked) == 8


async def test_a_key_that_has_been_given_the_right_is_let_in(frugality: Frugality) -> None:
    """Within the pause it hears what AWS said last; after it, AWS is asked, and the pauses are forgotten."""
    frugality.start(ttl=timedelta(0))
    frugality.aws.fail(KEY, FORBIDDEN)
    first, second, third = questions(3)
    assert isinstance(await heard_by(frugality, first), PermissionMissing)
    frugality.aws.fail(KEY, None)
    assert isinstance(await heard_by(frugality, second), PermissionMissing)
    frugality.clock.move(timedelta(minutes=1))
    assert (await frugality.ask(third)).paid_requests == 1
    frugality.clock.move(timedelta(minutes=5))
    assert (await frugality.ask(first)).paid_requests == 1


async def test_a_question_that_aws_refuses_holds_no_other_back(frugality: Frugality) -> None:
    """A scope that AWS does not take is no matter of the key's."""
    frugality.aws.fail(KEY, RequestRefused("ValidationException: no"))
    first, second = questions(2)
    assert isinstance(await heard_by(frugality, first), RequestRefused)
    frugality.aws.fail(KEY, None)
    assert (await frugality.ask(second)).paid_requests == 1


async def identities_of(frugality: Frugality, keys: Iterable[AccessKey]) -> Counter[str]:
    """Ask whose keys these are; what became of each."""
    asking = (frugality.identity.account_id(key) for key in keys)
    ends = await asyncio.gather(*asking, return_exceptions=True)
    return Counter(type(end).__name__ for end in ends)


def invented(name: str, count: int) -> list[AccessKey]:
    """Keys that AWS has never seen."""
    return [AccessKey(f"AKIA{name}{n:08}", "invented") for n in range(count)]


async def test_invented_keys_do_not_make_us_hammer_sts(frugality: Frugality) -> None:
    """Some at once, then five a second: the others wait, and hold no place meanwhile."""
    for second in range(20):
        ends = await identities_of(frugality, invented(f"MADEUP{second}", 100))
        frugality.clock.move(timedelta(seconds=1))
    assert 50 + 20 * 5 - 5 <= len(frugality.aws.identified) <= 50 + 20 * 5 + 20
    assert ends.keys() == {"AccessKeyUnknown", "AwsBusy"}


async def test_keys_that_aws_accepts_never_wait(frugality: Frugality) -> None:
    """However many are new, as long as they are real; and those of yesterday wait for no stranger."""
    real = invented("REAL", 300)
    for key in real:
        frugality.aws.add(key, Account("123456789012", WHOLE))
    assert await identities_of(frugality, real) == {"str": 300}
    frugality.clock.move(timedelta(days=1, seconds=1))
    await identities_of(frugality, invented("MADEUP", 80))
    assert await identities_of(frugality, real) == {"str": 300}
    assert await identities_of(frugality, invented("NEW", 1)) == {"AwsBusy": 1}


async def test_what_is_remembered_of_keys_is_bounded(
    frugality: Frugality, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Made-up keys fill no memory."""
    monkeypatch.setattr("adapters.aws.trials.REMEMBERED", 3)
    trials = CostsOnTrial(FakeCostSource(frugality.aws), frugality.clock)
    keys = Keys()
    for key in invented("MADEUP", 10):
        keys.add(key)
        with pytest.raises(AccessKeyUnknown):
            await trials.costs(key, QUERY)
    assert (len(trials._trials), len(keys._hashes)) == (3, 3)
    assert [key in keys for key in invented("MADEUP", 10)] == [False] * 7 + [True] * 3
