"""The looks of a tick over a database file: kills, several processes, and a clock that is set in between."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from adapters.state.sqlite import open_sqlite_state
from adapters.state.state import State
from application.accept_tick import AcceptTick
from application.answer import Outcome
from application.notice import SpendNotice
from application.ports.work_queue import Why
from domain.periods import DAY, HOUR, Period
from domain.thresholds import Verdict
from tests.adapters.test_sqlite_clock_steps import Machine
from tests.doubles.fakes.world import LEASE, World, bill, settings

MIDNIGHT = datetime(2026, 11, 25, tzinfo=UTC)
DAY_ASKED = Period(MIDNIGHT.date() - DAY, MIDNIGHT.date())

Opened = Callable[[], AbstractAsyncContextManager[State]]


@pytest.fixture
def machine() -> Machine:
    """A machine on which it is midnight."""
    machine = Machine()
    machine.clock.move_to(MIDNIGHT)
    return machine


@pytest.fixture
def opened(machine: Machine, tmp_path: Path) -> Opened:
    """Opens the file, as every process of the machine does."""

    def opened() -> AbstractAsyncContextManager[State]:
        return open_sqlite_state(tmp_path / "state.db", machine.clock, 100, LEASE, read_offset=machine.offset)

    return opened


class Process(World):
    """A process on the file. All of them have one AWS and one channel.

    Args:
        machine: On which it runs.
        state: The file, as it has opened it.
        other: Another process of the same world.
    """

    def __init__(self, machine: Machine, state: State, other: World | None = None) -> None:
        super().__init__()
        self.clock = machine.clock
        if other:
            self.aws, self.account, self.channel = other.aws, other.account, other.channel
        self.inbox, self.ledger = state.inbox, state.ledger
        self.accept_tick = AcceptTick(state.inbox, self.vault, self.channel, self.clock)
        self.restart()

    def publish(self, amount: str) -> None:
        """AWS shows so much of the day asked for."""
        self.account.bill = bill(MIDNIGHT.date(), d1=amount)

    def verdicts(self) -> list[Verdict]:
        """What the channel has read of that day."""
        notices = [notice for _, notice in self.channel.posts if isinstance(notice, SpendNotice)]
        return [one.report.verdict for one in notices if one.report.period == DAY_ASKED]


async def test_a_kill_between_two_looks(machine: Machine, opened: Opened) -> None:
    """The next process knows when to look again, and what was seen; a kill in that look is made up for."""
    async with opened() as state:
        first = Process(machine, state)
        first.publish("5")
        await first.accept()
        [answer] = await first.work()
        assert (answer.outcome, answer.waits_for) == (Outcome.TOLD, "not-settled")
    async with opened() as state:
        second = Process(machine, state, first)
        [entry] = await state.inbox.entries()
        assert (entry.why, entry.at - MIDNIGHT < 13 * HOUR) == (Why.NEWS, True)
        assert await second.work_for(11 * HOUR) == []
        second.publish("10")
        machine.clock.move(2 * HOUR)
        [killed] = await second.lease()
        assert killed.progress.seen is not None
        async with opened() as other:
            third = Process(machine, other, first)
            assert await third.work() == []
            machine.clock.move(LEASE)
            assert [answer.outcome for answer in await third.work()] == [Outcome.TOLD]
        assert await state.inbox.entries() == []
    assert third.verdicts() == [Verdict.NOT_PUBLISHED, Verdict.WITHIN]


async def test_two_processes_look_once_and_speak_once(machine: Machine, opened: Opened) -> None:
    """Whichever of them gets a tick: of two monitors of one channel each verdict is told once."""
    async with opened() as state, opened() as other:
        one = Process(machine, state)
        two = Process(machine, other, one)
        one.publish("5")
        raws = [settings(threshold) for threshold in ("100", "200")]
        for raw in raws:
            await one.accept(raw)
        answers = [*await one.work(), *await two.work()]
        one.publish("10")
        for process in (two, one, two, one):
            machine.clock.move(6 * HOUR + LEASE)
            answers += await process.work()
        outcomes = [answer.outcome for answer in answers]
        assert (outcomes.count(Outcome.TOLD), set(outcomes)) == (4, {Outcome.TOLD})
        assert sorted(one.verdicts()) == sorted(2 * [Verdict.NOT_PUBLISHED, Verdict.WITHIN])
        assert await state.inbox.entries() == []


@pytest.mark.parametrize("notify", ["Once per period", "Every check"])
@pytest.mark.parametrize("jumps", [(5, -5), (-5, 5), (26,), (-26,), (1, 1, -7)])
async def test_a_clock_that_jumps_by_hours_loses_and_repeats_nothing(
    machine: Machine, opened: Opened, jumps: tuple[int, ...], notify: str
) -> None:
    """At three and at six, both ways: the channel reads that the day is not there yet, and its verdict."""
    async with opened() as state:
        process = Process(machine, state)
        process.publish("5")
        await process.accept(settings(notify=notify))
        for hour in range(72):
            if hour % 3 == 0 and 0 < hour <= 3 * len(jumps):
                machine.step(timedelta(hours=jumps[hour // 3 - 1]))
            if hour == 11:
                process.publish("10")
            await process.work()
            machine.clock.move(HOUR)
        assert process.verdicts() == [Verdict.NOT_PUBLISHED, Verdict.WITHIN]
        assert await state.inbox.entries() == []
