"""Five weeks of ticks at midnight, as the default crontab sends them, with an AWS that is hours behind."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, NamedTuple

import msgspec
import pytest

from adapters.aws.frugal import frugal
from adapters.chats.webhook import event
from adapters.state.memory import MemoryStore
from application.check_spend import CheckSpend
from application.notice import Notice, SpendNotice
from application.plan_looks import SPREAD_SECONDS
from application.ports.work_queue import Why
from domain.periods import DAY, Period
from domain.reports import Report
from domain.thresholds import Verdict
from tests.doubles.fakes.aws import FakeCostSource, FakeIdentity
from tests.doubles.fakes.publishing import HOUR, Lag, PublishingAccount
from tests.doubles.fakes.world import ACCOUNT, KEY, URL, World, settings

BEGIN = datetime(2026, 11, 24, tzinfo=UTC)
DAYS = 35
"""Five weeks, over a month's end, after the day on which the settings were typed."""

USUAL, THRESHOLD = 60, 100
SPREAD = timedelta(seconds=SPREAD_SECONDS)


class Said(NamedTuple):
    """What a channel has read of a period, and when."""

    at: datetime
    report: Report


class Month(World):
    """A channel that gets its ticks at midnight, and an account that costs about $60 a day, less at weekends.

    Args:
        lag: How many hours AWS is behind, by day.
        steps: Hours between its publications.
        settle: How long good news may wait.
        seed: Of what the days cost.

    Attributes:
        costs: What each day costs in the end.
        paid: Requests that AWS has charged for.
    """

    def __init__(self, lag: Lag, steps: float = 0, settle: timedelta = DAY, seed: int = 7) -> None:
        super().__init__(settle=settle)
        self.clock.move_to(BEGIN)
        rng, self.paid = random.Random(seed), 0  # noqa: S311  # the same in every run
        self.published = PublishingAccount(ACCOUNT, clock=self.clock, lag=lag, steps=steps)
        self.costs = self.published.costs
        for number in range(-80, DAYS + 10):
            day = BEGIN.date() + number * DAY
            usual = USUAL * (0.6 if day.weekday() >= 5 else 1)
            self.costs[day] = Decimal(str(round(usual * rng.uniform(0.98, 1.02), 2)))
        self.aws.add(KEY, self.published)
        identity, source = frugal(
            FakeIdentity(self.aws),
            FakeCostSource(self.aws),
            MemoryStore(self.clock),
            self.vault,
            self.clock,
            ttl=6 * HOUR,
            daily_cap=100,
            on_paid=self.pay,
        )
        self.check_spend = CheckSpend(self.access, identity, source)
        self.answer_tick = replace(self.answer_tick, check_spend=self.check_spend)

    def pay(self, count: int) -> None:
        """Count what AWS charges for."""
        self.paid += count

    async def live(self, *channels: tuple[str, bytes], days: int = DAYS + 1) -> None:
        """Let every channel get its tick at each midnight, and whatever waits be looked at when it is due."""
        for _ in range(days):
            for url, raw in channels or [(URL, settings(str(THRESHOLD)))]:
                await self.accept(raw, url)
            await self.work_for(DAY - timedelta(microseconds=1))
            self.clock.move(timedelta(microseconds=1))

    def said(self, url: str = URL) -> dict[Period, list[Said]]:
        """What a channel has read, by period."""
        said: dict[Period, list[Said]] = {}
        for to, notice in self.channel.posts:
            assert isinstance(notice, SpendNotice)
            for report in (*notice.also, notice.report) if to == url else ():
                said.setdefault(report.period, []).append(Said(notice.made_at, report))
        return said

    def days(self) -> list[Period]:
        """The days that were asked for and have had their time, without the very first."""
        return [Period(d - DAY, d) for d in (BEGIN.date() + n * DAY for n in range(1, DAYS + 1))]

    def shows(self, day: date) -> datetime:
        """When AWS shows that a day has exceeded the threshold."""
        at = datetime.combine(day, time(), UTC)
        while self.published.published(day, at) <= THRESHOLD:
            at += HOUR / 4
        return at

    def is_right(self, said: Said) -> bool:
        """Whether the figure is within 5 % of what the day costs in the end."""
        spend, costs = said.report.spend, self.costs[said.report.period.start]
        return spend is not None and abs(spend.amount - costs) <= costs / 20


def read(notice: Notice, *keys: str) -> list[Any]:
    """What a program that is told reads under these keys."""
    data = json.loads(msgspec.json.encode(event(notice)))["data"]
    return [data[key] for key in keys]


def hours_behind(seed: int = 11, least: float = 8, most: float = 14, late: Sequence[float] = ()) -> Lag:
    """Another for every day, and on some days, a week and a half apart, so ``late``."""
    rng = random.Random(seed)  # noqa: S311  # likewise
    lags = {BEGIN.date() + n * DAY: rng.uniform(least, most) for n in range(-80, DAYS + 10)}
    lags |= {BEGIN.date() + (9 + 11 * n) * DAY: hours for n, hours in enumerate(late)}
    return lags.__getitem__


MONTHS = [
    (1, hours_behind(1), 0),
    (2, hours_behind(2, late=(30, 36)), 0),
    (3, hours_behind(3, late=(30, 36)), 4),
    (4, hours_behind(4, 6, 13, late=(30, 36)), 2),
    (5, hours_behind(5, 10, 20, late=(36,)), 8),
]
"""By seed: how late AWS is, and in which steps it publishes."""

HOURS = [0, 1, 7, 13, 23]
"""In each of these months, at which time of day AWS changes what is past."""


@pytest.mark.parametrize(("seed", "lag", "steps"), MONTHS)
async def test_one_right_message_a_day(seed: int, lag: Lag, steps: float) -> None:
    """At most two of 35 first figures are wrong, and say so; a day costs two cents at most."""
    month = Month(lag, steps, seed=seed)
    await month.live()
    paid = month.paid
    await month.work_for(2 * HOUR)  # the last day may have waited until now
    said = [month.said()[day] for day in month.days()]
    wrong = [first.report for first, *_ in said if not month.is_right(first)]
    assert len(said) == DAYS
    assert len(wrong) <= 2
    assert not any(report.whole for report in wrong)
    assert {every[-1].report.verdict for every in said} == {Verdict.WITHIN}
    assert {len(every) for every in said} == {1}
    assert paid <= 2 * (DAYS + 1)


@pytest.mark.parametrize(
    ("seed", "lag", "steps", "hour"), [(*month, hour) for month, hour in zip(MONTHS, HOURS, strict=True)]
)
async def test_a_breach_is_told_within_twelve_hours(seed: int, lag: Lag, steps: float, hour: int) -> None:
    """Of AWS's showing it: a spike, a dear day, a charge days late; and a credit takes one back.

    A channel reads of every day once, and once more for each change of its verdict.
    """
    month = Month(lag, steps, seed=seed)
    spike, dear, late = days = [
        Period(day, day + DAY) for day in (BEGIN.date() + n * DAY for n in (12, 17, 25))
    ]
    month.costs[spike.start], month.costs[dear.start] = Decimal(300), Decimal(110)
    shown = {day: month.shows(day.start) for day in (spike, dear)}
    for number in range(DAYS + 1):
        at_once = month.clock.now()
        await month.accept(settings(str(THRESHOLD)))
        await month.work_for(hour * HOUR)
        if number == 22:
            month.costs[dear.start] -= 60
        if number == 28:
            month.costs[late.start] += 200
            shown[late] = month.clock.now()
        await month.work_for(at_once + DAY - month.clock.now())
    paid = month.paid
    await month.work_for(2 * HOUR)
    said = month.said()
    for day, since in shown.items():
        [breach] = [one for one in said[day] if one.report.verdict is Verdict.EXCEEDED]
        assert breach.at - since <= 12 * HOUR + SPREAD
    assert {day: [one.report.verdict for one in said[day]] for day in days} == {
        spike: [Verdict.EXCEEDED],
        dear: [Verdict.EXCEEDED, Verdict.WITHIN],
        late: [Verdict.WITHIN, Verdict.EXCEEDED],
    }
    assert {len(said[day]) for day in month.days() if day not in days} == {1}
    assert paid <= 2 * (DAYS + 1)


async def test_the_first_tick_is_answered_at_once() -> None:
    """Who has just typed the settings reads which account it is, what is there, and when the report comes."""
    month = Month(hours_behind())
    await month.accept(settings(str(THRESHOLD)))
    await month.work()
    [text] = month.texts
    assert ACCOUNT in text
    assert "so far" in text
    assert "Not Published Yet" in text
    assert "12:0" in text
    assert "down" not in text
    [entry] = await month.inbox.entries()
    assert (entry.why, entry.at.hour) == (Why.NEWS, 12)


async def test_a_program_reads_what_is_waited_for() -> None:
    """When AWS is asked again, until when at the latest, and what of a usual day there is by now."""
    month = Month(hours_behind())
    await month.live(days=9)
    await month.accept(settings("90"))  # another monitor of an account whose hour is known
    await month.work()
    pending, spend, whole = read(month.channel.posts[-1][1], "pending", "spend", "whole")
    today = month.clock.now()
    assert today + 12 * HOUR <= datetime.fromisoformat(pending["next_look"]) <= today + 12 * HOUR + SPREAD
    assert today + DAY <= datetime.fromisoformat(pending["at_the_latest"]) <= today + DAY + SPREAD
    assert 0.3 < float(pending["usual_by_now"]) < 0.7
    assert (0 < float(spend["amount"]) < USUAL, whole) == (True, False)


async def test_a_quick_account_is_told_early() -> None:
    """When the last days were there by four, good news comes well before noon, at the same price."""
    month = Month(lambda _: 4.0)
    await month.live()
    late = [month.said()[day][0].at.hour for day in month.days()[7:]]
    assert max(late) < 7
    assert month.paid <= 2 * (DAYS + 1)


@pytest.mark.parametrize("lag", [hours_behind(1, 9, 12), hours_behind(1, 6, 11)])
@pytest.mark.parametrize("steps", [8, 24])
async def test_an_account_that_publishes_in_few_pieces_is_told_at_noon(lag: Lag, steps: float) -> None:
    """A day that jumps is no day that grows, once the account has had every day whole by noon."""
    month = Month(lag, steps)
    await month.live()
    said = [month.said()[day][0] for day in month.days()[7:]]
    assert {one.at.hour for one in said} <= {12}
    assert all(month.is_right(one) for one in said)


async def test_a_crontab_after_the_accounts_hour_costs_one_request_a_day() -> None:
    """Where AWS is 8 to 14 hours behind, a tick at three in the afternoon finds all of the day before."""
    month = Month(hours_behind())
    month.clock.move(15 * HOUR)
    await month.live()
    assert all(month.is_right(month.said()[day][0]) for day in month.days())
    assert month.paid == DAYS + 1


async def test_channels_with_one_question_share_the_looks() -> None:
    """Ten channels that watch one account cost what one does."""
    month = Month(hours_behind())
    await month.live(*[(f"{URL}-{n}", settings(str(THRESHOLD + n))) for n in range(10)], days=14)
    assert len(month.channel.posts) >= 10 * 13
    assert month.paid <= 2 * 14


async def test_a_month_is_told_when_it_is_whole_and_looked_at_until_its_bill_is_final() -> None:
    """One tick on the 1st: within budget is said a day later, a late charge is a correction on the 6th."""
    month = Month(hours_behind())
    raw = settings("2000", "Monthly")
    month.clock.move_to(datetime(2026, 12, 1, tzinfo=UTC))
    november = Period(date(2026, 11, 1), date(2026, 12, 1))
    await month.tick(settings("1", "Monthly", interval="0 0 1 * *"))  # another monitor of the same account
    await month.accept(raw)
    await month.work_for(3 * DAY)
    first = month.said()[november][-1].report
    assert (first.verdict, first.whole) == (Verdict.WITHIN, True)
    month.costs[date(2026, 11, 30)] += 1000
    await month.work_for(5 * DAY)
    last = month.said()[november][-1]
    assert (last.report.verdict, last.report.corrects) == (Verdict.EXCEEDED, True)
    assert last.at.date() <= date(2026, 12, 6)
    assert await month.inbox.entries() == []


async def test_the_first_report_of_a_month_says_what_the_closed_one_cost() -> None:
    """Beside the month before, from the same answer; no other report repeats it."""
    month = Month(hours_behind())
    await month.live(days=12)
    [(day, closing)] = [
        (notice.report.period.last_day, notice.report.closing)
        for _, notice in month.channel.posts
        if isinstance(notice, SpendNotice) and notice.report.closing
    ]
    november = sum(cost for one, cost in month.costs.items() if one.month == 11)
    october = sum(cost for one, cost in month.costs.items() if one.month == 10)
    assert day == date(2026, 11, 30)
    assert abs(closing.spend.amount - november) < 10
    assert closing.spend_before.amount == october
    [(written,)] = [keys for _, one in month.channel.posts if (keys := read(one, "closing"))[0]]
    assert (written["month"]["start"], written["month"]["end"]) == ("2026-11-01", "2026-12-01")
    assert Decimal(written["month"]["spend"]["amount"]) == closing.spend.amount
    assert Decimal(written["month_before"]["spend"]["amount"]) == october
    assert Decimal(written["change"]["amount"]) == closing.spend.amount - october
    assert any("November 2026 cost" in text for text in month.texts)


async def test_a_breach_that_is_a_months_first_report_says_it_too() -> None:
    """As far as it is known when the breach is told: there will be no other first report."""
    month = Month(hours_behind())
    month.costs[date(2026, 11, 30)] = Decimal(400)
    await month.live(days=12)
    [closing] = [text for text in month.texts if "Closed month" in text]
    assert "Exceeded" in closing
    assert re.search(r"November 2026 cost \$[0-9.,]+ so far, ", closing)
