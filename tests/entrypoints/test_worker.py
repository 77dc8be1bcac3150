"""The worker's loop: how much it takes on, and that nothing it meets costs a tick."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import ExitStack
from dataclasses import replace

import pytest
import structlog

from application.answer_tick import AnswerTick
from application.monitor import Monitor
from application.ports.dead_letters import InboxEntry
from application.ports.inbox import Inbox
from application.ports.settings import SettingsReader
from application.ports.work_queue import Lease
from entrypoints import worker as worker_module
from entrypoints.config import Config
from entrypoints.door import CROWD, Door
from entrypoints.serve import serve
from entrypoints.worker import Worker
from tests.doubles.fakes.storage import BreakableInbox
from tests.doubles.fakes.world import ACCOUNT, URL, World, bill

SECRET = "canary-secret"


@pytest.fixture
def world() -> World:
    """The application on fakes."""
    return World()


@pytest.fixture
async def gate(world: World) -> AsyncIterator[asyncio.Lock]:
    """Keeps every call to AWS waiting until it is released."""
    world.aws.gate = gate = asyncio.Lock()
    await gate.acquire()
    yield gate
    if gate.locked():
        gate.release()


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the worker look again at once."""
    monkeypatch.setattr(worker_module, "LEASE_WAIT_SECONDS", 0.01)
    monkeypatch.setattr(worker_module, "STORAGE_PAUSE_SECONDS", 0.01)
    monkeypatch.setattr(worker_module, "STEP_SECONDS", 0.01)


def started(
    world: World,
    concurrency: int = 10,
    answer_tick: AnswerTick | None = None,
    inbox: Inbox | None = None,
    door: Door | None = None,
) -> Worker:
    """A worker of that world, at work."""
    inbox = inbox or BreakableInbox(world.inbox, world.disk)
    worker = Worker(inbox, answer_tick or world.answer_tick, world.clock, concurrency, door or Door())
    worker.start()
    return worker


async def until(true: Callable[[], bool]) -> None:
    """Let the others run until that is so."""
    async with asyncio.timeout(5):
        while not true():  # noqa: ASYNC110  # what a test waits for has no event
            await asyncio.sleep(0)


async def accept(world: World, count: int) -> None:
    """Take ticks of as many channels in."""
    for n in range(count):
        await world.accept(return_url=f"{URL}-{n}")


async def entry(world: World) -> InboxEntry:
    """The only tick in the inbox."""
    (found,) = await world.inbox.entries()
    return found


async def test_as_many_ticks_as_allowed_are_in_flight_and_no_more(world: World, gate: asyncio.Lock) -> None:
    """Five wait, two places: two ask AWS at a time, and in the end all five are answered."""
    await accept(world, 5)
    worker = started(world, concurrency=2)
    await until(lambda: len(world.aws.identified) == 2)
    await asyncio.sleep(0.05)
    assert len(world.aws.identified) == 2
    gate.release()
    await until(lambda: len(world.channel.posts) == 5)
    await worker.stop()
    assert await world.inbox.entries() == []


async def test_ticks_are_begun_a_few_at_a_time(
    world: World, gate: asyncio.Lock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So that they do not all wait for AWS, and then for the core, at the same moments."""
    monkeypatch.setattr(worker_module, "STEP_SECONDS", 3600)
    await accept(world, 20)
    worker = started(world, concurrency=72)
    await until(lambda: len(world.aws.identified) == 9)
    await asyncio.sleep(0.03)
    assert len(world.aws.identified) == 9
    gate.release()
    await worker.stop()


async def test_while_many_ticks_come_in_fewer_are_begun(
    world: World, gate: asyncio.Lock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two instead of eight at a time while the door is crowded, but however many are in flight."""
    monkeypatch.setattr(worker_module, "STEP_SECONDS", 3600)
    await accept(world, 20)
    door = Door()
    with ExitStack() as crowd:
        for _ in range(CROWD):
            crowd.enter_context(door.taking_in())
        worker = started(world, concurrency=16, door=door)
        await until(lambda: len(world.aws.identified) == 2)
        await asyncio.sleep(0.03)
        assert len(world.aws.identified) == 2
    gate.release()
    await worker.stop()


async def test_a_stop_waits_for_what_is_in_flight(world: World, gate: asyncio.Lock) -> None:
    """The message is delivered and the tick acknowledged before the stop is over; nothing new is begun."""
    await accept(world, 1)
    worker = started(world)
    await until(lambda: len(world.aws.identified) == 1)
    stopping = asyncio.create_task(worker.stop(drain_seconds=5))
    await until(lambda: not worker.running)
    await accept(world, 2)
    gate.release()
    await stopping
    assert len(world.channel.posts) == 1
    assert (await entry(world)).state == "waiting"


async def test_what_a_stop_cannot_wait_for_goes_back_at_once(world: World, gate: asyncio.Lock) -> None:
    """A tick that outlasts the drain is there for the next worker, though its lease has not ended."""
    await accept(world, 1)
    worker = started(world)
    await until(lambda: len(world.aws.identified) == 1)
    await worker.stop(drain_seconds=0.01)
    assert gate.locked()
    assert (await entry(world)).reason == "the service was stopped"
    (lease,) = await world.lease()
    assert lease.attempt == 1


async def test_a_stop_ends_though_the_storage_fails(world: World, gate: asyncio.Lock) -> None:
    """The lease cannot be given back then: it lapses, and the tick is not lost."""
    await accept(world, 1)
    worker = started(world)
    await until(lambda: len(world.aws.identified) == 1)
    world.disk.break_after(0)
    await worker.stop(drain_seconds=0.01)
    assert gate.locked()
    assert (await entry(world)).state == "leased"


async def test_the_worker_outlives_a_storage_that_fails(world: World) -> None:
    """It says so once, tries on, and answers what waits when the disk is well."""
    await accept(world, 1)
    world.disk.break_after(0)
    with structlog.testing.capture_logs() as logs:
        worker = started(world)
        await asyncio.sleep(0.1)
        assert worker.running
        world.disk.mend()
        await until(lambda: len(world.channel.posts) == 1)
        await worker.stop()
    names = [event["event"] for event in logs]
    assert names.count("storage_unavailable") == names.count("storage_available") == 1


async def test_a_result_that_cannot_be_stored_is_worked_out_again(world: World) -> None:
    """The tick comes back when its lease has lapsed, and the message is not posted again."""
    await accept(world, 1)
    world.disk.break_after(2)  # a page is read and claimed, the message posted, but not recorded
    with structlog.testing.capture_logs() as logs:
        worker = started(world, inbox=world.inbox)
        await until(lambda: "tick_unsettled" in [event["event"] for event in logs])
        world.disk.mend()
        assert (await entry(world)).state == "leased"
        world.clock.move_to((await entry(world)).at)
        await until(lambda: "tick_silent" in [event["event"] for event in logs])
        await worker.stop()
    assert len(world.channel.posts) == 1
    assert await world.inbox.entries() == []


async def test_a_tick_that_waits_for_news_is_logged(world: World) -> None:
    """Whoever reads the log sees what it waits for, and until when."""
    world.account.bill = bill(world.today, d1="5")
    await world.ledger.update(  # it has been told of an earlier day
        world.vault.fingerprint("channel", f"{URL}-0"),
        f"{ACCOUNT}/daily/100",
        lambda page: replace(page, since=world.today),
    )
    await accept(world, 1)
    with structlog.testing.capture_logs() as logs:
        worker = started(world)
        await until(lambda: "tick_waits" in [event["event"] for event in logs])
        await worker.stop()
    [waits] = [event for event in logs if event["event"] == "tick_waits"]
    assert (waits["cause"], waits["until"][:13]) == ("not-settled", "2026-11-24T00")


class BrokenReader(SettingsReader):
    """A defect of ours."""

    def read(self, settings: bytes) -> Monitor:
        """Fail with a text that holds a secret."""
        raise ZeroDivisionError(SECRET, settings)


async def test_a_defect_costs_no_tick_and_tells_no_secret(world: World) -> None:
    """The tick is tried again later; the log names the error's type and place, not its text."""
    await accept(world, 1)
    with structlog.testing.capture_logs() as logs:
        worker = started(world, answer_tick=replace(world.answer_tick, settings=BrokenReader()))
        await until(lambda: "tick_retry" in [event["event"] for event in logs])
        assert worker.running
        await worker.stop()
    kept = await entry(world)
    assert (kept.state, kept.reason) == ("paused", "internal-error: ZeroDivisionError")
    (crash,) = [event for event in logs if event["event"] == "tick_crashed"]
    assert crash["error"] == "ZeroDivisionError"
    assert "test_worker.py" in crash["frames"]
    assert SECRET not in repr(logs)


@pytest.mark.usefixtures("gate")
async def test_a_tick_that_hangs_gives_its_place_up(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before its lease ends, so that nobody else works on it at the same time."""
    monkeypatch.setattr(worker_module, "LONGEST_TICK_SECONDS", 0.05)
    await accept(world, 1)
    worker = started(world, concurrency=1)
    async with asyncio.timeout(5):
        while (await entry(world)).state != "paused":  # noqa: ASYNC110  # likewise
            await asyncio.sleep(0.01)
    await worker.stop()
    assert (await entry(world)).reason == "internal-error: the tick took too long"


class BrokenInbox(BreakableInbox):
    """A defect where the worker cannot go on."""

    async def lease(self, limit: int, wait: float) -> Sequence[Lease]:
        """Fail with a text that holds a secret."""
        raise ZeroDivisionError(SECRET, limit, wait)


async def test_a_worker_that_dies_is_seen(world: World) -> None:
    """It does not seem to run any more, whoever waits for its end is told, and it can still be stopped."""
    with structlog.testing.capture_logs() as logs:
        worker = started(world, inbox=BrokenInbox(world.inbox, world.disk))
        await worker.ended()
        assert not worker.running
        await worker.stop()
    (crash,) = logs
    assert (crash["event"], crash["error"]) == ("worker_crashed", "ZeroDivisionError")
    assert SECRET not in repr(logs)


async def test_a_service_without_its_worker_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    """It takes no more ticks that nobody answers: the process ends with an error, and is started again."""

    async def die(_: Worker) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(Worker, "_run", die)
    with structlog.testing.capture_logs() as logs, pytest.raises(SystemExit) as end:
        async with asyncio.timeout(20):
            await serve(Config(state_url="memory://", secret_keys=(bytes(32),)), "127.0.0.1", 0)
    assert end.value.code == 1
    assert "worker_crashed" in [event["event"] for event in logs]
