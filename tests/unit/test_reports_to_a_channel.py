"""The later settings, from the tick to the channel."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from application.answer import Outcome
from application.check_spend import LinkedAccounts
from application.credentials import AccessKey
from application.ports.cost_source import CostAnswer, CostQuery
from tests.doubles.fakes.aws import FakeCostSource
from tests.doubles.fakes.histories import daily
from tests.doubles.fakes.world import DAY, World, bill, settings

HOUR = timedelta(hours=1)
ONLY_EXCEEDED = settings(notify="Only when exceeded")


class AccountsOfAnOrganisation(FakeCostSource):
    """A payer with two linked accounts, of which AWS names one."""

    async def costs(
        self, credentials: AccessKey, query: CostQuery, since: datetime | None = None
    ) -> CostAnswer:
        """Divide the bill as asked for."""
        answer = await super().costs(credentials, query, since)
        before, now = ({"111122223333": web, "444455556666": "5"} for web in ("5", "245"))
        history = daily(query.window.end.isoformat(), before, now)
        return replace(answer, second=history, names={"111122223333": "web *prod*"})


async def test_only_when_exceeded_is_silent_and_finds_a_late_breach() -> None:
    """Nothing is said of a day within budget; when late data takes it over, it is."""
    world = World()
    assert (await world.tick(ONLY_EXCEEDED)).outcome is Outcome.SILENT
    world.clock.move(DAY)
    world.account.bill = bill(world.today, d2="150")
    assert (await world.tick(ONLY_EXCEEDED)).outcome is Outcome.TOLD
    [text] = world.texts
    assert text.splitlines()[1].startswith("Sun 22 Nov 2026 exceeded at $150.00, which was not told before.")
    assert "Correction" not in text


async def test_the_first_silence_is_remembered_once() -> None:
    """What was before the first check stays unsaid, and silence writes nothing any more."""
    world = World()
    await world.tick(ONLY_EXCEEDED)
    first = await world.page()
    assert first.since == date(2026, 11, 22)
    world.clock.move(HOUR)
    await world.tick(ONLY_EXCEEDED)
    assert await world.page() == first


async def test_every_check_speaks_every_time() -> None:
    """And calls nothing a correction that is none."""
    world = World()
    for _ in range(3):
        await world.tick(settings(notify="Every check"))
        world.clock.move(HOUR)
    assert len(world.texts) == 3
    assert world.texts[0] == world.texts[2]


async def test_a_spike_is_told_once() -> None:
    """Also to a channel that hears of breaches only."""
    world = World()
    world.account.bill = bill(world.today, amount="50", d1="90")
    raw = settings(notify="Only when exceeded", spike_alert="40% and 20")
    for _ in range(2):
        await world.tick(raw)
        world.clock.move(HOUR)
    [text] = world.texts
    assert "Spike: $40.00 (80%) above what a Sunday usually costs." in text


async def test_milestones_are_told_once_a_month() -> None:
    """$10 a day reach $200 on the 20th and $230 on the 23rd; the days between are silent."""
    world = World()
    raw = settings("200", "Month-to-date", milestones="50, 100, 115")
    world.clock.move(-13 * DAY)
    for _ in range(15):
        world.account.bill = bill(world.today)
        await world.tick(raw)
        world.clock.move(DAY)
    told = [
        line for text in world.texts for line in text.splitlines() if line.startswith(("Milestone", "💰"))
    ]
    assert told == [
        "Milestone: 50% of the threshold reached.",
        "💰 Current Spend: $100.00 (Sun 1 to Tue 10 Nov 2026)",
        "Milestone: 100% of the threshold reached.",
        "💰 Current Spend: $200.00 (Sun 1 to Fri 20 Nov 2026)",
        "💰 Current Spend: $210.00 (Sun 1 to Sat 21 Nov 2026)",
        "Milestone: 115% of the threshold reached.",
        "💰 Current Spend: $230.00 (Sun 1 to Mon 23 Nov 2026)",
    ]


@pytest.mark.parametrize("notify", ["Once per period", "Only when exceeded"])
async def test_a_milestone_of_a_part_of_a_day_is_one_message(notify: str) -> None:
    """At midnight it is told at once, and first; that the rest of the day is within is no news at noon."""
    world = World()
    raw = settings("280", "Month-to-date", milestones="80", notify=notify)
    await world.tick(raw)
    world.clock.move_to(datetime(2026, 11, 24, tzinfo=UTC))
    world.account.bill = bill(world.today, d1="5")
    await world.tick(raw)
    world.account.bill = bill(world.today)
    await world.work_for(DAY)
    [text] = world.texts
    assert text.splitlines()[1] == (
        "Milestone: 80% of the threshold reached. AWS has not published all costs of this period yet."
    )


async def test_the_accounts_that_moved_are_named() -> None:
    """With the name where AWS has one, and nothing in it that a channel would read as markup."""
    world = World()
    world.account.bill = bill(world.today, d1="250")
    source = AccountsOfAnOrganisation(world.aws)
    asks = replace(world.check_spend, cost_source=source, linked_accounts=LinkedAccounts.ALWAYS)
    world.answer_tick = replace(world.answer_tick, check_spend=asks)
    answer = await world.tick()
    lines = world.texts[0].splitlines()
    at = lines.index("🏢 Linked accounts:")
    assert lines[at + 1 : at + 3] == [
        "• web prod (111122223333): $245.00 (+$240.00)",
        "• 444455556666: $5.00 (no change)",
    ]
    assert answer.paid_requests == 1


async def test_when_every_setting_is_wrong_all_are_named_and_the_remedy_too() -> None:
    """The longest list of problems fits into one message."""
    world = World()
    wrong = {
        "notify": "Only when exceded",
        "metric": "NetUnblendedCosts!",
        "exclude_charges": "Enterprise Discount Programme Discount",
        "scope": "region:eu-west1",
        "milestones": "50, eighty",
        "spike_alert": "40 and 20",
    }
    answer = await world.tick(settings("a hundred", "Weakly", AccessKey("key", "key"), **wrong))
    assert answer.outcome is Outcome.FAILURE_TOLD
    [text] = world.texts
    named = [line.split()[1] for line in text.splitlines() if line.startswith("•")]
    assert named == ["aws_access_key_id", "aws_secret_access_key", "threshold", "frequency", *wrong]
    assert "🔧 What to do: Correct this in the integration's settings." in text.splitlines()
