"""What an operator is warned of, before it is too late."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from prometheus_client import REGISTRY
from structlog.testing import capture_logs

from adapters.state.memory import MemoryInbox
from application.ports.work_queue import Why
from entrypoints.overseer import Overseer
from entrypoints.readiness import Readiness
from tests.contract.states import a_tick
from tests.doubles.fakes.clock import FixedClock
from tests.doubles.fakes.storage import BreakableInbox, Disk

LIMIT = 50


class House:
    """An inbox, and who looks after it."""

    def __init__(self) -> None:
        self.clock, self.disk = FixedClock(), Disk()
        self.inbox = MemoryInbox(self.clock, LIMIT)
        self.overseer = Overseer(BreakableInbox(self.inbox, self.disk), self.clock)

    async def fill(self, count: int) -> None:
        """Put so many ticks."""
        for _ in range(count):
            await self.inbox.put(a_tick(self.clock.now()))

    async def look(self) -> list[dict[str, Any]]:
        """What a look makes the overseer say."""
        with capture_logs() as events:
            await self.overseer.look()
        return [dict(event) for event in events]


@pytest.fixture
def house() -> House:
    """Empty."""
    return House()


async def test_all_is_well(house: House) -> None:
    """Nothing is said of an inbox with room in it."""
    await house.fill(LIMIT // 2)
    assert await house.look() == []


async def test_nearly_full(house: House) -> None:
    """It is said once, with what to do, and again when it is over."""
    await house.fill(int(LIMIT * 0.9))
    said = [await house.look(), await house.look()]
    for lease in await house.inbox.lease(LIMIT, 0):
        await house.inbox.acknowledge(lease)
    said.append(await house.look())
    assert [[event["event"] for event in events] for events in said] == [
        ["inbox_nearly_full"],
        [],
        ["warning_over"],
    ]
    assert "90% full" in said[0][0]["reason"]
    assert "SPEND_MONITOR_INBOX_LIMIT" in said[0][0]["reason"]


async def test_given_up_ticks(house: House) -> None:
    """Before reports that were lost are lost from the list too."""
    await house.fill(int(LIMIT * 0.9))
    for lease in await house.inbox.lease(LIMIT, 0):
        await house.inbox.give_up(lease, "refused")
    assert [event["event"] for event in await house.look()] == ["given_up_nearly_full"]


async def test_late(house: House) -> None:
    """A tick that nobody works on for a quarter of an hour; not one that is paused for long."""
    await house.fill(2)
    (paused,) = await house.inbox.lease(1, 0)
    await house.inbox.pause(paused, house.clock.now() + timedelta(hours=3), "away", Why.FAILURE)
    house.clock.move(timedelta(minutes=14))
    early = await house.look()
    house.clock.move(timedelta(minutes=6, seconds=30))
    late = await house.look()
    for lease in await house.inbox.lease(1, 0):
        await house.inbox.acknowledge(lease)
    over = await house.look()
    assert (early, [event["event"] for event in over]) == ([], ["warning_over"])
    assert [event["event"] for event in late] == ["ticks_late"]
    assert "due for 20 minutes" in late[0]["reason"]


async def test_ready_warns_and_is_ready(house: House) -> None:
    """What keeps nothing from being done takes no process out of service."""
    await house.fill(int(LIMIT * 0.9))
    await house.look()
    checks = await Readiness(house.inbox, None, house.overseer).checks()
    assert checks["storage"] == "ready"
    assert checks["inbox"].startswith("ready, but a share of the inbox is 90% full")


async def test_a_storage_that_fails(house: House) -> None:
    """Is told of by others."""
    house.disk.break_after(0)
    assert await house.look() == []


async def test_metrics(house: House) -> None:
    """What is warned of can be seen coming."""
    await house.fill(LIMIT // 5)
    house.clock.move(timedelta(minutes=5))
    await house.look()
    assert REGISTRY.get_sample_value("spend_monitor_inbox_fullness_ratio") == pytest.approx(0.2)
    age = REGISTRY.get_sample_value("spend_monitor_oldest_due_tick_age_seconds")
    assert age == pytest.approx(300, abs=5)
