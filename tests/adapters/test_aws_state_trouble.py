"""What goes wrong with DynamoDB and SQS: nothing is lost, and it is named once."""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncIterator

import pytest
from botocore.retries.standard import ExponentialBackoff
from structlog.testing import capture_logs

from adapters.clock import SystemClock
from adapters.state.aws import open_aws_state
from adapters.state.state import State
from application.errors import StorageUnavailable
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


async def test_a_queue_that_is_away_loses_no_tick(state: State) -> None:
    """They are in the table, and are found there; the log says it once."""
    ticks = [a_tick(CLOCK.now()) for _ in range(3)]
    refusals()["AmazonSQS.SendMessage"].extend(["AccessDeniedException"] * 3)
    with capture_logs() as logs:
        for tick in ticks:
            await state.inbox.put(tick)
    assert [log["event"] for log in logs] == ["wake_up_lost"]
    assert ids(await drain(state.inbox)) == [tick.id for tick in ticks]
