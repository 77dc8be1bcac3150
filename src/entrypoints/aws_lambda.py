"""The service on AWS Lambda: one function behind a function URL, a queue and a schedule.

``deploy/lambda/template.yaml`` makes all that it needs. Nothing runs between two events: a request puts its
tick into the state and is answered; the queue's message brings the tick back to be worked on; the schedule
looks for what no message came for, and fires watches.
"""

# ruff: noqa: E402  # how these are imported is a fifth of a cold start

from __future__ import annotations

from adapters.lean import import_libraries
from entrypoints.garbage import search_after_start, search_in_flight

search_after_start()
import_libraries()

import asyncio
import os
from collections.abc import Mapping, MutableMapping
from contextlib import AsyncExitStack, nullcontext
from datetime import datetime
from functools import cache
from typing import Any, cast

import structlog
from litestar.types import ASGIApp, Receive, Scope, Send
from mangum import Mangum

from adapters.sdk import process_session
from adapters.state.aws.inbox import SqsDynamoDbInbox
from application.errors import InboxFull, StorageUnavailable
from entrypoints.config import Config
from entrypoints.container import Container, open_container
from entrypoints.logs import configure_logs
from entrypoints.variables import PREFIX
from entrypoints.web.hardening import HARDENING, Defaults
from entrypoints.web.http import create_app

log = structlog.get_logger()

SECRET_KEY_ARN = f"{PREFIX}SECRET_KEY_ARN"
"""Names the secret of AWS Secrets Manager that holds the secret key: it is in no variable of the function."""

SWEPT = 50
"""Ticks that one run of the schedule works on at most."""

Event = Mapping[str, Any]


def handler(event: Event, context: object) -> Any:
    """What Lambda calls for each event.

    Args:
        event: A request of a function URL, messages of the queue, or the schedule's.
        context: Lambda's own.
    """
    return _function().handle(event, context)


@cache
def _function() -> Function:
    """Opened while the instance is made, and kept for all that it serves."""
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    environment = dict(os.environ)
    loop.run_until_complete(fetch_secret_key(environment))
    function = Function(Config.from_environment(environment), loop)
    search_in_flight()
    return function


async def fetch_secret_key(environment: MutableMapping[str, str]) -> None:
    """Put the secret key into the environment, where it is named by its ARN."""
    if arn := environment.pop(SECRET_KEY_ARN, ""):
        region = environment.get("AWS_REGION")
        async with process_session().create_client("secretsmanager", region_name=region) as client:
            secret = await client.get_secret_value(SecretId=arn)
        environment[f"{PREFIX}SECRET_KEY"] = secret["SecretString"]


class Function:
    """The opened service, event after event.

    Args:
        config: The process's settings.
        loop: Runs while an event is handled, and stands still in between.
    """

    def __init__(self, config: Config, loop: asyncio.AbstractEventLoop) -> None:
        configure_logs(config.log_level, config.log_format)
        self._loop = loop
        self._stack = AsyncExitStack()
        self._container: Container = loop.run_until_complete(
            self._stack.enter_async_context(open_container(config))
        )
        app = create_app(config, lambda: nullcontext(self._container), with_worker=False)
        loop.run_until_complete(self._stack.enter_async_context(app.lifespan()))
        self._http = Mangum(cast("Any", hardened(app)), lifespan="off")

    def handle(self, event: Event, context: object) -> Any:
        """Answer one event."""
        if "requestContext" in event:
            return self._http(cast("Any", event), cast("Any", context))
        if "Records" in event:
            return self._loop.run_until_complete(self.work(event["Records"]))
        return self._loop.run_until_complete(self.sweep())

    def close(self) -> None:
        """Close what was opened. Lambda never asks for it: an instance is just gone."""
        self._loop.run_until_complete(self._stack.aclose())

    async def work(self, records: list[Event]) -> dict[str, list[dict[str, str]]]:
        """Work on the ticks that these messages name; those whose result could not be kept come again."""
        settled = await asyncio.gather(*[self._work_on(record["body"]) for record in records])
        failed = [
            record["messageId"] for record, is_settled in zip(records, settled, strict=True) if not is_settled
        ]
        return {"batchItemFailures": [{"itemIdentifier": message} for message in failed]}

    async def sweep(self) -> dict[str, int]:
        """Fire the watches that are due, and work on what is due although no message came for it."""
        try:
            await self._container.fire_watches().execute()
        except (InboxFull, StorageUnavailable) as error:
            log.warning("watches_not_fired", reason=str(error), effect="they stay due")
        leases = await self._inbox.sweep(SWEPT)
        settled = await asyncio.gather(*[self._container.worker().work(lease) for lease in leases])
        return {"found": len(leases), "settled": sum(settled)}

    @property
    def _inbox(self) -> SqsDynamoDbInbox:
        return cast("SqsDynamoDbInbox", self._container.inbox())

    async def _work_on(self, key: str) -> bool:
        """Whether the message has done its duty: the tick is answered, paused, or will be woken later."""
        try:
            lease = await self._inbox.lease_one(key)
            if isinstance(lease, datetime):  # it came early, as SQS can wait a quarter of an hour only
                await self._inbox.wake_at(key, lease)
                return True
            return lease is None or await self._container.worker().work(lease)
        except StorageUnavailable as error:
            log.warning("message_unsettled", reason=str(error))
            return False


def hardened(app: ASGIApp) -> ASGIApp:
    """Put on every answer what a server of ours does, where the answer does not bring its own."""
    defaults = Defaults((name.lower().encode(), value.encode()) for name, value in HARDENING.items())

    async def with_headers(scope: Scope, receive: Receive, send: Send) -> None:
        async def send_hardened(message: Any) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = defaults.beside([*message["headers"]])
            await send(message)

        await app(scope, receive, send_hardened)

    return with_headers


if "AWS_LAMBDA_RUNTIME_API" in os.environ:
    # While an instance is made, it has a whole processor; later its memory says how much of one.
    _function()
