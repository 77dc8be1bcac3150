"""Whose account, what it cost, over or not, and was it said already: one paid question."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.aws.narrowed import in_detail
from application.aws_errors import AwsError, AwsUnavailable, PermissionMissing
from application.check_spend import LinkedAccounts, SpendChecked
from application.credentials import AccessKey
from application.monitor import Monitor
from application.ports.cost_source import BY_ACCOUNT, BY_SERVICE, CostAnswer, CostQuery, Granularity
from application.ports.ledger import Page
from application.question import query_for
from domain.analysis import Misfit
from domain.charges import Metric
from domain.notify import Notify
from domain.periods import DAY, Frequency, Period
from domain.scope import Scope
from domain.settling import Settling
from domain.thresholds import Threshold, Verdict
from tests.doubles.fakes.aws import FakeCostSource, Line
from tests.doubles.fakes.world import ACCOUNT, KEY, World, bill

MONITOR = Monitor(KEY, Threshold(Decimal(100)))
TWO_ACCOUNTS = replace(MONITOR, scope=Scope(accounts=("111122223333", "444455556666")))


async def check(world: World, monitor: Monitor = MONITOR) -> SpendChecked:
    """Run the use case as the command line does."""
    return await world.check_spend.execute(monitor, world.clock.now())


async def test_it_finds_account_spend_and_verdict() -> None:
    """The newest period's report says whose, how much and whether that is over."""
    world = World()
    world.account.bill = bill(world.today, d1="100.01")
    checked = await check(world)
    [report] = checked.reports
    assert checked.account_id == ACCOUNT
    assert report.period == Period(world.today - DAY, world.today)
    assert (str(report.spend), report.verdict) == ("$100.01", Verdict.EXCEEDED)


@pytest.mark.parametrize("frequency", list(Frequency))
async def test_one_question_is_asked(frequency: Frequency) -> None:
    """Whatever the frequency, one paid request holds the period and enough before it to compare with."""
    world = World()
    checked = await check(world, replace(MONITOR, frequency=frequency))
    assert len(world.aws.asked) == 1
    assert checked.paid_requests == 1
    assert frequency.period_on(world.today) in checked.query.window


async def test_every_page_is_counted() -> None:
    """A check that took several requests says so."""
    world = World()
    world.account.page_size = 10
    world.check_spend = replace(world.check_spend, cost_source=ByOneThing(world.aws))
    assert (await check(world)).paid_requests == 4


async def test_what_the_channel_was_told_is_no_news() -> None:
    """What stands on the page is not reported again."""
    world, now = World(), World().clock.now()
    page = Page({report.period: report.told() for report in (await check(world)).reports})
    asker = await world.check_spend.asker(MONITOR)
    costs = await world.check_spend.costs(MONITOR, asker, world.today, now)
    settling = Settling(timedelta(hours=24), now)
    assert (await world.check_spend.reports(MONITOR, asker, costs, page, settling)).reports == []


async def test_a_later_look_asks_what_is_asked_that_day() -> None:
    """Who looks at yesterday's question again shares today's; after a week it is asked as it was."""
    world = World()
    asker = await world.check_spend.asker(MONITOR)
    ends = []
    for days in (0, 1, 3, 30):
        now = world.clock.now() + days * DAY
        costs = await world.check_spend.costs(MONITOR, asker, world.today, now)
        assert costs.today == world.today
        ends.append((costs.query.window.end - world.today).days)
        if days < 7:
            assert costs.query == query_for(MONITOR, ACCOUNT, now.date())
    assert ends == [0, 1, 3, 7]


@pytest.mark.parametrize(("day", "reaches_back"), [(1, True), (7, True), (8, False), (23, False)])
def test_the_first_days_of_a_month_ask_for_two_whole_months(day: int, *, reaches_back: bool) -> None:
    """Then a report says what the closed month cost, beside the one before it."""
    query = query_for(MONITOR, ACCOUNT, date(2026, 11, day))
    assert (query.window.start <= date(2026, 9, 1)) is reaches_back


@pytest.mark.parametrize("notify", list(Notify))
async def test_the_command_line_always_gets_the_newest_period(notify: Notify) -> None:
    """Who asks without a channel has been told nothing, and is told in any case."""
    world = World()
    checked = await check(world, replace(MONITOR, notify=notify))
    assert [report.period for report in checked.reports] == [Period(world.today - DAY, world.today)]


async def test_wrong_keys_cost_nothing() -> None:
    """Whose credentials these are is asked first, and that is free."""
    world = World()
    world.aws.fail(KEY, PermissionMissing())
    with pytest.raises(PermissionMissing):
        await check(world)
    assert world.aws.asked == []


@pytest.mark.parametrize("error", [PermissionMissing(), AwsUnavailable("AWS timed out.")])
async def test_what_cost_explorer_says_is_passed_on(error: AwsError) -> None:
    """A failure is never a figure."""
    with pytest.raises(type(error)):
        await check(failing(World(), error, at=1))


async def test_the_view_of_the_bill_is_part_of_the_question() -> None:
    """Metric, scope and left-out charges go to AWS, which does the counting."""
    world = World()
    monitor = replace(TWO_ACCOUNTS, metric=Metric.UNBLENDED, excluded_record_types=("Credit",))
    query = (await check(world, monitor)).query
    assert (query.metric, query.scope) == (Metric.UNBLENDED, TWO_ACCOUNTS.scope)
    assert query.excluded_record_types == ("Credit",)
    assert world.aws.asked == [(KEY, query)]


@given(today=st.dates(date(2020, 1, 1), date(2040, 1, 1)), frequency=st.sampled_from(Frequency))
def test_the_window_holds_all_that_is_looked_at(today: date, frequency: Frequency) -> None:
    """Every period that is reviewed, and the one before the newest, is inside a window that AWS accepts."""
    query = query_for(replace(MONITOR, frequency=frequency), ACCOUNT, today)
    newest = frequency.period_on(today)
    assert all(period in query.window for period in frequency.periods_reviewed_on(today))
    assert frequency.period_before(newest) in query.window
    assert query.window.end <= today
    assert (today - query.window.start).days <= 14 * 31
    if query.granularity is Granularity.MONTHLY:
        assert query.window.start.day == 1


class TestAScopeThatNothingFits:
    """It is told as that, with what is near it in the bill, if that is at hand."""

    async def test_names_that_are_near_come_from_what_is_known(self) -> None:
        """For nothing: the whole bill was asked for by somebody else."""
        world = World()
        scoped = replace(MONITOR, scope=Scope(services=("Amazon EC",)))
        query = query_for(MONITOR, ACCOUNT, world.today)
        whole_bill = await FakeCostSource(world.aws).costs(KEY, query)
        source = NothingFits(world, {query: whole_bill})
        world.check_spend = replace(world.check_spend, cost_source=source)
        [report] = (await check(world, scoped)).reports
        assert (report.verdict, report.spend) == (Verdict.NOT_PUBLISHED, None)
        assert report.analysis is not None
        assert report.analysis.misfit == Misfit(("Amazon EC2",))
        assert len(world.aws.asked) == 2

    async def test_without_that_it_is_told_all_the_same(self) -> None:
        """And a whole bill without costs is no misfit."""
        world = World()
        world.check_spend = replace(world.check_spend, cost_source=NothingFits(world, {}))
        for monitor, misfit in (
            (replace(MONITOR, scope=Scope(tags=(("team", ("web",)),))), Misfit()),
            (MONITOR, None),
        ):
            [report] = (await check(world, monitor)).reports
            assert report.analysis is not None
            assert report.analysis.misfit == misfit


class NothingFits(FakeCostSource):
    """Has no costs for anybody; knows some answers."""

    def __init__(self, world: World, known: Mapping[CostQuery, CostAnswer]) -> None:
        super().__init__(world.aws)
        self._world, self._known = world, known

    async def costs(
        self, credentials: AccessKey, query: CostQuery, since: datetime | None = None
    ) -> CostAnswer:
        """Answer that nothing fits."""
        self._world.account.bill = {}
        return await super().costs(credentials, query, since)

    async def at_hand(self, credentials: AccessKey, query: CostQuery) -> CostAnswer | None:  # noqa: ARG002  # the port's
        """Return what is known."""
        return self._known.get(query)


class TestLinkedAccounts:
    """The second request, for the accounts that moved."""

    async def test_it_is_made_when_several_accounts_are_watched_and_exceed(self) -> None:
        """The breach names its accounts, and both requests are counted."""
        world = World()
        world.account.bill = bill(world.today, d1="250")
        world.check_spend = replace(world.check_spend, cost_source=ByOneThing(world.aws))
        checked = await check(world, TWO_ACCOUNTS)
        assert [query.group_by for _, query in world.aws.asked] == [(BY_SERVICE,), (BY_ACCOUNT,)]
        assert checked.paid_requests == 2

    async def test_it_is_not_needed_where_both_are_one_page(self) -> None:
        """The same answer holds the accounts, so that they agree with the services."""
        world = World()
        world.account.lines = {
            day: [Line("EC2", amount, account) for account in ("111122223333", "444455556666")]
            for day, amount in ((world.today - 2 * DAY, "5"), (world.today - DAY, "75"))
        }
        world.account.names = {"111122223333": "prod"}
        checked = await check(world, TWO_ACCOUNTS)
        [report] = checked.reports
        assert report.analysis is not None
        assert {part.name: part.amount for part in report.analysis.accounts} == {
            "prod (111122223333)": Decimal(75),
            "444455556666": Decimal(75),
        }
        assert checked.paid_requests == 1

    async def test_accounts_of_another_hour_add_up_all_the_same(self) -> None:
        """What no account's figures show is a line of its own, so that the lines make the spend."""
        world = World()
        world.account.bill = bill(world.today, d1="250")
        world.account.accounts = bill(world.today, "9", d1="225")
        world.check_spend = replace(world.check_spend, cost_source=ByOneThing(world.aws))
        checked = await check(world, TWO_ACCOUNTS)
        [report] = checked.reports
        assert report.analysis is not None
        assert sum(part.amount for part in report.analysis.accounts) == Decimal(250)
        assert sum(part.before or 0 for part in report.analysis.accounts) == Decimal(10)
        assert report.analysis.accounts[-1].name == "in no account's figures yet"

    @pytest.mark.parametrize(
        ("amount", "monitor", "when"),
        [
            ("10", TWO_ACCOUNTS, LinkedAccounts.ALWAYS),
            ("250", MONITOR, LinkedAccounts.SCOPED),
            ("250", TWO_ACCOUNTS, LinkedAccounts.NEVER),
        ],
    )
    async def test_it_is_not_made_otherwise(
        self, amount: str, monitor: Monitor, when: LinkedAccounts
    ) -> None:
        """Within budget, without several accounts, or turned off: one request."""
        world = World()
        world.account.bill = bill(world.today, d1=amount)
        world.check_spend = replace(world.check_spend, linked_accounts=when)
        assert (await check(world, monitor)).paid_requests == 1

    @pytest.mark.parametrize("error", [PermissionMissing(), AwsUnavailable("AWS timed out.")])
    async def test_a_breach_is_reported_even_if_it_fails(self, error: AwsError) -> None:
        """What is known is told; what was paid in vain is counted."""
        world = failing(World(), error, at=2)
        world.account.bill = bill(world.today, d1="250")
        checked = await check(world, TWO_ACCOUNTS)
        assert [report.verdict for report in checked.reports] == [Verdict.EXCEEDED]
        assert checked.paid_requests == 2


class ByOneThing(FakeCostSource):
    """The answer by two things has too many pages."""

    async def costs(
        self, credentials: AccessKey, query: CostQuery, since: datetime | None = None
    ) -> CostAnswer:
        """Answer in less detail."""
        return await super().costs(credentials, query if query.in_pairs else in_detail(query, 1), since)


class FailingAt(ByOneThing):
    """Refuses its n-th question."""

    def __init__(self, world: World, error: AwsError, at: int) -> None:
        super().__init__(world.aws)
        self._error, self._left = error, at

    async def costs(
        self, credentials: AccessKey, query: CostQuery, since: datetime | None = None
    ) -> CostAnswer:
        """Count down."""
        self._left -= 1
        if self._left == 0:
            self._error.paid_requests = 1
            raise self._error
        return await super().costs(credentials, query, since)


def failing(world: World, error: AwsError, at: int) -> World:
    """The world, with a Cost Explorer that refuses its n-th question."""
    source = FailingAt(world, error, at)
    world.check_spend = replace(world.check_spend, cost_source=source)
    return world
