"""Moving the state to another engine."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from adapters.state.copying import copy_state
from adapters.state.state import StateRefused
from application.ports.ledger import Page
from application.ports.work_queue import Progress, Why
from domain.money import Money
from domain.periods import Period
from domain.thresholds import Verdict
from domain.told import Told
from tests.contract.inboxes import ids, lease_one
from tests.contract.states import HARNESSES, Harness, a_tick
from tests.fakes.clock import FixedClock

TOLD = Page(
    {Period(date(2026, 11, 22), date(2026, 11, 23)): Told((Verdict.WITHIN,), Money(Decimal(1), "USD"))}
)
PROGRESS = Progress(failures=2, looks=1)


@pytest.fixture(params=["sqlite", "postgresql"])
async def source(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Harness]:
    """Every engine that can be read."""
    async with HARNESSES[request.param](tmp_path) as opened:
        yield opened


@pytest.fixture(params=["memory", "nats", "sqs+dynamodb"])
async def target(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Harness]:
    """Some that can be written, empty."""
    (tmp_path / "target").mkdir()
    async with HARNESSES[request.param](tmp_path / "target") as opened:
        yield opened


async def test_all_of_it_is_there_afterwards(source: Harness, target: Harness) -> None:
    """What waits, is paused or was given up on; what was told; report pages. The source stays as it is."""
    inbox, now = source.state.inbox, target.now()
    waiting, paused, given_up, leased = (a_tick(now) for _ in range(4))
    until = target.now() + timedelta(hours=3)
    for tick in (paused, given_up, leased):
        await inbox.put(tick)
    await inbox.pause(await lease_one(inbox), until, "not published", Why.NEWS, PROGRESS)
    await inbox.give_up(await lease_one(inbox), "refused")
    await lease_one(inbox)
    await inbox.put(waiting)
    await source.state.ledger.update("channel", "topic", lambda _: TOLD)
    await source.state.store.put("report.0123", b"sealed", timedelta(days=30))
    await source.state.store.put("costs.0123", b"asked anew", timedelta(days=30))
    before = await inbox.entries()

    copied = await copy_state(source.state, target.state, FixedClock())

    assert (copied.ticks, copied.pages, copied.reports) == (4, 1, 1)
    assert await inbox.entries() == before
    entries = {entry.id: entry for entry in await target.state.inbox.entries()}
    assert (entries[given_up.id].state, entries[given_up.id].reason) == ("given-up", "refused")
    kept = entries[paused.id]
    assert (kept.state, kept.at, kept.reason, kept.why) == ("paused", until, "not published", Why.NEWS)
    leases = await target.state.inbox.lease(10, 10)
    assert set(ids(leases)) == {leased.id, waiting.id}
    assert {lease.tick.id: lease.tick for lease in leases}[waiting.id] == waiting
    assert not await target.state.inbox.put(
        a_tick(now, twin=paused.twin)
    )  # its twin is there, and is tried at once
    again = await lease_one(target.state.inbox)
    assert (again.tick, again.progress) == (paused, PROGRESS)
    assert await target.state.ledger.read("channel", "topic") == TOLD
    assert await target.state.store.get("report.0123") == b"sealed"
    assert await target.state.store.get("costs.0123") is None


async def test_nothing_is_mixed(source: Harness, tmp_path: Path) -> None:
    """A state that holds ticks is none to copy to."""
    (tmp_path / "other").mkdir()
    async with HARNESSES["sqlite"](tmp_path / "other") as other:
        await other.state.inbox.put(a_tick(other.now()))
        with pytest.raises(StateRefused, match="has to be empty"):
            await copy_state(source.state, other.state, FixedClock())
