"""The function on AWS's own runtime client, its queue and table on moto's server."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any, cast

import pytest

from adapters.clock import SystemClock
from adapters.state.aws import AwsAddress, open_aws_state
from adapters.state.aws.inbox import SqsDynamoDbInbox
from application.ports.work_queue import Why
from entrypoints.web.hardening import HARDENING
from tests.doubles import aws_server as aws_state
from tests.doubles.lambda_runtime import SCHEDULED, LambdaRuntime, messages, request, running_function
from tests.doubles.storm import Storm, storm


@pytest.fixture
async def outside() -> AsyncIterator[Storm]:
    """Cost Explorer, STS and Telex of the test's own."""
    async with storm() as listening:
        yield listening


@pytest.fixture
def address() -> AwsAddress:
    """A table and a queue."""
    return aws_state.new_address()


@pytest.fixture
async def function(outside: Storm, address: AwsAddress) -> AsyncIterator[LambdaRuntime]:
    """The function, with the variables that the template gives it."""
    variables = aws_state.function_variables(address, outside.url)
    async with running_function(**variables) as runtime:
        yield runtime


async def test_a_tick_goes_through_the_queue_to_its_channel(
    function: LambdaRuntime, outside: Storm, address: AwsAddress
) -> None:
    """The door answers 202; the message brings the tick back; the same message again does nothing.

    A page comes with the headers that our own server puts on every answer, its own policy among them.
    """
    page = (await function.invoke(request("GET", "/")))["headers"]
    assert {name.lower() for name in HARDENING} <= set(page)
    assert "style-src" in page["content-security-policy"]
    manifest = await function.invoke(request("GET", "/integration"))
    assert json.loads(manifest["body"])["data"]["tick_url"].endswith("on.aws/tick")
    answer = await function.invoke(request("POST", "/tick", outside.tick("c1", 1)))
    assert (answer["statusCode"], json.loads(answer["body"])) == (202, {"status": "accepted"})
    bodies = aws_state.received(address)
    assert await function.invoke(messages(*bodies)) == {"batchItemFailures": []}
    assert await function.invoke(messages(*bodies)) == {"batchItemFailures": []}
    assert {channel: len(told) for channel, told in outside.messages.items()} == {"c1": 1}


async def test_what_no_message_came_for_is_found_by_the_schedule(
    function: LambdaRuntime, outside: Storm, address: AwsAddress
) -> None:
    """A lost message loses no tick, and a refused tick is refused as everywhere."""
    odd = request("POST", "/tick", {"settings": []})
    odd["headers"]["content-length"] = "two"
    for event in (request("POST", "/tick", {"settings": []}), odd):
        assert (await function.invoke(event))["statusCode"] == 400
    await function.invoke(request("POST", "/tick", outside.tick("c2", 2)))
    aws_state.received(address)  # and lost
    assert (await function.invoke(SCHEDULED))["settled"] == 1
    assert list(outside.messages) == ["c2"]


async def test_a_message_that_comes_early_is_sent_on(
    function: LambdaRuntime, outside: Storm, address: AwsAddress
) -> None:
    """SQS waits a quarter of an hour at most; a tick that waits longer hops, and is not worked on."""
    await function.invoke(request("POST", "/tick", outside.tick("c3", 3)))
    (key,) = aws_state.received(address)
    client = aws_state.client()
    async with open_aws_state(address, SystemClock(), 10, **client) as state:
        inbox = cast("SqsDynamoDbInbox", state.inbox)
        lease: Any = await inbox.lease_one(key)
        await inbox.pause(lease, SystemClock().now() + timedelta(hours=3), "not published", Why.NEWS)
        assert await function.invoke(messages(key)) == {"batchItemFailures": []}
        assert outside.messages == {}
        sqs = aws_state.sdk("sqs")
        url = sqs.get_queue_url(QueueName=address.queue)["QueueUrl"]
        attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])
        assert (
            attributes["Attributes"]["ApproximateNumberOfMessagesDelayed"] == "2"
        )  # the pause's, and the hop
