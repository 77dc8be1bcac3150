"""A generated bill, day after day: real adapters (moto, SQLite, a local channel), and a clock that moves.

The bill has weekends, growth, a spike in one service, days that AWS fills in late, credits, a new service.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from application.accept_tick import AcceptTick
from application.ports.work_queue import Why
from domain.periods import Period
from entrypoints.config import Config
from entrypoints.container import Container, open_container
from tests.doubles.aws import Key, MotoAws, moto_aws
from tests.doubles.cost_explorer import result
from tests.doubles.fakes.clock import FixedClock
from tests.doubles.telex import LocalChannel, local_channel, tick_settings

TODAY = date(2026, 11, 18)
"""A Wednesday in the middle of a month."""

DAY = timedelta(days=1)
WEEKEND = (5, 6)


@dataclass
class Bill:
    """What the account costs, by day; what is not there is not published."""

    days: dict[date, dict[str, Decimal]] = field(default_factory=dict)

    @classmethod
    def of_many_days(cls, until: date, days: int = 70) -> Bill:
        """Weekends at 60 %, growth of a third of a percent a day."""
        bill = cls()
        for n in range(days, 0, -1):
            day = until - n * DAY
            factor = (Decimal("0.6") if day.weekday() in WEEKEND else Decimal(1)) * (
                1 + Decimal(days - n) / 300
            )
            bill.days[day] = {"Amazon EC2": round(40 * factor, 10), "Amazon RDS": round(12 * factor, 10)}
        return bill

    def results(self) -> list[dict[str, Any]]:
        """As Cost Explorer answers."""
        day, window = min(self.days), []
        while day <= max(self.days) + DAY:
            window.append(result(Period(day, day + DAY), self.days.get(day, {})))
            day += DAY
        return window


@dataclass
class Team:
    """A channel and the account that it watches."""

    container: Container
    cloud: MotoAws
    channel: LocalChannel
    clock: FixedClock
    key: Key
    bill: Bill
    settings: dict[str, str] = field(default_factory=dict)
    threshold: str = "100"
    frequency: str = "Daily"

    async def ticks_on(self, today: date) -> list[str]:
        """Let one tick through on that day; return the messages that it brought."""
        self.clock.move_to(datetime(today.year, today.month, today.day, 6, tzinfo=UTC))
        self.cloud.bill(self.bill.results())
        before = len(self.channel.received("team"))
        tick = self.channel.tick(
            "team", tick_settings(self.key, self.threshold, self.frequency, **self.settings)
        )
        accept: AcceptTick = self.container.accept_tick()
        await accept.execute(tick["return_url"], json.dumps(tick["settings"]).encode())
        inbox = self.container.inbox()
        while True:  # AWS is asked at a gentle pace: a tick may have to come back
            for lease in await inbox.lease(10, wait=0.1):
                await self.container.answer_tick().execute(lease)
            if not [entry for entry in await inbox.entries() if entry.why is not Why.NEWS]:
                break
            self.clock.move(timedelta(seconds=1))
        return [message["message"] for message in self.channel.received("team")[before:]]


@pytest.fixture(scope="module")
def cloud() -> Iterator[MotoAws]:
    """One moto for all tests of this file."""
    with moto_aws() as server:
        yield server


@asynccontextmanager
async def a_team(cloud: MotoAws, folder: Path, **settings: str) -> AsyncIterator[Team]:
    """A channel that watches an account with a usual bill up to yesterday."""
    clock = FixedClock(datetime(2026, 11, 1, tzinfo=UTC))
    config = Config(state_url=f"sqlite:///{folder}/state.db", allow_private_return_urls=True)
    async with local_channel() as channel, open_container(config, clock=clock) as container:
        key = cloud.user(folder.name.replace("[", "-").replace("]", ""))
        yield Team(container, cloud, channel, clock, key, Bill.of_many_days(TODAY), settings)


@pytest.fixture
async def team(cloud: MotoAws, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Team]:
    """A team with the default settings."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", cloud.url)
    async with a_team(cloud, tmp_path) as one:
        yield one


async def test_a_usual_day_is_told_in_six_lines_for_one_paid_request(team: Team) -> None:
    """That nothing is unusual, and where the month is heading."""
    asked = len(team.cloud.questions)
    (message,) = await team.ticks_on(TODAY)
    assert len(team.cloud.questions) == asked + 1
    title, happened, *facts = message.splitlines()
    assert title == "✅ AWS Spend Alert"
    assert happened.startswith("Nothing unusual. November $")
    assert len(facts) == 4
    assert len(message) < 350


async def test_a_spike_in_one_service_is_first_among_the_movers(team: Team) -> None:
    """The team reads at once what drove it, and why that is much: all from the same answer."""
    team.bill.days[TODAY - DAY]["Amazon EC2"] += 90
    (message,) = await team.ticks_on(TODAY)
    assert "🔴 Status: Exceeded Budget" in message
    movers = [line for line in message.splitlines() if line.startswith("•")]
    assert movers[0].startswith("• Amazon EC2: $")
    assert "(usually $" in movers[0]
    assert message.splitlines()[1].startswith("Amazon EC2 $")
    assert "from what a Tuesday usually costs" in message
    assert "📈 Last 14 days: " in message


async def test_a_new_service_is_marked(team: Team) -> None:
    """It had no spend in the thirty days before."""
    team.bill.days[TODAY - DAY]["Amazon SageMaker"] = Decimal("7.5")
    (message,) = await team.ticks_on(TODAY)
    assert "• Amazon SageMaker: $7.50 (usually nothing, new)" in message


async def test_a_credit_that_makes_a_day_negative_is_shown_as_one(team: Team) -> None:
    """Never as nothing."""
    team.bill.days[TODAY - DAY]["AWS Credits"] = Decimal("-100.5")
    (message,) = await team.ticks_on(TODAY)
    assert "💰 Current Spend: -$" in message
    assert "🟡 Status: Not Published Yet" in message  # so little may be a part of the day


async def test_a_day_that_is_not_published_yet_is_told_when_it_is(team: Team) -> None:
    """First that it is missing, then, at a later tick, what it cost; never zero."""
    late = team.bill.days.pop(TODAY - DAY)
    (missing,) = await team.ticks_on(TODAY)
    assert "not published yet" in missing
    assert "$0" not in missing.partition("\n📊")[0].replace("$0.01", "")
    team.bill.days |= {TODAY - DAY: late, TODAY: {"Amazon EC2": Decimal(40)}}
    (there,) = await team.ticks_on(TODAY + DAY)
    assert f"({TODAY - DAY:%a %-d %b %Y})" in there
    assert "🟢 Status: Within Budget" in there


async def test_a_day_that_aws_fills_in_late_is_corrected_once(team: Team) -> None:
    """Within budget at first, exceeded when the figures came: told again with both figures, and only once."""
    await team.ticks_on(TODAY)
    team.bill.days[TODAY - DAY]["Amazon EC2"] += 80
    team.bill.days[TODAY] = {"Amazon EC2": Decimal(40)}
    (correction,) = await team.ticks_on(TODAY + DAY)
    assert "Correction: told before as within budget at $" in correction
    assert "; now exceeded at $" in correction
    team.bill.days[TODAY + DAY] = {"Amazon EC2": Decimal(40)}
    (after,) = await team.ticks_on(TODAY + 2 * DAY)
    assert f"({TODAY:%a %-d %b %Y})" in after  # the day after it has not settled yet


async def test_a_late_credit_brings_a_day_back_once(team: Team) -> None:
    """Exceeded at first, within budget after the credit."""
    team.bill.days[TODAY - DAY]["Amazon EC2"] += 80
    await team.ticks_on(TODAY)
    team.bill.days[TODAY - DAY]["AWS Credits"] = Decimal(-90)
    team.bill.days[TODAY] = {"Amazon EC2": Decimal(40)}
    (correction,) = await team.ticks_on(TODAY + DAY)
    assert "; now within budget at $" in correction


async def test_the_first_day_back_says_for_how_long_and_how_much(team: Team) -> None:
    """An episode of two days over budget ends."""
    for n, amount in ((3, 110), (2, 120)):
        team.bill.days[TODAY - n * DAY] = {"Amazon EC2": Decimal(amount)}
    (message,) = await team.ticks_on(TODAY)
    assert "Back within budget after 2 days over it, by $30.00 in total." in message


async def test_a_spike_within_budget_is_reported_by_the_channels_rule(
    cloud: MotoAws, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """40 % and $20 above the weekday's usual, while a quiet channel hears nothing of usual days."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", cloud.url)
    async with a_team(cloud, tmp_path, spike_alert="40% and 20", notify="Only when exceeded") as team:
        assert await team.ticks_on(TODAY) == []
        team.bill.days[TODAY] = {"Amazon EC2": Decimal(99)}
        (message,) = await team.ticks_on(TODAY + DAY)
    assert "Spike: $" in message
    assert "🟡 Status: Within Budget" in message


async def test_milestones_of_a_month_are_each_told_once(
    cloud: MotoAws, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And in between the channel hears nothing."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", cloud.url)
    async with a_team(cloud, tmp_path, milestones="50, 80") as team:
        team.frequency, team.threshold = "Month-to-date", "2000"
        spent = sum(sum(services.values()) for day, services in team.bill.days.items() if day.month == 11)
        said = []
        for n in range(10):
            said += await team.ticks_on(TODAY + n * DAY)
            team.bill.days[TODAY + n * DAY] = {"Amazon EC2": Decimal(100)}
    assert 800 < spent < 1000
    assert [message.splitlines()[1].partition(" passed")[0] for message in said] == [
        "Milestone: 50% of the threshold",
        "Milestone: 80% of the threshold",
    ]
