"""A bill that is divided: each part has its own budget, verdict, milestones and memory."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest

from adapters.chats.part_words import part_events
from adapters.chats.telex import message_of
from adapters.pages.writing import document_of
from adapters.settings.amounts import read_milestones
from adapters.settings.parts import read_budgets, read_part_by
from adapters.state.ledger_pages import decode_page, encode_page
from application.credentials import AccessKey, OwnCredentials
from application.drill_down import DrillDown
from application.monitor import Monitor
from application.ports.cost_source import BY_ACCOUNT, BY_SERVICE, CostAnswer, CostQuery, GroupBy, GroupType
from application.ports.ledger import Page
from application.question import query_for
from domain.costs import CostEntry, CostHistory
from domain.milestones import NO_MILESTONES
from domain.notify import Notify
from domain.part_reports import PartCosts, part_reports, parts_back, unfit_budgets
from domain.periods import Frequency, Period
from domain.reports import news
from domain.thresholds import UNLIMITED, Threshold, Verdict
from domain.told import Told
from domain.watch import Watch
from tests.doubles.fakes.aws import FakeCostSource, Line
from tests.doubles.fakes.histories import Amounts, daily
from tests.doubles.fakes.notices import spend_notice
from tests.doubles.fakes.world import ACCOUNT, DAY, KEY, URL, World

MONDAY = date(2026, 11, 23)
SUNDAY = Period(date(2026, 11, 22), MONDAY)
PRODUCTION, SANDBOX = "111111111111", "222222222222"
NAMES = {PRODUCTION: "production", SANDBOX: "sandbox-anna"}
BUDGETS = read_budgets("production=120, sandbox-*=15, *=40")
USUAL: Amounts = {PRODUCTION: "100", SANDBOX: "10"}


def costs(*days: Amounts, today: date = MONDAY) -> PartCosts:
    """What the accounts cost in the last days."""
    return PartCosts(daily(today.isoformat(), *days), NAMES)


def whole(parts: PartCosts) -> CostHistory:
    """The same costs, of one service."""
    entries = tuple(
        CostEntry(entry.period, {"Amazon EC2": entry.total} if entry.services else {})
        for entry in parts.history.entries
    )
    return CostHistory(entries, parts.history.currency)


class Channel:
    """Hears of a payer account's parts, and remembers."""

    def __init__(self, watch: Watch) -> None:
        self.watch = watch
        self.told: dict[Period, Told] = {}

    def hears(self, parts: PartCosts, today: date = MONDAY) -> list[tuple[str, Verdict, tuple[str, ...]]]:
        """Check; return what each report is about, its verdict, and the news of parts."""
        reports = news(self.watch, today, whole(parts), self.told, None, None, parts)
        for report in reports:
            self.told[report.period] = report.told()
        return [(str(report.period), report.verdict, report.news_of_parts) for report in reports]


def test_every_part_is_judged_by_the_first_budget_that_fits_it() -> None:
    """Those over theirs come first, by how much; then the dearest."""
    found = part_reports(
        costs(*[USUAL] * 31, {PRODUCTION: "100", SANDBOX: "16", "333333333333": "60"}),
        SUNDAY,
        BUDGETS,
        NO_MILESTONES,
    )
    assert [(part.name, part.verdict, part.is_new) for part in found] == [
        ("333333333333", Verdict.EXCEEDED, True),
        ("sandbox-anna (222222222222)", Verdict.EXCEEDED, False),
        ("production (111111111111)", Verdict.WITHIN, False),
    ]
    assert found[0].excess == 20


def test_nothing_is_new_where_too_little_is_known_of_the_time_before() -> None:
    """A young account's parts are not all told of as new."""
    found = part_reports(costs(USUAL, USUAL, USUAL), SUNDAY, BUDGETS, NO_MILESTONES)
    assert not any(part.is_new for part in found)


def test_one_part_over_its_budget_is_bad_news_whatever_the_whole_costs() -> None:
    """Told once; the next part that follows is told, too, though the verdict stays."""
    channel = Channel(Watch(UNLIMITED, budgets=BUDGETS))
    first = costs(*[USUAL] * 9, {PRODUCTION: "100", SANDBOX: "16"})
    both = costs(*[USUAL] * 9, {PRODUCTION: "130", SANDBOX: "16"})
    assert channel.hears(first) == [("2026-11-22", Verdict.EXCEEDED, ("over sandbox-anna (222222222222)",))]
    assert channel.hears(first) == []
    assert channel.hears(both) == [("2026-11-22", Verdict.EXCEEDED, ("over production (111111111111)",))]


@pytest.mark.parametrize(
    ("dear", "said"),
    [
        ({SANDBOX: "16"}, "sandbox-anna (222222222222) is back within its budget."),
        ({PRODUCTION: "130", SANDBOX: "16"}, "are back within their budgets."),
    ],
)
def test_the_way_back_is_told_of_parts_too(dear: Amounts, said: str) -> None:
    """Once, also to a channel that hears of breaches only: the whole has never been over anything."""
    channel = Channel(Watch(UNLIMITED, notify=Notify.ONLY_EXCEEDED, budgets=BUDGETS))
    days: list[Amounts] = [*[USUAL] * 9, {**USUAL, **dear}, USUAL, USUAL]
    heard: list[str] = []
    for number in range(10, 13):
        today, before = MONDAY + number * DAY, dict(channel.told)
        parts = costs(*days[:number], today=today)
        for report in news(channel.watch, today, whole(parts), before, None, None, parts):
            heard += part_events(report)
        channel.hears(parts, today)
    assert len(heard) == 2
    assert heard[1].endswith(said)


def test_a_renamed_account_is_not_back() -> None:
    """It goes by its number."""
    parts = part_reports(costs(USUAL, {**USUAL, SANDBOX: "16"}), SUNDAY, BUDGETS, NO_MILESTONES)
    assert parts_back(parts, [f"over anna ({SANDBOX})", f"over {SANDBOX}", "50% x", "over y"]) == ("y",)


def test_a_part_that_appears_is_told_of_once_even_where_only_breaches_are_wanted() -> None:
    """Nobody had set a budget for what nobody knew of."""
    channel = Channel(Watch(UNLIMITED, notify=Notify.ONLY_EXCEEDED, budgets=BUDGETS))
    new = costs(*[USUAL] * 31, {**USUAL, "333333333333": "1"})
    assert channel.hears(costs(*[USUAL] * 10)) == []
    assert channel.hears(new) == [("2026-11-22", Verdict.WITHIN, ("new 333333333333",))]
    assert channel.hears(new) == []


def test_milestones_of_a_part_are_told_once_a_month() -> None:
    """Of its own budget, while the month runs."""
    watch = Watch(
        UNLIMITED, Frequency.MONTH_TO_DATE, Notify.ONLY_EXCEEDED, read_milestones("50, 80"), None, BUDGETS
    )
    channel = Channel(replace(watch, budgets=read_budgets("production=1000")))
    days = [{PRODUCTION: "50"}] * 60
    heard = [
        event
        for day in range(2, 25)
        for _, _, events in channel.hears(costs(*days, today=date(2026, 11, day)), date(2026, 11, day))
        for event in events
    ]
    name = "production (111111111111)"
    assert heard == [f"50% {name}", f"80% {name}", f"over {name}"]


@pytest.mark.parametrize(
    ("by", "group"),
    [
        ("account", BY_ACCOUNT),
        ("service", BY_ACCOUNT),
        ("tag:team", GroupBy("team", GroupType.TAG)),
        ("category:Team", GroupBy("Team", GroupType.COST_CATEGORY)),
    ],
)
def test_the_parts_are_asked_for_in_the_one_question(by: str, group: GroupBy) -> None:
    """By service, and by the parts beside it."""
    monitor = Monitor(OwnCredentials(), UNLIMITED, by=read_part_by(by))
    assert query_for(monitor, ACCOUNT, MONDAY).group_by == (BY_SERVICE, group)


def payer_world() -> tuple[World, Monitor]:
    """A world whose account pays for two others, and a watch on them."""
    world = World()
    line = {PRODUCTION: "100", SANDBOX: "16"}
    world.account.lines = {
        world.today - (n - 1) * DAY: [Line("Amazon EC2", amount, account) for account, amount in line.items()]
        for n in range(1, 61)
    }
    world.account.names = NAMES
    monitor = Monitor(KEY, UNLIMITED, by=read_part_by("account"), budgets=BUDGETS)
    return world, monitor


class ByOneThing(FakeCostSource):
    """What is left of an answer that by two things would be too long."""

    async def costs(
        self, credentials: AccessKey, query: CostQuery, since: datetime | None = None
    ) -> CostAnswer:
        """Divide by the first thing only."""
        return await super().costs(credentials, replace(query, group_by=query.group_by[:1]), since)


async def test_a_watch_on_parts_is_one_request_and_one_message() -> None:
    """It lists the parts over theirs first, and what the others cost."""
    world, monitor = payer_world()
    world.watches.add("teams", monitor, URL)
    await world.fire_watches.execute()
    world.clock.move(timedelta(hours=13))
    await world.fire_watches.execute()
    (answer,) = await world.work()
    assert answer.paid_requests == 1
    (text,) = world.texts
    assert "sandbox-anna (222222222222) is over its budget: $16.00 of $15.00." in text.splitlines()[1]
    assert "🎯 Threshold: each part's own, 1 of 2 parts exceeded" in text
    assert "• production (111111111111): $100.00 of $120.00" in text
    assert await world.work() == []


@pytest.mark.parametrize("by", ["account", "tag:team"])
async def test_the_cause_is_one_of_the_part_that_is_over_its_budget(by: str) -> None:
    """What moved elsewhere is not why the sandbox is over."""
    world = World()
    today = world.today
    world.account.names = NAMES
    world.account.lines = {
        today - n * DAY: [
            Line("Amazon EC2", "90" if n == 1 else "50", PRODUCTION, team="web"),
            Line("AWS Lambda", "16", SANDBOX, team="lab"),
        ]
        for n in range(1, 40)
    }
    over = "sandbox-*" if by == "account" else "lab"
    monitor = Monitor(KEY, UNLIMITED, by=read_part_by(by), budgets=read_budgets(f"{over}=15"))
    source = world.check_spend.cost_source
    drilled = replace(world.check_spend, drill_down=DrillDown(source))
    checked = await drilled.execute(monitor, world.clock.now())
    analysis = checked.reports[-1].analysis
    assert analysis is not None
    label = "sandbox-anna (222222222222)" if by == "account" else "lab"
    assert [(one.service, one.where) for one in analysis.causes] == [("AWS Lambda", label)]


async def test_parts_that_are_too_many_beside_the_services_are_asked_for_by_themselves() -> None:
    """A second request, but the budgets hold."""
    world, monitor = payer_world()
    check_spend = replace(world.check_spend, cost_source=ByOneThing(world.aws))
    checked = await check_spend.execute(monitor, world.clock.now())
    assert checked.paid_requests == 2
    assert [part.verdict for part in checked.reports[-1].parts] == [Verdict.EXCEEDED, Verdict.WITHIN]


def test_the_document_and_the_ledger_keep_the_parts() -> None:
    """As figures for programs, and as what was said."""
    parts = costs(*[USUAL] * 9, {PRODUCTION: "100", SANDBOX: "16"})
    monitor = Monitor(OwnCredentials(), Threshold(Decimal(500)), by=read_part_by("account"), budgets=BUDGETS)
    report = news(monitor.watch, MONDAY, whole(parts), {}, None, None, parts)[-1]
    notice = spend_notice(whole(parts), monitor, report=report)
    assert [(part.name, part.verdict) for part in document_of(notice).budgets] == [
        ("sandbox-anna (222222222222)", "exceeded"),
        ("production (111111111111)", "within"),
    ]
    assert "🎯 Threshold: $500.00 (23% spent)" in message_of(notice).text
    page = Page({report.period: report.told()})
    assert decode_page(encode_page(page)).told[report.period].of_parts == (
        "over sandbox-anna (222222222222)",
    )


def test_parts_without_budgets_are_only_listed() -> None:
    """None of none is no verdict."""
    parts = costs(*[USUAL] * 9)
    monitor = Monitor(OwnCredentials(), Threshold(Decimal(500)), by=read_part_by("account"))
    report = news(monitor.watch, MONDAY, whole(parts), {}, None, None, parts)[-1]
    lines = message_of(spend_notice(whole(parts), monitor, report=report)).text.splitlines()
    first = lines.index("🧮 Parts:")
    assert lines[first + 1 : first + 3] == [
        "• production (111111111111): $100.00",
        "• sandbox-anna (222222222222): $10.00",
    ]


def test_a_part_is_new_only_if_a_month_without_it_is_known() -> None:
    """What falls due once a month, and a young organisation's accounts, are not called new."""
    due = {**USUAL, "Tax": "19"}
    for days in ([USUAL] * 30, [due, *[USUAL] * 30]):
        found = part_reports(costs(*days, due), SUNDAY, BUDGETS, NO_MILESTONES)
        assert [part.name for part in found if part.is_new] == []


def test_a_budget_that_no_part_fits_is_named() -> None:
    """It is misspelt, perhaps; a part that costs nothing today is a part all the same."""
    known = costs({"staging": "5"}, {PRODUCTION: "1"})
    assert unfit_budgets(known, read_budgets("stagin=5, staging=5, production=9, *=1")) == ("stagin",)
    assert unfit_budgets(costs({}), read_budgets("stagin=5")) == ()
