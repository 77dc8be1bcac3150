"""The machine's clock is stepped under the service: nothing stalls for it, and nothing is done twice."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from datetime import timedelta
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from adapters.clock import boot_id, microseconds_ahead
from adapters.state.sqlite import open_sqlite_state
from adapters.state.sqlite.steps import Offset, offset_of_machine
from adapters.state.state import State
from application.ports.work_queue import Why
from tests.contract.inboxes import FAILED, ids, lease_one
from tests.contract.states import a_tick
from tests.doubles.fakes.clock import FixedClock

HOUR = timedelta(hours=1)
LEASE = timedelta(minutes=2)


class Machine:
    """A clock, and the time since the start of the machine, which nobody can step."""

    def __init__(self) -> None:
        self.clock = FixedClock()
        self.boot = "first"
        self._ahead = 0

    def offset(self) -> Offset:
        """How far the clock is ahead."""
        return Offset(self.boot, self._ahead)

    def step(self, by: timedelta) -> None:
        """Somebody sets the clock."""
        self.clock.move(by)
        self._ahead += by // timedelta(microseconds=1)

    def start_again(self) -> None:
        """The time since the start begins anew."""
        self.boot, self._ahead = "second", self._ahead + 10**12


@pytest.fixture
def machine() -> Machine:
    """A machine whose clock is right."""
    return Machine()


@pytest.fixture
def another(machine: Machine, tmp_path: Path) -> Callable[[], AbstractAsyncContextManager[State]]:
    """Opens the file, as every process of the machine does."""

    def opened() -> AbstractAsyncContextManager[State]:
        return open_sqlite_state(tmp_path / "state.db", machine.clock, 100, LEASE, read_offset=machine.offset)

    return opened


@pytest.fixture
async def state(
    machine: Machine, another: Callable[[], AbstractAsyncContextManager[State]]
) -> AsyncIterator[State]:
    """The state of one process, with a tick in it."""
    async with another() as opened:
        await opened.inbox.put(a_tick(machine.clock.now()))
        yield opened


async def pause(state: State, machine: Machine, pause: timedelta) -> None:
    """Let the tick wait for so long."""
    lease = await lease_one(state.inbox)
    await state.inbox.pause(lease, machine.clock.now() + pause, "away", Why.FAILURE, FAILED)


async def test_a_clock_that_is_set_back_stalls_nothing(state: State, machine: Machine) -> None:
    """A pause of an hour is over after an hour, though the clock says that it has not begun yet."""
    await pause(state, machine, HOUR)
    with capture_logs() as logs:
        machine.step(-24 * HOUR)
        assert await state.inbox.lease(1, 0) == []
    machine.clock.move(HOUR)
    assert len(await state.inbox.lease(1, 0)) == 1
    assert [(each["event"], each["seconds"]) for each in logs] == [("clock_stepped", -86400.0)]


async def test_a_clock_that_is_set_forward_ends_no_pause(state: State, machine: Machine) -> None:
    """A channel that asked for patience gets it."""
    await pause(state, machine, HOUR)
    machine.step(24 * HOUR)
    assert await state.inbox.lease(1, 0) == []
    machine.clock.move(HOUR)
    assert len(await state.inbox.lease(1, 0)) == 1


async def test_a_clock_that_is_set_forward_ends_no_lease(state: State, machine: Machine) -> None:
    """What is being worked on is not given to somebody else, and whoever works on it can finish it."""
    lease = await lease_one(state.inbox)
    machine.step(24 * HOUR)
    assert await state.inbox.lease(1, 0) == []
    assert await state.inbox.acknowledge(lease)


async def test_a_clock_that_is_set_back_lengthens_no_lease(
    state: State, machine: Machine, another: Callable[[], AbstractAsyncContextManager[State]]
) -> None:
    """A tick whose process is stuck comes back when it would have."""
    lease = await lease_one(state.inbox)
    machine.step(-24 * HOUR)
    async with another() as other:
        assert await other.inbox.lease(1, 0) == []
        machine.clock.move(LEASE)
        assert ids(await other.inbox.lease(1, 0)) == [lease.tick.id]


async def test_several_processes_follow_a_step_once(
    state: State, machine: Machine, another: Callable[[], AbstractAsyncContextManager[State]]
) -> None:
    """Whoever is second finds it done; so does who starts later."""
    await pause(state, machine, 2 * HOUR)
    async with another() as other:
        await other.inbox.lease(1, 0)
        machine.step(-HOUR)
        for each in (state, other, state):
            assert await each.inbox.lease(1, 0) == []
    async with another() as late:
        machine.clock.move(2 * HOUR - timedelta(seconds=1))
        assert await late.inbox.lease(1, 0) == []
        machine.clock.move(timedelta(seconds=1))
        assert len(await late.inbox.lease(1, 0)) == 1


async def test_a_start_of_the_machine_is_no_step(
    state: State, machine: Machine, another: Callable[[], AbstractAsyncContextManager[State]]
) -> None:
    """The time since then begins anew; what it was before says nothing."""
    await state.inbox.lease(0, 0)
    await pause(state, machine, HOUR)
    machine.start_again()
    machine.clock.move(HOUR)
    async with another() as other:
        assert len(await other.inbox.lease(1, 0)) == 1


async def test_without_a_step_the_database_is_left_alone(state: State, machine: Machine) -> None:
    """A clock that is made a little faster, and time that passes, are no steps."""
    await pause(state, machine, HOUR)
    with capture_logs() as logs:
        for _ in range(3):
            machine.step(timedelta(milliseconds=500))
            assert await state.inbox.lease(1, 0) == []
    assert logs == []


def test_this_machine_tells_how_far_its_clock_is_ahead() -> None:
    """The same at every look, to a part of a second, as long as nobody steps the clock."""
    first, second = microseconds_ahead(), microseconds_ahead()
    assert abs(first - second) < 1_000_000
    offset = offset_of_machine()
    assert (offset.boot if offset else None) == boot_id()
