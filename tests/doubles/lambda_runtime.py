"""A small Lambda runtime API, for AWS's own runtime client to ask for events.

Source: AWS Lambda developer guide, "Using the Lambda runtime API", version 2018-06-01.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import sys
import time
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator, Sequence
from typing import Any

from aiohttp import web

from tests.doubles.service import environment

HANDLER = "entrypoints.aws_lambda.handler"
"""As the template names it."""

CLIENT = (sys.executable, "-m", "awslambdaric")

BASE = "/2018-06-01/runtime"
TIMEOUT_SECONDS = 120


class LambdaRuntime:
    """Hands events to a function, one after the other, and takes its answers.

    Args:
        url: Host and port, for ``AWS_LAMBDA_RUNTIME_API``.
        pid: Of the function's process.
    """

    def __init__(self) -> None:
        self.url = ""
        self.pid = 0
        self._events: asyncio.Queue[tuple[str, Any]] = asyncio.Queue()
        self._answers: dict[str, asyncio.Future[Any]] = {}

    async def invoke(self, event: Any, seconds: float = 60) -> Any:
        """Let the function handle an event; return its answer."""
        number = str(len(self._answers))
        answer = self._answers[number] = asyncio.get_running_loop().create_future()
        await self._events.put((number, event))
        async with asyncio.timeout(seconds):
            return await answer

    async def next_event(self, _: web.Request) -> web.Response:
        """The runtime asks what is to be done."""
        number, event = await self._events.get()
        return web.Response(
            body=json.dumps(event).encode(),
            headers={
                "Content-Type": "application/json",
                "Lambda-Runtime-Aws-Request-Id": number,
                "Lambda-Runtime-Deadline-Ms": str(int((time.time() + TIMEOUT_SECONDS) * 1000)),
                "Lambda-Runtime-Invoked-Function-Arn": "arn:aws:lambda:eu-west-1:123456789012:function:spend",
            },
        )

    async def answered(self, request: web.Request) -> web.Response:
        """The function has answered."""
        self._answers[request.match_info["number"]].set_result(await request.json())
        return web.Response(status=202)

    async def failed(self, request: web.Request) -> web.Response:
        """The function has raised, or could not be loaded."""
        error = RuntimeError(await request.text())
        for answer in self._answers.values():
            if not answer.done():
                answer.set_exception(error)
        return web.Response(status=202)


@contextlib.asynccontextmanager
async def running_function(
    *, command: Sequence[str] = CLIENT, **variables: str
) -> AsyncIterator[LambdaRuntime]:
    """Run the function under AWS's runtime client while the block lasts.

    Args:
        command: Runs the client; the handler's name is put behind it.
        variables: Of the function's environment.
    """
    runtime = LambdaRuntime()
    app = web.Application()
    app.router.add_get(f"{BASE}/invocation/next", runtime.next_event)
    app.router.add_post(f"{BASE}/invocation/{{number}}/response", runtime.answered)
    app.router.add_post(f"{BASE}/invocation/{{number}}/error", runtime.failed)
    app.router.add_post(f"{BASE}/init/error", runtime.failed)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    runtime.url = site.name.removeprefix("http://")
    process = await asyncio.create_subprocess_exec(
        *command,
        HANDLER,
        env=environment(**variables, AWS_LAMBDA_RUNTIME_API=runtime.url),
        stderr=PIPE,
        stdout=PIPE,
    )
    runtime.pid = process.pid
    ended = asyncio.create_task(process.communicate())
    try:
        yield runtime
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await ended
        await runner.cleanup()


def request(method: str, path: str, body: Any = None) -> dict[str, Any]:
    """A request as a function URL hands it on. Source: the guide, "Request payload format", version 2.0."""
    text = "" if body is None else json.dumps(body)
    return {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": path,
        "rawQueryString": "",
        "headers": {
            "host": "abcdef.lambda-url.eu-west-1.on.aws",
            "content-type": "application/json",
            "content-length": str(len(text)),
            "x-forwarded-proto": "https",
        },
        "requestContext": {
            "accountId": "anonymous",
            "apiId": "abcdef",
            "domainName": "abcdef.lambda-url.eu-west-1.on.aws",
            "domainPrefix": "abcdef",
            "http": {
                "method": method,
                "path": path,
                "protocol": "HTTP/1.1",
                "sourceIp": "192.0.2.7",
                "userAgent": "Go-http-client/2.0",
            },
            "requestId": "id",
            "routeKey": "$default",
            "stage": "$default",
            "time": "28/Nov/2026:00:00:00 +0000",
            "timeEpoch": 1_795_824_000_000,
        },
        "body": base64.b64encode(text.encode()).decode(),
        "isBase64Encoded": True,
    }


def messages(*bodies: str) -> dict[str, Any]:
    """Messages as the queue hands them on. Source: the guide, "Using Lambda with Amazon SQS"."""
    return {
        "Records": [
            {
                "messageId": f"message-{number}",
                "receiptHandle": "handle",
                "body": body,
                "attributes": {"ApproximateReceiveCount": "1"},
                "messageAttributes": {},
                "md5OfBody": "",
                "eventSource": "aws:sqs",
                "eventSourceARN": "arn:aws:sqs:eu-west-1:123456789012:spend",
                "awsRegion": "eu-west-1",
            }
            for number, body in enumerate(bodies)
        ]
    }


SCHEDULED = {
    "version": "0",
    "id": "id",
    "detail-type": "Scheduled Event",
    "source": "aws.events",
    "account": "123456789012",
    "time": "2026-11-28T00:00:00Z",
    "region": "eu-west-1",
    "resources": ["arn:aws:events:eu-west-1:123456789012:rule/spend"],
    "detail": {},
}
"""What the rule sends. Source: Amazon EventBridge user guide, "Scheduled events"."""
