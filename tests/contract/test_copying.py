"""Moving the state to another engine."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from adapters.state.copying import copy_state
from adapters.state.nats.inbox import NatsInbox
from adapters.state.state import StateRefused
from application.ports.ledger import Page
from application.ports.work_queue import Progress, Why
from domain.money import Money
from domain.periods import Period
from domain.thresholds import Verdict
from domain.told import Told
from tests.contract.inboxes import lease_one
from tests.contract.states import HARNESSES, Harness, a_tick
from tests.doubles.fakes.clock import FixedClock

TOLD = Page(
    {Period(date(2026, 11, 22), date(2026, 11, 23)): Told((Verdict.WITHIN,), Money(Decimal(1), "USD"))}
)
PROGRESS = Progress(failures=2, looks=1)


PAIRS = {
    "sqlite": "postgresql",
    "postgresql": "nats",
    "nats": "sqs+dynamodb",
    "sqs+dynamodb": "memory",
    "memory": "sqlite",
}
"""Each engine is read once and written once."""


@pytest.fixture(params=PAIRS)
def engine(request: pytest.FixtureRequest) -> str:
    """One engine after the other."""
    return str(request.param)


@pytest.fixture
async def source(engine: str, tmp_path: Path) -> AsyncIterator[Harness]:
    """What is read."""
    async with HARNESSES[engine](tmp_path) as opened:
        yield opened


@pytest.fixture
async def target(engine: str, tmp_path: Path) -> AsyncIterator[Harness]:
    """What is written, empty."""
    (tmp_path / "target").mkdir()
    async with HARNESSES[PAIRS[engine]](tmp_path / "target") as opened:
        yield opened


async def test_all_of_it_is_there_afterwards(source: Harness, target: Harness) -> None:
    """What waits, is paused or was given up on; what was told; report pages. The source stays as it is."""
    inbox, now = source.state.inbox, max(source.now(), target.now())
    waiting, paused, begun, given_up, leased = (a_tick(now) for _ in range(5))
    until = now + timedelta(hours=3)
    for tick in (paused, given_up, leased):
        await inbox.put(tick)
    await inbox.pause(await lease_one(inbox), until, "not published", Why.NEWS, PROGRESS)
    await inbox.give_up(await lease_one(inbox), "refused")
    dead = await lease_one(inbox)
    await inbox.put(begun)
    await inbox.pause(await lease_one(inbox), source.now(), "busy", Why.TURN, PROGRESS)
    await inbox.put(waiting)
    await source.state.ledger.update("channel.1", "a topic/1.5", lambda _: TOLD)
    await source.state.store.put("report.0123", b"sealed", timedelta(days=30))
    await source.state.store.put("costs.0123", b"asked anew", timedelta(days=30))
    before = await inbox.entries()
    written = [page.written_at.date() async for page in source.state.contents.pages()]
    clock = FixedClock(max(dead.expires_at, target.now()))

    copied = await copy_state(source.state, target.state, clock)

    assert written == [source.now().date()]
    assert (copied.ticks, copied.pages, copied.reports) == (5, 1, 1)
    assert [entry.id for entry in await inbox.entries()] == [entry.id for entry in before]
    entries = {entry.id: entry for entry in await target.state.inbox.entries()}
    assert (entries[given_up.id].state, entries[given_up.id].reason) == ("given-up", "refused")
    kept = entries[paused.id]
    assert (kept.state, kept.at, kept.reason, kept.why) == ("paused", until, "not published", Why.NEWS)
    soon = entries[begun.id]
    assert (soon.state, soon.at, soon.why) == ("paused", clock.now() + timedelta(minutes=1), Why.TURN)
    leases = await target.state.inbox.lease(10, 10)
    assert {lease.tick.id: lease.tick for lease in leases} == {leased.id: leased, waiting.id: waiting}
    assert not await target.state.inbox.put(a_tick(now, twin=paused.twin))  # its twin is tried at once
    again = await lease_one(target.state.inbox)
    assert (again.tick, again.progress) == (paused, PROGRESS)
    assert await target.state.ledger.read("channel.1", "a topic/1.5") == TOLD
    assert await target.state.store.get("report.0123") == b"sealed"
    assert await target.state.store.get("costs.0123") is None


async def test_a_source_that_somebody_works_on(source: Harness, target: Harness) -> None:
    """It is refused, and nothing is copied: the tick would be answered twice."""
    inbox = source.state.inbox
    await inbox.put(a_tick(source.now()))
    await source.state.ledger.update("channel", "topic", lambda _: TOLD)
    await lease_one(inbox)
    async with asyncio.TaskGroup() as tasks:
        worker = tasks.create_task(inbox.lease(1, 10))  # on NATS, that is what shows
        if isinstance(source.state.inbox, NatsInbox):
            await asyncio.sleep(0.05)
        with pytest.raises(StateRefused, match="stop the service first"):
            await copy_state(source.state, target.state, FixedClock(source.now()))
        worker.cancel()
    assert await target.state.ledger.read("channel", "topic") == Page()


async def test_nothing_is_mixed(tmp_path: Path) -> None:
    """A state that holds ticks is none to copy to."""
    async with HARNESSES["memory"](tmp_path) as source, HARNESSES["sqlite"](tmp_path) as other:
        await other.state.inbox.put(a_tick(other.now()))
        with pytest.raises(StateRefused, match="has to be empty"):
            await copy_state(source.state, other.state, FixedClock())
