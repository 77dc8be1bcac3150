"""What goes wrong with DynamoDB and SQS: nothing is lost, and it is named once."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from typing import Any, cast

import pytest
from botocore.retries.standard import ExponentialBackoff
from structlog.testing import capture_logs

from adapters.clock import SystemClock
from adapters.state.aws import ATTEMPTS, TABLE_SECONDS, open_aws_state, queue
from adapters.state.state import State
from application.errors import StorageUnavailable
from entrypoints.web.protocol import ConnectionLimits
from tests.contract.inboxes import drain, ids
from tests.contract.states import a_tick
from tests.doubles import aws_server

CLOCK = SystemClock()
MORE_THAN_TRIES = 10
THROTTLED = "ProvisionedThroughputExceededException"


@pytest.fixture
async def state() -> AsyncIterator[State]:
    """A table and a queue of the test's own."""
    async with open_aws_state(aws_server.new_address(), CLOCK, 100, **aws_server.client()) as opened:
        yield opened
    refusals().clear()


def refusals() -> dict[str, deque[str]]:
    """What the next requests are refused with."""
    return aws_server.shared_server().refusals


async def test_a_moment_of_throttling_is_not_noticed(state: State) -> None:
    """The SDK asks again."""
    refusals()["DynamoDB"].append(THROTTLED)
    assert await state.inbox.put(a_tick(CLOCK.now()))


async def test_longer_throttling_is_said_and_passes(state: State, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever sends the tick hears that it was not stored; the same tick is taken afterwards, once."""
    monkeypatch.setattr(ExponentialBackoff, "delay_amount", lambda *_: 0)
    tick = a_tick(CLOCK.now())
    refusals()["DynamoDB"].extend([THROTTLED] * MORE_THAN_TRIES)
    with pytest.raises(StorageUnavailable, match=THROTTLED):
        await state.inbox.put(tick)
    refusals().clear()
    stored = [await state.inbox.put(tick), await state.inbox.put(tick)]
    assert (stored, ids(await drain(state.inbox))) == ([True, False], [tick.id])


def test_a_table_that_hangs_is_told_of_in_time() -> None:
    """A sender hears 503 rather than nothing: its connection is cut after half a minute."""
    pauses = 1 + 2
    assert TABLE_SECONDS * ATTEMPTS + pauses < ConnectionLimits().seconds


async def test_a_queue_that_hangs_keeps_nobody_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """The tick is in the table already."""

    class Hanging:
        async def send_message(self, **_: object) -> None:
            await asyncio.Event().wait()

    monkeypatch.setattr(queue, "SEND_SECONDS", 0.01)
    with capture_logs() as logs:
        async with asyncio.timeout(5):
            await queue.Queue(cast("Any", Hanging()), "url").send("a tick")
    assert [event["event"] for event in logs] == ["wake_up_lost"]


async def test_a_queue_that_is_away_loses_no_tick(state: State) -> None:
    """They are in the table, and are found there; the log says it once."""
    ticks = [a_tick(CLOCK.now()) for _ in range(3)]
    refusals()["AmazonSQS.SendMessage"].extend(["AccessDeniedException"] * 3)
    with capture_logs() as logs:
        for tick in ticks:
            await state.inbox.put(tick)
    assert [log["event"] for log in logs] == ["wake_up_lost"]
    assert ids(await drain(state.inbox)) == [tick.id for tick in ticks]
