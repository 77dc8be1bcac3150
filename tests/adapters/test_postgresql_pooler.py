"""PostgreSQL behind PgBouncer in transaction mode: each transaction may be another session's."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import timedelta
from pathlib import Path

import asyncpg
import pytest
from structlog.testing import capture_logs

from adapters.clock import SystemClock
from adapters.state.postgresql import open_postgresql_state
from application.ports.ledger import Page
from application.ports.work_queue import Why
from tests.contract.inboxes import PATIENCE, drain, ids
from tests.contract.states import INBOX_LIMIT, a_tick
from tests.doubles.pooler import SESSIONS, is_required, pgbouncer, pooled
from tests.doubles.postgresql_server import empty, shared_server

CLOCK = SystemClock()
HOUR = timedelta(hours=1)

pytestmark = pytest.mark.skipif(not (pgbouncer() or is_required()), reason="there is no pgbouncer here")


@pytest.fixture
async def url(tmp_path: Path) -> AsyncIterator[str]:
    """Of the pooler; its server is left empty."""
    with pooled(shared_server(), tmp_path) as url:
        yield url
    await empty(shared_server())


async def test_all_of_it_works_behind_a_pooler(url: str) -> None:
    """Three processes start at once, and do all that a state does, on fewer sessions than connections."""
    async with AsyncExitStack() as stack:
        with capture_logs() as logs:
            states = await asyncio.gather(
                *[stack.enter_async_context(open_postgresql_state(url, CLOCK, INBOX_LIMIT)) for _ in range(3)]
            )
        one, *_ = states
        ticks = [a_tick(CLOCK.now()) for _ in range(60)]
        await asyncio.gather(*[states[n % 3].inbox.put(tick) for n, tick in enumerate(ticks)])
        leases = [lease for state in states for lease in await state.inbox.lease(20, PATIENCE)]
        for_ever, paused, given_up = leases[:40], leases[40:50], leases[50:]
        await asyncio.gather(*map(one.inbox.acknowledge, for_ever))
        later = CLOCK.now() + HOUR
        await asyncio.gather(*[one.inbox.pause(lease, later, "away", Why.FAILURE) for lease in paused])
        await asyncio.gather(*[one.inbox.give_up(lease, "refused") for lease in given_up])
        counts = await asyncio.gather(
            *[states[n % 3].store.count(f"k{n % 100}", 1, HOUR) for n in range(300)]
        )
        await asyncio.gather(
            *[
                states[n % 3].ledger.update("c", f"t{n}", lambda _: Page(failures={"code": "2026-11-23"}))
                for n in range(200)
            ]
        )
        depth = await one.inbox.depth()
        sessions = await sessions_of_the_server()
        assert [log["event"] for log in logs] == ["pooler"] * 3
        assert sorted(ids(leases)) == sorted(tick.id for tick in ticks)
        assert (depth.unfinished, depth.given_up) == (10, 10)
        assert sorted(counts) == sorted([1, 2, 3] * 100)
        assert len([page async for page in one.contents.pages()]) == 200
        assert await one.inbox.revive() == 10
        assert len(await drain(one.inbox)) == 10
        assert sessions <= SESSIONS


async def sessions_of_the_server() -> int:
    """How many sessions the server has but for the one that asks."""
    connection = await asyncpg.connect(shared_server().url)
    try:
        return int(
            await connection.fetchval(
                "SELECT count(*) FROM pg_stat_activity"
                " WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"
            )
        )
    finally:
        await connection.close()
