"""The one further question of a breach or a spike: what exactly it was."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time
from decimal import Decimal

import pytest

from adapters.chats.causes import causes_in_words
from adapters.chats.telex import message_of
from adapters.settings.amounts import read_spike_rule
from application.aws_errors import (
    AnswerTooLong,
    AwsError,
    AwsUnavailable,
    CostsNotAvailable,
    PaidRequestsCapped,
)
from application.check_spend import SpendChecked
from application.credentials import AccessKey
from application.drill_down import AskForCause, DrillDown
from application.errors import StorageUnavailable
from application.monitor import Monitor
from application.notice import SpendNotice
from application.ports.cost_source import (
    BY_ACCOUNT,
    BY_MODEL,
    BY_REGION,
    BY_TOKEN,
    BY_USAGE_TYPE,
    CostAnswer,
    CostQuery,
)
from domain.analysis import Analysis
from domain.artefacts import Artefact, Kind
from domain.causes import Cause
from domain.money import Money
from domain.periods import DAY, Frequency
from domain.thresholds import Threshold, Verdict
from tests.doubles.fakes.aws import FakeCostSource, Line
from tests.doubles.fakes.bills import BEDROCK, EC2, NAMES, PROD, RESEARCH, RUNAWAY, USUAL, organisation
from tests.doubles.fakes.world import KEY, World

MONITOR = Monitor(KEY, Threshold(Decimal(100)))


async def check(
    world: World,
    monitor: Monitor = MONITOR,
    when: AskForCause = AskForCause.EXCEEDED,
    today: date | None = None,
) -> SpendChecked:
    """Check on the command line, with the further question."""
    source = world.check_spend.cost_source
    check_spend = replace(world.check_spend, drill_down=DrillDown(source, when))
    return await check_spend.execute(monitor, datetime.combine(today or world.today, time(12), UTC))


def world_of(*more: Line, **days: Sequence[Line]) -> World:
    """An organisation, and what the last day held besides."""
    world = World()
    world.account.names = NAMES
    world.account.lines = organisation(world.today, usual=USUAL, **{"d1": more, **days})
    return world


def analysis_of(checked: SpendChecked) -> Analysis:
    """Of the newest report."""
    analysis = checked.reports[-1].analysis
    assert analysis is not None
    return analysis


async def test_a_breach_names_its_usage_type_its_account_and_since_when() -> None:
    """For one further cent, of the service that grew the most."""
    world = world_of(RUNAWAY)
    checked = await check(world)
    assert analysis_of(checked).causes == (
        Cause(
            EC2,
            "BoxUsage:p4d.24xlarge",
            "ml-research",
            Decimal("118.33"),
            Decimal(0),
            since=world.today - DAY,
            is_new=True,
        ),
    )
    assert checked.paid_requests == 2
    assert checked.further is not None
    assert (checked.further.scope.services, checked.further.group_by) == ((EC2,), (BY_USAGE_TYPE, BY_ACCOUNT))


async def test_what_has_run_for_days_is_told_with_its_first_day() -> None:
    """The level of the last day, back to where it began."""
    world = world_of(RUNAWAY, d2=[RUNAWAY], d3=[RUNAWAY])
    [cause, *_] = analysis_of(await check(world)).causes
    assert (cause.since, cause.is_new) == (world.today - 3 * DAY, True)


async def test_in_one_account_the_region_is_asked_for() -> None:
    """There the account says nothing."""
    world = World()
    lines = [replace(line, account=PROD) for line in USUAL]
    grown = Line(EC2, "90", PROD, "EU-BoxUsage:m5.large", "eu-west-1")
    world.account.lines = organisation(world.today, usual=lines, d1=[grown])
    world.account.id = PROD
    checked = await check(world)
    assert checked.further is not None
    assert checked.further.group_by == (BY_USAGE_TYPE, BY_REGION)
    [cause, *_] = analysis_of(checked).causes
    assert (cause.what, cause.where, cause.change) == ("EU-BoxUsage:m5.large", "eu-west-1", Decimal(90))
    assert (cause.is_new, cause.since) == (False, world.today - DAY)


async def test_bedrock_is_asked_for_by_model_and_kind_of_token() -> None:
    """From September 2026 on AWS knows them."""
    world = world_of(Line(BEDROCK, "90", "333344445555", model="claude-opus", token="output"))  # of a model
    checked = await check(world)
    assert checked.further is not None
    assert checked.further.group_by == (BY_MODEL, BY_TOKEN)
    [cause, *_] = analysis_of(checked).causes
    assert (cause.what, cause.where) == ("claude-opus", "output")


async def test_before_september_2026_bedrock_is_a_service_like_any_other() -> None:
    """An earlier window would be refused."""
    world, today = World(), date(2026, 9, 10)
    world.account.lines = organisation(today, d1=[Line(BEDROCK, "90", PROD, "USE1-output")])
    checked = await check(world, today=today)
    assert checked.further is not None
    assert checked.further.group_by == (BY_USAGE_TYPE, BY_ACCOUNT)


async def test_a_spike_within_budget_is_explained_too() -> None:
    """Whoever is woken wants to know by what."""
    monitor = replace(MONITOR, threshold=Threshold(Decimal(1000)), spike_rule=read_spike_rule("40% and 20"))
    checked = await check(world_of(RUNAWAY), monitor)
    assert checked.reports[-1].verdict is Verdict.WITHIN
    assert analysis_of(checked).causes


@pytest.mark.parametrize(
    ("amount", "when"),
    [("1", AskForCause.EXCEEDED), ("118", AskForCause.NEVER)],
    ids=["within budget", "never"],
)
async def test_otherwise_nothing_further_is_asked(amount: str, when: AskForCause) -> None:
    """One look is one cent."""
    checked = await check(world_of(replace(RUNAWAY, amount=amount)), when=when)
    assert (checked.further, checked.paid_requests) == (None, 1)


async def test_fees_have_nothing_to_take_apart() -> None:
    """On the 2nd the day before holds tax and support: they are named as no usage, and EC2 is not blamed."""
    world, today = World(), date(2026, 12, 2)
    world.account.lines = organisation(today)
    checked = await check(world, replace(MONITOR, threshold=Threshold(Decimal(60))), today=today)
    assert analysis_of(checked).artefacts == (
        Artefact(Kind.SUPPORT, Money(Decimal(100))),
        Artefact(Kind.TAX, Money(Decimal(19))),
    )
    assert [one for one in analysis_of(checked).causes if one.service != EC2] == []


async def test_a_month_to_date_is_compared_with_the_month_before() -> None:
    """As far back as that goes."""
    monitor = replace(MONITOR, frequency=Frequency.MONTH_TO_DATE)
    world = world_of(RUNAWAY)
    checked = await check(world, monitor)
    assert checked.further is not None
    assert checked.further.window.start == world.today.replace(month=10, day=1)
    assert analysis_of(checked).causes[0].what == "BoxUsage:p4d.24xlarge"


class Then(FakeCostSource):
    """Answers the first question, and fails the one for pairs."""

    def __init__(self, world: World, failure: BaseException | None) -> None:
        super().__init__(world.aws)
        self._failure = failure

    async def costs(
        self, credentials: AccessKey, query: CostQuery, since: datetime | None = None
    ) -> CostAnswer:
        """Fail, or never answer."""
        if query.in_pairs and self._failure:
            raise self._failure
        if query.in_pairs:
            await asyncio.Event().wait()
        return await super().costs(credentials, query, since)


def costly(failure: AwsError) -> AwsError:
    """A failure that took a request."""
    failure.paid_requests = 1
    return failure


@pytest.mark.parametrize(
    ("failure", "paid"),
    [
        (costly(AwsUnavailable("AWS timed out.")), 2),
        (costly(CostsNotAvailable()), 2),
        (costly(AnswerTooLong()), 2),
        (PaidRequestsCapped(), 1),
        (StorageUnavailable("away"), 2),
        (None, 2),
    ],
    ids=["away", "refused", "long", "capped", "storage", "slow"],
)
async def test_a_breach_is_told_without_its_cause_if_that_fails(
    failure: BaseException | None, paid: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither late nor wrong: only shorter; and what it cost is counted."""
    monkeypatch.setattr("application.drill_down.SECONDS", 0.01)
    world = world_of(RUNAWAY)
    world.check_spend = replace(world.check_spend, cost_source=Then(world, failure))
    checked = await check(world)
    assert checked.reports[-1].verdict is Verdict.EXCEEDED
    assert (analysis_of(checked).causes, checked.paid_requests) == ((), paid)


async def test_an_empty_answer_says_nothing() -> None:
    """The service's parts are not published yet."""
    world = world_of(RUNAWAY)

    class Empty(FakeCostSource):
        async def costs(
            self, credentials: AccessKey, query: CostQuery, since: datetime | None = None
        ) -> CostAnswer:
            if query.in_pairs:
                world.account.lines = {world.today - 40 * DAY: [RUNAWAY]}
            return await super().costs(credentials, query, since)

    world.check_spend = replace(world.check_spend, cost_source=Empty(world.aws))
    assert analysis_of(await check(world)).causes == ()


@pytest.mark.parametrize(
    ("lines", "says"),
    [
        (
            [RUNAWAY],
            "p4d.24xlarge instances, account ml-research: +$118.33, new since 2026-11-22.",
        ),
        (
            [Line(EC2, "118", RESEARCH, "EU-SpotUsage:g5.xlarge", "eu-west-1")],
            "g5.xlarge spot instances in eu-west-1, account ml-research: +$118.00, new since 2026-11-22.",
        ),
        (
            [Line(BEDROCK, "90", RESEARCH, model="claude-opus", token="output")],  # of a model
            "claude-opus, output: +$90.00, new since 2026-11-22.",
        ),
        (
            [Line(EC2, "118", RESEARCH, "BoxUsage:<b>*evil*</b>@all")],
            "BoxUsage:<b>*evil*</b>@all, account ml-research: +$118.00, new since 2026-11-22.",
        ),
    ],
)
async def test_the_sentence_that_a_person_would_say(lines: list[Line], says: str) -> None:
    """Behind the service that stands out, which is named once; what AWS gave stands there as text."""
    world = world_of(*lines)
    checked = await check(world)
    notice = SpendNotice.of("tick-1", world.clock.now(), MONITOR, checked, checked.reports[-1])
    assert says in list(causes_in_words(notice, analysis_of(checked)))
    assert "<b>" not in message_of(notice).text
