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
from tests.doubles import aws_server as aws_state
from tests.doubles.lambda_runtime import SCHEDULED, LambdaRuntime, messages, request, running_function
from tests.doubles.storm import Storm, storm

HANDLER = "entrypoints.aws_lambda.handler"


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
    client = aws_state.client()
    secret = aws_state.sdk("secretsmanager").create_secret(
        Name=address.table, SecretString=bytes(range(32)).hex()
    )
    variables = {
        "AWS_REGION": "eu-west-1",
        "AWS_ACCESS_KEY_ID": "ASIAIOSFODNN7EXAMPLE",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_ENDPOINT_URL": client["endpoint_url"],
        "AWS_ENDPOINT_URL_COST_EXPLORER": outside.url,
        "AWS_ENDPOINT_URL_STS": outside.url,
        "SPEND_MONITOR_STATE_URL": f"dynamodb://{address.table}?queue={address.queue}",
        "SPEND_MONITOR_SECRET_KEY_ARN": secret["ARN"],
        "SPEND_MONITOR_ALLOW_PRIVATE_RETURN_URLS": "true",
    }
    async with running_function(HANDLER, **variables) as runtime:
        yield runtime


def received(address: AwsAddress) -> list[str]:
    """The messages of the queue, taken out."""
    sqs = aws_state.sdk("sqs")
    url = sqs.get_queue_url(QueueName=address.queue)["QueueUrl"]
    answer = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10)
    return [message["Body"] for message in answer.get("Messages", [])]


async def test_a_tick_goes_through_the_queue_to_its_channel(
    function: LambdaRuntime, outside: Storm, address: AwsAddress
) -> None:
    """The door answers 202; the message brings the tick back; the same message again does nothing."""
    manifest = await function.invoke(request("GET", "/integration"))
    assert json.loads(manifest["body"])["data"]["tick_url"].endswith("on.aws/tick")
    answer = await function.invoke(request("POST", "/tick", outside.tick("c1", 1)))
    assert (answer["statusCode"], json.loads(answer["body"])) == (202, {"status": "accepted"})
    bodies = received(address)
    assert await function.invoke(messages(*bodies)) == {"batchItemFailures": []}
    assert await function.invoke(messages(*bodies)) == {"batchItemFailures": []}
    assert {channel: len(told) for channel, told in outside.messages.items()} == {"c1": 1}


async def test_what_no_message_came_for_is_found_by_the_schedule(
    function: LambdaRuntime, outside: Storm, address: AwsAddress
) -> None:
    """A lost message loses no tick, and a refused tick is refused as everywhere."""
    refused = await function.invoke(request("POST", "/tick", {"settings": []}))
    assert refused["statusCode"] == 400
    await function.invoke(request("POST", "/tick", outside.tick("c2", 2)))
    received(address)  # and lost
    assert (await function.invoke(SCHEDULED))["settled"] == 1
    assert list(outside.messages) == ["c2"]


async def test_a_message_that_comes_early_is_sent_on(
    function: LambdaRuntime, outside: Storm, address: AwsAddress
) -> None:
    """SQS waits a quarter of an hour at most; a tick that waits longer hops, and is not worked on."""
    await function.invoke(request("POST", "/tick", outside.tick("c3", 3)))
    (key,) = received(address)
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
