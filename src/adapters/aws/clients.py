"""Calls AWS for all tenants at once; each request carries its own tenant's credentials, nobody else's.

A call through aiobotocore's client costs one to five milliseconds of CPU, most of it the same for every
tenant. So the client writes each question once (``questions.py``); a call then only signs it with botocore's
signer, sends it, and reads the answer.
"""

from __future__ import annotations

import asyncio
import random
import ssl
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from importlib import import_module
from itertools import count
from typing import Any, Generic

import aiohttp

from adapters.aws.operations import Answer, Operation, T
from adapters.aws.refusals import check_spelling, refusal
from application.credentials import AccessKey
from application.errors import AwsError, AwsRefused, AwsUnavailable

IDLE_SECONDS = 10
"""An unused connection is dropped after this, sooner than AWS drops it."""

REDIRECT = 300

OnCall = Callable[[str, str], None]
"""Is told of every request: the operation, and ``ok`` or the error's code."""


@dataclass(frozen=True, slots=True)
class Reply(Generic[T]):
    """What a call brought.

    Args:
        content: What the operation's ``read`` made of AWS's answer.
        requests: How many requests reached AWS for it; more than one when it was asked again.
    """

    content: T
    requests: int


@dataclass(frozen=True, slots=True)
class Desk:
    """What botocore brings along.

    Args:
        questions: By service, what writes them.
        tls: What checks AWS's certificate.
    """

    questions: Mapping[str, Any]
    tls: ssl.SSLContext


class _NotReached(AwsUnavailable):
    """The request never got to AWS: it costs nothing."""


class Aws:
    """Calls AWS with whatever credentials it is given.

    Args:
        desk: Being opened.
        http: What sends the requests.
        attempts: How often a request is sent, at most, while AWS throttles or is broken.
        on_call: Is told of every request.
        jitter: 0 to 1: where in a pause between two attempts.
    """

    def __init__(
        self,
        desk: asyncio.Task[Desk],
        http: aiohttp.ClientSession,
        attempts: int,
        on_call: OnCall,
        jitter: Callable[[], float],
    ) -> None:
        self._desk = desk
        self._http = http
        self._attempts = attempts
        self._on_call = on_call
        self._jitter = jitter

    async def call(
        self, operation: Operation[T], credentials: AccessKey, parameters: Mapping[str, Any]
    ) -> Reply[T]:
        """Make one API call.

        Raises:
            AwsRefused: AWS says no; the subclass says why.
            AwsUnavailable: Throttled, timed out or broken; worth trying later.
        """
        check_spelling(credentials)
        desk = self._desk.result() if self._desk.done() else await asyncio.shield(self._desk)
        question = await desk.questions[operation.service].question(operation.name, parameters)
        requests = 0
        for attempt in count(1):
            try:
                content = operation.read(await self._ask(question, credentials, desk.tls))
            except AwsError as error:
                self._on_call(operation.name, error.code)
                requests += not isinstance(error, _NotReached)
                error.paid_requests = requests if operation.paid else 0
                if isinstance(error, AwsRefused) or attempt == self._attempts:
                    raise
            else:
                self._on_call(operation.name, "ok")
                return Reply(content, requests + 1)
            # Pauses that double, with full jitter. Source: botocore's standard mode.
            await asyncio.sleep(self._jitter() * 2 ** (attempt - 1))
        raise AssertionError("count() does not end")

    async def _ask(self, question: Any, credentials: AccessKey, tls: ssl.SSLContext) -> Answer:
        headers = question.signed(credentials)
        try:
            async with self._http.post(
                question.url, data=question.body, headers=headers, allow_redirects=False, ssl=tls
            ) as response:
                answer = Answer(response.status, response.headers, await response.read(), question.parse)
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as exc:
            raise _NotReached("AWS could not be reached.") from exc
        except TimeoutError as exc:
            raise AwsUnavailable("AWS did not answer in time.") from exc
        except aiohttp.ClientError as exc:
            raise AwsUnavailable(f"The exchange with AWS broke off ({type(exc).__name__}).") from exc
        if answer.status >= REDIRECT:
            error = answer.parsed().get("Error", {})
            code, message = str(error.get("Code") or ""), str(error.get("Message") or "")
            raise refusal(answer.status, code, message, credentials)
        return answer


@asynccontextmanager
async def open_aws(
    concurrency: int,
    *,
    attempts: int = 1,
    connect_timeout: float = 5,
    read_timeout: float = 30,
    on_call: OnCall = lambda _operation, _result: None,
    jitter: Callable[[], float] = random.random,
) -> AsyncIterator[Aws]:
    """Open the way to AWS, in the background: the first call waits until botocore is there.

    Endpoints, region and CA bundle are the AWS SDK's own, from the environment and the profile. Proxies are
    not used, redirects not followed.

    Args:
        concurrency: Connections at a time.
        attempts: How often a request is sent, at most, while AWS throttles or is broken. The service leaves
            it at one: its inbox tries again without holding a worker's place.
        connect_timeout: Seconds.
        read_timeout: Seconds.
        on_call: Is told of every request.
        jitter: 0 to 1: where in a pause between two attempts.
    """
    http = aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=concurrency, keepalive_timeout=IDLE_SECONDS),
        timeout=aiohttp.ClientTimeout(
            total=connect_timeout + read_timeout, sock_connect=connect_timeout, sock_read=read_timeout
        ),
        cookie_jar=aiohttp.DummyCookieJar(),
        skip_auto_headers=("Accept", "Accept-Encoding", "User-Agent"),
    )
    async with http, AsyncExitStack() as stack:
        desk = asyncio.create_task(_open_desk(stack))
        try:
            yield Aws(desk, http, attempts, on_call, jitter)
        finally:
            desk.cancel()
            await asyncio.gather(desk, return_exceptions=True)


async def _open_desk(stack: AsyncExitStack) -> Desk:
    botocore = await asyncio.to_thread(import_module, "adapters.aws.questions")
    tls = await asyncio.to_thread(botocore.certificates)
    return Desk(await stack.enter_async_context(botocore.open_questions()), tls)
