"""All state on DynamoDB and SQS: for AWS Lambda, where nothing runs between two ticks, and for ECS."""

from __future__ import annotations

import contextlib
import os
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from adapters.sdk import AioConfig, process_session
from adapters.state.aws.contents import DynamoDbContents
from adapters.state.aws.inbox import SqsDynamoDbInbox
from adapters.state.aws.ledger import DynamoDbLedger
from adapters.state.aws.queue import Queue
from adapters.state.aws.store import DynamoDbStore
from adapters.state.aws.table import Table, Write
from adapters.state.aws_address import AwsAddress, parse_address
from adapters.state.limits import LEASE_LENGTH, Limits
from adapters.state.state import State, StateRefused
from application.errors import StorageUnavailable
from application.ports.clock import Clock

__all__ = ["AwsAddress", "open_aws_state", "parse_address"]

VERSION = 1
"""Of the forms of the items."""


ATTEMPTS = 3

TABLE_SECONDS = 5
"""A table that hangs is a storage that fails, and is told as that before the door's connection is cut."""

QUEUE_SECONDS = 30
"""Whoever listens to a queue is answered after twenty."""


@contextlib.asynccontextmanager
async def open_aws_state(
    address: AwsAddress,
    clock: Clock,
    inbox_limit: int,
    lease_length: timedelta = LEASE_LENGTH,
    **client: Any,
) -> AsyncIterator[State]:
    """Connect; table and queue are there already: ``deploy/lambda/template.yaml`` makes them.

    Args:
        address: The names of table and queue.
        clock: What time it is; the machines' clocks should agree to a second or so.
        inbox_limit: Unfinished ticks that there may be, over all processes.
        lease_length: How long a tick may be worked on before another worker gets it.
        client: What the SDK's own environment and chain of credentials do not say: ``endpoint_url``, …

    Raises:
        StateRefused: There is no such table or queue, this identity may not use it, or what is there is of a
            newer version.
        StorageUnavailable: AWS cannot be reached.
    """
    session = process_session()
    if region := os.environ.get("AWS_REGION"):  # the SDK for Python reads AWS_DEFAULT_REGION only
        client.setdefault("region_name", region)
    async with contextlib.AsyncExitStack() as stack:
        try:
            dynamodb = await stack.enter_async_context(
                session.create_client("dynamodb", config=_config(TABLE_SECONDS), **client)
            )
            sqs = await stack.enter_async_context(
                session.create_client("sqs", config=_config(QUEUE_SECONDS), **client)
            )
            url = (await sqs.get_queue_url(QueueName=address.queue))["QueueUrl"]
            table = Table(dynamodb, address.table)
            await _check_version(dynamodb, table, address.table)
        except ClientError as error:
            code = error.response["Error"]["Code"]
            raise StateRefused(
                f"the table {address.table} or the queue {address.queue} cannot be used ({code}): "
                "deploy/lambda/template.yaml makes both, and the rights that are needed"
            ) from None
        except (BotoCoreError, OSError) as error:
            raise StorageUnavailable(
                f"AWS cannot be used ({type(error).__name__}): it needs AWS_REGION, and credentials"
            ) from None
        ledger = DynamoDbLedger(table, clock)
        inbox = SqsDynamoDbInbox(table, ledger, Queue(sqs, url), clock, Limits(inbox_limit), lease_length)
        try:
            yield State(inbox, ledger, DynamoDbStore(table, clock), DynamoDbContents(table, clock))
        finally:
            with contextlib.suppress(StorageUnavailable):  # then they come back when their time is over
                await inbox.close()


def _config(seconds: int) -> AioConfig:
    retries = {"mode": "standard", "total_max_attempts": ATTEMPTS}
    return AioConfig(connect_timeout=5, read_timeout=seconds, retries=retries)


async def _check_version(dynamodb: Any, table: Table, name: str) -> None:
    key = {"pk": {"S": "version"}, "sk": {"S": "-"}}
    answer = await dynamodb.get_item(TableName=name, Key=key, ConsistentRead=True)
    if "Item" not in answer:
        await table.write(Write("version", "-", item={"number": VERSION}))
    elif int(answer["Item"]["number"]["N"]) > VERSION:
        raise StateRefused(
            f"the table {name} has version {answer['Item']['number']['N']}, but this program knows up to "
            f"{VERSION}; it is left as it is: run the newer program, or name another table"
        )
