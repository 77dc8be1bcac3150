from __future__ import annotations

import asyncio
import gc
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from functools import partial
from operator import ne

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.aws.frugal import frugal
from adapters.aws.narrowed import NarrowedCosts
from adapters.aws.recall import UNDER_WAY
from adapters.aws.remembered import KeptCosts, pack, unpack
from adapters.state.memory import MemoryStore
from application.answer import Outcome
from application.aws_errors import (
    AccessKeyUnknown,
    AwsBusy,
    AwsError,
    AwsRefused,
    AwsUnavailable,
    CostExplorerOff,
    CostsNotAvailable,
    CredentialsExpired,
    PaidRequestsCapped,
    PermissionMissing,
    RequestRefused,
    SecretKeyWrong,
)
from application.credentials import AccessKey
from application.ports.cost_source import BY_ACCOUNT, CostAnswer, CostQuery, Granularity
from domain.charges import Metric
from domain.costs import CostEntry, CostHistory
from domain.money import Money
from domain.periods import DAY, Period
from domain.scope import Scope
from tests.doubles.fakes.aws import Account, FakeAws, FakeCostSource, FakeIdentity
from tests.doubles.fakes.clock import NOON, FixedClock
from tests.doubles.fakes.vault import FakeVault
from tests.doubles.fakes.world import KEY as KEY_OF_WORLD
from tests.doubles.fakes.world import World

KEY = AccessKey("AKIAFRUGALFRUGALFRUG", "secret/of+frugal")
TODAY = NOON.date()
QUERY = CostQuery("123456789012", Period(TODAY - 35 * DAY, TODAY), Granularity.DAILY)
WHOLE = {TODAY - n * DAY: {"Amazon EC2": "1.5", "Refund": "-0.0000000001"} for n in range(1, 36)}
TTL = timedelta(hours=6)

REFUSED = [
    AccessKeyUnknown(),
    SecretKeyWrong("Signature expired: now is later"),
    CredentialsExpired(),
    PermissionMissing("User: x is not authorized"),
    CostExplorerOff(),
    CostsNotAvailable(),
    RequestRefused("ValidationException: no"),
]


def questions(count: int) -> list[CostQuery]:
    """That many different ones."""
    return [
        CostQuery("123456789012", Period(TODAY - n * DAY, TODAY), Granularity.DAILY)
        for n in range(1, count + 1)
    ]


class Frugality:
    """A pretended AWS, and processes on one store that ask it seldom."""

    def __init__(self) -> None:
        self.aws = FakeAws()
        self.aws.add(KEY, Account("123456789012", WHOLE))
        self.clock = FixedClock()
        self.store = MemoryStore(self.clock)
        self.hits = 0
        self.paid = 0
        self.start()

    def start(self, ttl: timedelta = TTL, daily_cap: int = 0) -> None:
        """Start a process; the one before lives on, if anybody holds its ports."""
        self.identity, self.costs = frugal(
            FakeIdentity(self.aws),
            FakeCostSource(self.aws),
            self.store,
            FakeVault(),
            self.clock,
            ttl=ttl,
            daily_cap=daily_cap,
            on_hit=self._hit,
            on_paid=self._pay,
        )

    async def ask(self, query: CostQuery = QUERY, credentials: AccessKey = KEY) -> CostAnswer:
        """Ask the newest process."""
        return await self.costs.costs(credentials, query)

    async def until(self, condition: Callable[[], bool]) -> None:
        """Let the others run until the condition holds."""
        async with asyncio.timeout(5):
            while not condition():  # noqa: ASYNC110  # no event tells of it
                await asyncio.sleep(0)

    def _hit(self) -> None:
        self.hits += 1

    def _pay(self, count: int) -> None:
        self.paid += count


@pytest.fixture
def frugality() -> Frugality:
    """An account with 35 published days, and one process with an empty store."""
    return Frugality()


async def test_a_thousand_equal_questions_cost_one_request(frugality: Frugality) -> None:
    """All get the same costs, one of them for a cent, the others for nothing."""
    answers = await asyncio.gather(*(frugality.ask() for _ in range(1000)))
    assert all(answer.history == answers[0].history for answer in answers)
    assert sorted(answer.paid_requests for answer in answers) == [0] * 999 + [1]
    assert (len(frugality.aws.asked), frugality.hits, frugality.paid) == (1, 999, 1)


async def test_an_answer_that_is_too_long_is_asked_for_in_less_detail_once(frugality: Frugality) -> None:
    """The verdict comes; and what cannot succeed is not paid for again on the next days, in any process."""
    frugality.aws.add(KEY, Account("123456789012", WHOLE, page_size=1))
    answer = await frugality.ask()
    assert answer.history.spend(QUERY.window) == Money(35 * Decimal("1.4999999999"))
    assert (answer.history.is_divided, answer.paid_requests, frugality.paid) == (False, 6, 6)
    frugality.start()
    frugality.clock.move(DAY)
    assert (await frugality.ask(replace(QUERY, window=Period(TODAY - 34 * DAY, TODAY)))).paid_requests == 1
    frugality.clock.move(7 * DAY)
    assert (await frugality.ask()).paid_requests == 6


async def test_what_fails_in_less_detail_has_cost_both(frugality: Frugality) -> None:
    """The pages in vain are counted beside the request that AWS then refused."""

    class ThenAway(FakeCostSource):
        async def costs(
            self, credentials: AccessKey, query: CostQuery, since: datetime | None = None
        ) -> CostAnswer:
            if not query.group_by:
                error = AwsUnavailable("away")
                error.paid_requests = 1
                raise error
            return await super().costs(credentials, query, since)

    frugality.aws.add(KEY, Account("123456789012", WHOLE, page_size=1))
    narrowed = NarrowedCosts(ThenAway(frugality.aws), frugality.store, FakeVault())
    with pytest.raises(AwsUnavailable) as caught:
        await narrowed.costs(KEY, QUERY)
    assert caught.value.paid_requests == 6


async def test_what_is_at_hand_is_had_for_nothing(frugality: Frugality) -> None:
    """An answer that is kept is given, and nothing else is asked for."""
    assert await frugality.costs.at_hand(KEY, QUERY) is None
    answer = await frugality.ask()
    assert (await frugality.ask()).paid_requests == 0
    at_hand = await frugality.costs.at_hand(KEY, QUERY)
    assert at_hand is not None
    assert (at_hand.history, at_hand.paid_requests) == (answer.history, 0)
    assert len(frugality.aws.asked) == 1


async def test_a_refusal_is_not_at_hand(frugality: Frugality) -> None:
    """Nor is an answer that is under way, or a store that fails: then it is just not known."""
    frugality.aws.fail(KEY, PermissionMissing())
    with pytest.raises(PermissionMissing):
        await frugality.ask()
    assert await frugality.costs.at_hand(KEY, QUERY) is None


async def test_a_restart_costs_nothing(frugality: Frugality) -> None:
    """A new process on the old store answers as the old one did, names and ten decimals included."""
    names = {"111122223333": "prod"}
    accounts = {day: {"111122223333": "1.0000000001"} for day in WHOLE}
    frugality.aws.add(KEY, Account("123456789012", WHOLE, "CNY", accounts=accounts, names=names))
    query = CostQuery("123456789012", QUERY.window, Granularity.DAILY, group_by=(BY_ACCOUNT,))
    before = await frugality.ask(query)
    frugality.start()
    after = await frugality.ask(query)
    assert (after.history, after.names, after.paid_requests) == (before.history, names, 0)
    assert len(frugality.aws.asked) == 1


@given(
    st.lists(
        st.dictionaries(st.text(max_size=3), st.decimals(allow_nan=False, allow_infinity=False), max_size=3),
        max_size=5,
    )
)
def test_what_is_kept_is_what_came(days: list[dict[str, Decimal]]) -> None:
    """Every digit of every amount, days without costs, and services that only some days have."""
    entries = [
        CostEntry(Period(TODAY + n * DAY, TODAY + (n + 1) * DAY), services) for n, services in enumerate(days)
    ]
    answer = CostAnswer(CostHistory(tuple(entries), "CNY"), 0, {"1": "prod"})
    kept = unpack(msgspec.msgpack.decode(msgspec.msgpack.encode(pack(answer)), type=KeptCosts))
    assert (kept, digits(kept)) == (answer, digits(answer))


def digits(answer: CostAnswer) -> list[dict[str, str]]:
    """The amounts as they are written."""
    return [
        {name: str(amount) for name, amount in entry.services.items()} for entry in answer.history.entries
    ]


async def test_an_answer_lives_as_long_as_it_may(frugality: Frugality) -> None:
    """Until the TTL has passed AWS is not asked again; then it is."""
    await frugality.ask()
    frugality.clock.move(TTL - timedelta(seconds=1))
    assert (await frugality.ask()).paid_requests == 0
    frugality.clock.move(timedelta(seconds=1))
    assert (await frugality.ask()).paid_requests == 1


@pytest.mark.parametrize(
    ("ttl", "lives"),
    [
        (timedelta(hours=24), timedelta(hours=1)),
        (timedelta(hours=3), timedelta(minutes=30)),
    ],
)
async def test_an_unpublished_day_is_asked_for_sooner(
    frugality: Frugality, ttl: timedelta, lives: timedelta
) -> None:
    """An answer without the last day lives a sixth of the TTL, at most an hour."""
    bill = {day: amounts for day, amounts in WHOLE.items() if day != TODAY - DAY}
    frugality.aws.add(KEY, Account("123456789012", bill))
    frugality.start(ttl)
    await frugality.ask()
    frugality.clock.move(lives - timedelta(seconds=1))
    assert (await frugality.ask()).paid_requests == 0
    frugality.clock.move(timedelta(seconds=1))
    assert (await frugality.ask()).paid_requests == 1


async def test_a_ttl_of_zero_turns_reuse_off(frugality: Frugality) -> None:
    """Every question is asked, and what an earlier setting left in the store is not used."""
    await frugality.ask()
    frugality.start(ttl=timedelta(0))
    assert [(await frugality.ask()).paid_requests for _ in range(3)] == [1, 1, 1]


@pytest.mark.parametrize(
    "other",
    [
        CostQuery("123456789012", Period(TODAY - 34 * DAY, TODAY), Granularity.DAILY),
        CostQuery("123456789012", QUERY.window, Granularity.MONTHLY),
        CostQuery("123456789012", QUERY.window, Granularity.DAILY, Metric.BLENDED),
        CostQuery("123456789012", QUERY.window, Granularity.DAILY, scope=Scope(regions=("eu-west-1",))),
        CostQuery("123456789012", QUERY.window, Granularity.DAILY, excluded_record_types=("Tax",)),
        CostQuery("123456789012", QUERY.window, Granularity.DAILY, group_by=(BY_ACCOUNT,)),
    ],
    ids=range(6),
)
async def test_another_question_is_another_answer(frugality: Frugality, other: CostQuery) -> None:
    """Whatever differs in the question, the answer is not reused for it."""
    await frugality.ask()
    await frugality.ask(other)
    assert [query for _, query in frugality.aws.asked] == [QUERY, other]


@pytest.mark.parametrize(
    "wrong",
    [
        AccessKey(KEY.access_key_id, "another"),
        AccessKey("AKIAANOTHERANOTHERAN", KEY.secret_access_key),
        AccessKey(KEY.access_key_id, KEY.secret_access_key, "token"),
    ],
    ids=range(3),
)
async def test_nobody_sees_anothers_answer(frugality: Frugality, wrong: AccessKey) -> None:
    """Right key id, wrong secret: the memory is of no use to a thief, not even during the flight."""
    await frugality.identity.account_id(KEY)
    await frugality.ask()
    results = await asyncio.gather(
        frugality.identity.account_id(wrong),
        frugality.ask(credentials=wrong),
        frugality.ask(),
        return_exceptions=True,
    )
    assert [isinstance(result, AwsRefused) for result in results] == [True, True, False]


@pytest.mark.parametrize("refusal", REFUSED, ids=lambda refusal: refusal.code)
async def test_a_refusal_is_remembered_for_five_minutes(frugality: Frugality, refusal: AwsRefused) -> None:
    """Whoever asks again hears the same without AWS being asked; who mends it is served soon."""
    frugality.aws.fail(KEY, refusal)
    heard = [await heard_by(frugality) for _ in range(3)]
    frugality.start()
    heard.append(await heard_by(frugality))
    assert [(type(error), str(error)) for error in heard] == [(type(refusal), str(refusal))] * 4
    assert [error.paid_requests for error in heard] == [1, 0, 0, 0]
    frugality.aws.fail(KEY, None)
    frugality.clock.move(timedelta(minutes=5))
    assert (await frugality.ask()).paid_requests == 1


async def test_an_identity_is_remembered_for_a_quarter(frugality: Frugality) -> None:
    """STS is asked once in 90 days, restarts or not, however many ask: whose a key is never changes."""
    await asyncio.gather(*(frugality.identity.account_id(KEY) for _ in range(100)))
    frugality.start()
    frugality.clock.move(timedelta(days=90) - timedelta(seconds=1))
    await frugality.identity.account_id(KEY)
    assert len(frugality.aws.identified) == 1
    frugality.clock.move(timedelta(seconds=1))
    assert await frugality.identity.account_id(KEY) == "123456789012"
    assert len(frugality.aws.identified) == 2


async def test_a_wrong_key_does_not_hammer_sts(frugality: Frugality) -> None:
    """A refusal of STS is remembered like one of Cost Explorer."""
    wrong = AccessKey("AKIAWRONG", "wrong")
    for _ in range(3):
        with pytest.raises(AccessKeyUnknown):
            await frugality.identity.account_id(wrong)
    assert frugality.aws.identified == [wrong]


async def test_trouble_is_not_remembered(frugality: Frugality) -> None:
    """When AWS was away, the next question is asked again at once."""
    frugality.aws.fail(KEY, AwsUnavailable("away"))
    assert isinstance(await heard_by(frugality), AwsUnavailable)
    frugality.aws.fail(KEY, None)
    assert (await frugality.ask()).paid_requests == 1


async def test_trouble_is_shared_and_paid_once(frugality: Frugality) -> None:
    """All who wait for a flight that fails hear of it; one of them paid."""
    frugality.aws.fail(KEY, AwsUnavailable("away"))
    heard = await asyncio.gather(*(heard_by(frugality) for _ in range(10)))
    assert sorted((str(error), error.paid_requests) for error in heard) == [("away", 0)] * 9 + [("away", 1)]


@pytest.mark.parametrize("cancelled", [0, 1])
async def test_a_cancelled_caller_does_not_end_the_flight(frugality: Frugality, cancelled: int) -> None:
    """Whether the first or a later caller goes away, the others get the answer, for one request."""
    frugality.aws.gate = asyncio.Lock()
    await frugality.aws.gate.acquire()
    callers = [asyncio.create_task(frugality.ask()) for _ in range(3)]
    await frugality.until(lambda: bool(frugality.aws.asked))
    callers.pop(cancelled).cancel()
    await asyncio.sleep(0)
    frugality.aws.gate.release()
    answers = await asyncio.gather(*callers)
    assert [answer.history.entries[0].total for answer in answers] == [Decimal("1.4999999999")] * 2
    assert len(frugality.aws.asked) == 1


async def test_a_flight_that_nobody_waits_for_ends_quietly(
    frugality: Frugality, caplog: pytest.LogCaptureFixture
) -> None:
    """When all have gone and AWS refuses, nothing is written about it, and the refusal is remembered."""
    frugality.aws.fail(KEY, CostExplorerOff())
    frugality.aws.gate = asyncio.Lock()
    async with frugality.aws.gate:
        caller = asyncio.create_task(frugality.ask())
        await frugality.until(lambda: bool(frugality.aws.asked))
        caller.cancel()
        await asyncio.wait([caller])
        del caller
    await frugality.until(lambda: len(asyncio.all_tasks()) == 1)
    await asyncio.sleep(0)
    gc.collect()
    assert (type(await heard_by(frugality)), len(frugality.aws.asked)) == (CostExplorerOff, 1)
    assert caplog.records == []


async def test_two_processes_do_not_both_pay(frugality: Frugality) -> None:
    """While one process asks, the other is told to come back, and then finds the answer."""
    first = frugality.costs
    frugality.start()
    frugality.aws.gate = asyncio.Lock()
    async with frugality.aws.gate:
        asking = asyncio.create_task(first.costs(KEY, QUERY))
        await frugality.until(lambda: bool(frugality.aws.asked))
        busy = await heard_by(frugality)
    assert (type(busy), getattr(busy, "retry_after", None)) == (AwsBusy, 1)
    assert ((await asking).paid_requests, (await frugality.ask()).paid_requests) == (1, 0)


async def test_the_announcement_lasts_as_long_as_the_question(
    frugality: Frugality, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However slow AWS is, it is asked by one process only."""
    monkeypatch.setattr("adapters.aws.recall.RENEWED_SECONDS", 0.001)
    first = frugality.costs
    frugality.start()
    frugality.aws.gate = asyncio.Lock()
    async with frugality.aws.gate:
        asking = asyncio.create_task(first.costs(KEY, QUERY))
        await frugality.until(lambda: bool(frugality.aws.asked))
        for _ in range(3):
            before = dict(frugality.store._values)
            frugality.clock.move(timedelta(seconds=3))
            await frugality.until(partial(ne, before, frugality.store._values))
        busy = await heard_by(frugality)
    await asking
    assert isinstance(busy, AwsBusy)


class DeafStore(MemoryStore):
    """A store whose announcements are written although they are cancelled, as happens on a network."""

    async def put(self, key: str, value: bytes, ttl: timedelta) -> None:
        """Write, whatever happens."""
        if value == UNDER_WAY:
            with suppress(asyncio.CancelledError):
                await asyncio.sleep(0)
        await super().put(key, value, ttl)


async def test_nothing_is_announced_for_ever(frugality: Frugality, monkeypatch: pytest.MonkeyPatch) -> None:
    """When the answer comes during a renewal whose end cannot be called off, that renewal is the last."""
    monkeypatch.setattr("adapters.aws.recall.RENEWED_SECONDS", 0)
    frugality.store = DeafStore(frugality.clock)
    frugality.start()
    for query in questions(5):
        frugality.aws.gate = asyncio.Lock()
        async with frugality.aws.gate:
            asking = asyncio.create_task(frugality.ask(query))
            await frugality.until(lambda: len(asyncio.all_tasks()) > 3)
        await asking
    await frugality.until(lambda: len(asyncio.all_tasks()) == 1)


async def test_a_crash_is_overcome_in_seconds(frugality: Frugality) -> None:
    """A process that died while asking does not keep the others from asking for long."""
    frugality.aws.gate = asyncio.Lock()
    async with frugality.aws.gate:
        asking = asyncio.create_task(frugality.ask())
        await frugality.until(lambda: bool(frugality.aws.asked))
        kept = dict(frugality.store._values)
    await asking
    frugality.store._values = kept
    frugality.start()
    assert isinstance(await heard_by(frugality), AwsBusy)
    frugality.clock.move(timedelta(seconds=4))
    assert (await frugality.ask()).paid_requests == 1


async def test_the_cap_stops_a_mad_crontab(frugality: Frugality) -> None:
    """After as many paid requests as allowed AWS is asked no more, in any process, until the next UTC day."""
    frugality.start(ttl=timedelta(0), daily_cap=3)
    paid = [(await frugality.ask()).paid_requests for _ in range(3)]
    frugality.start(ttl=timedelta(0), daily_cap=3)
    heard = [await heard_by(frugality) for _ in range(2)]
    assert (paid, [type(error) for error in heard]) == ([1, 1, 1], [PaidRequestsCapped] * 2)
    frugality.clock.move(timedelta(hours=12))
    assert (await frugality.ask()).paid_requests == 1


async def test_pages_and_failures_count_towards_the_cap(frugality: Frugality) -> None:
    """Every page is a request, and one that fails is one too."""
    frugality.aws.add(KEY, Account("123456789012", WHOLE, page_size=12))
    frugality.start(ttl=timedelta(0), daily_cap=4)
    assert (await frugality.ask()).paid_requests == 3
    frugality.aws.fail(KEY, AwsUnavailable("away"))
    assert isinstance(await heard_by(frugality), AwsUnavailable)
    assert isinstance(await heard_by(frugality), PaidRequestsCapped)
    assert frugality.paid == 4


async def test_the_cap_is_each_accounts_own(frugality: Frugality) -> None:
    """One account's crontab does not stop another's."""
    another = AccessKey("AKIAANOTHERANOTHERAN", "another")
    frugality.aws.add(another, Account("210987654321", WHOLE))
    frugality.start(ttl=timedelta(0), daily_cap=1)
    await frugality.ask()
    query = CostQuery("210987654321", QUERY.window, Granularity.DAILY)
    assert (await frugality.ask(query, another)).paid_requests == 1


async def test_a_capped_account_still_hears_what_is_known(frugality: Frugality) -> None:
    """What is remembered costs nothing, so the cap does not keep it back."""
    frugality.start(daily_cap=1)
    await frugality.ask()
    assert (await frugality.ask()).paid_requests == 0


async def test_the_cap_is_forgotten_with_its_day(frugality: Frugality) -> None:
    """That the cap was reached is not remembered like a refusal of AWS: after midnight AWS is asked."""
    frugality.start(daily_cap=1)
    await frugality.ask()
    frugality.clock.move_to(NOON + timedelta(hours=11, minutes=59))
    assert isinstance(await heard_by(frugality), PaidRequestsCapped)
    frugality.clock.move(timedelta(minutes=1))
    assert (await frugality.ask()).paid_requests == 1


async def test_a_key_is_used_at_a_measured_pace(frugality: Frugality) -> None:
    """Five different questions at once are asked; the next five are sent away for a second, and so on."""
    frugality.clock.move(timedelta(milliseconds=300))
    results = await asyncio.gather(*map(frugality.ask, questions(12)), return_exceptions=True)
    sent_away = [round(result.retry_after, 3) for result in results if isinstance(result, AwsBusy)]
    assert (sent_away, len(frugality.aws.asked)) == ([0.7] * 5 + [1.7] * 2, 5)
    frugality.clock.move(timedelta(milliseconds=700))
    results = await asyncio.gather(*map(frugality.ask, questions(12)), return_exceptions=True)
    assert (sum(isinstance(result, AwsBusy) for result in results), len(frugality.aws.asked)) == (2, 10)


async def test_processes_share_the_pace(frugality: Frugality) -> None:
    """Of three processes that use one key in a second, each asks once; the rest is counted together."""
    processes = [frugality.costs]
    for _ in range(2):
        frugality.start()
        processes.append(frugality.costs)
    asking = [processes[n % 3].costs(KEY, query) for n, query in enumerate(questions(30))]
    results = await asyncio.gather(*asking, return_exceptions=True)
    assert (sum(isinstance(result, AwsBusy) for result in results), len(frugality.aws.asked)) == (23, 7)


async def test_another_account_has_its_own_pace(frugality: Frugality) -> None:
    """However often one account is asked, another's first question is not sent away."""
    another = AccessKey("AKIAANOTHERANOTHERAN", "another")
    frugality.aws.add(another, Account("210987654321", WHOLE))
    frugality.start(ttl=timedelta(0))
    for _ in range(5):
        await frugality.ask()
    assert isinstance(await heard_by(frugality), AwsBusy)
    query = CostQuery("210987654321", QUERY.window, Granularity.DAILY)
    assert (await frugality.ask(query, another)).paid_requests == 1


async def test_the_store_tells_nothing(frugality: Frugality) -> None:
    """Neither keys nor values show a credential, an account, or a figure."""
    await frugality.identity.account_id(KEY)
    await frugality.ask()
    frugality.start(ttl=timedelta(0), daily_cap=2)
    await frugality.ask()
    await frugality.ask()
    kept = repr({key: kept.value for key, kept in frugality.store._values.items()})
    told = (KEY.access_key_id, KEY.secret_access_key, "123456789012", "Amazon", "1.5")
    assert [word for word in told if word in kept] == []
    assert len(frugality.store._values) == 4


async def test_what_no_key_opens_is_asked_for_again(frugality: Frugality) -> None:
    """Values of a retired key, or of another version, are as good as gone."""
    await frugality.ask()
    (key,) = frugality.store._values
    await frugality.store.put(key, b"sealed by another", TTL)
    assert (await frugality.ask()).paid_requests == 1
    for former in (b'{"type":"found","answer":7}', b"\x92\xa5found\x07"):
        await frugality.store.put(key, FakeVault().seal(former, key), TTL)
        assert (await frugality.ask()).paid_requests == 1


async def heard_by(frugality: Frugality) -> AwsError:
    """Ask, and return the error that comes."""
    with pytest.raises(AwsError) as caught:
        await frugality.ask()
    return caught.value


async def test_a_busy_aws_sends_the_tick_back_for_a_moment() -> None:
    """The tick waits in the inbox, however long that goes on; the channel hears of nothing but the result."""
    world = World()
    world.aws.fail(KEY_OF_WORLD, AwsBusy("asked enough for now", retry_after=3))
    answer = await world.tick()
    due = await world.next_due()
    assert (answer.outcome, answer.cause) == (Outcome.RETRY, "aws-busy")
    assert due is not None
    assert due.at - world.clock.now() == timedelta(seconds=3)
    await world.work_for(timedelta(hours=1))
    assert world.texts == []
    world.aws.fail(KEY_OF_WORLD, None)
    await world.work_for(timedelta(minutes=1))
    assert len(world.texts) == 1
