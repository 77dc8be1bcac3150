"""Calls AWS for all tenants at once; each request carries its own tenant's credentials, nobody else's.

A call through the SDK's client costs one to five milliseconds of CPU, most of it the same for every
tenant. So the client writes each question once (``questions.py``); a call then only signs it with botocore's
signer, sends it, and reads the answer.
"""

from __future__ import annotations

import asyncio
import random
import ssl
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from functools import partial
from itertools import count
from typing import Any, Generic

import aiohttp

from adapters.aws.desk import REOPEN_SECONDS, DeskKeeper, OnTrouble, open_desk
from adapters.aws.operations import AwsAnswer, Operation, T
from adapters.aws.refusals import check_spelling, refusal
from application.aws_errors import AwsError, AwsRefused, AwsUnavailable, CostExplorerAbsent
from application.credentials import AccessKey

IDLE_SECONDS = 10
"""An unused connection is dropped after this, sooner than AWS drops it."""

REDIRECT = 300
WITHOUT_COST_EXPLORER = frozenset({"aws-us-gov"})
"""Partitions. Source: AWS GovCloud (US) User Guide, "Billing and payment"."""

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


class _NotReached(AwsUnavailable):
    """The request never got to AWS: it costs nothing."""


class Aws:
    """Calls AWS with whatever credentials it is given.

    Args:
        desks: Keeps what botocore brings along.
        http: What sends the requests.
        attempts: How often a request is sent, at most, while AWS throttles or is broken.
        on_call: Is told of every request.
        jitter: 0 to 1: where in a pause between two attempts.
    """

    def __init__(
        self,
        desks: DeskKeeper,
        http: aiohttp.ClientSession,
        attempts: int,
        on_call: OnCall,
        jitter: Callable[[], float],
    ) -> None:
        self._desks = desks
        self._http = http
        self._attempts = attempts
        self._on_call = on_call
        self._jitter = jitter

    def trouble(self) -> str:
        """What keeps this process from asking AWS at all; empty if nothing does."""
        return self._desks.trouble

    async def call(
        self, operation: Operation[T], key: AccessKey | None, parameters: Mapping[str, Any]
    ) -> Reply[T]:
        """Make one API call.

        Args:
            operation: Which.
            key: What the request is signed with; None: AWS takes it unsigned.
            parameters: The operation's own.

        Raises:
            AwsRefused: AWS says no; the subclass says why.
            AwsUnavailable: Throttled, timed out or broken; worth trying later.
        """
        if key:
            check_spelling(key)
        desk = await self._desks.desk()
        if operation.service == "ce" and desk.partition in WITHOUT_COST_EXPLORER:
            raise CostExplorerAbsent
        hidden = [str(parameters[name]) for name in operation.secrets]
        question = desk.questions[operation.service].question(operation.name, parameters, keep=not hidden)
        hidden += [key.access_key_id, key.secret_access_key, key.session_token or ""] if key else []
        requests = 0
        for attempt in count(1):
            try:
                content = operation.read(await self._ask(question, key, desk.tls, hidden))
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

    async def partition(self) -> str:
        """``aws``, ``aws-cn`` or ``aws-us-gov``: where the calls go.

        Raises:
            AwsUnavailable: The SDK's settings cannot be used.
        """
        return (await self._desks.desk()).partition

    async def clock(self) -> datetime:
        """What time it is at AWS, to the second: by the answer to a request that is not signed, and is free.

        Raises:
            AwsUnavailable: AWS could not be asked, or did not say.
        """
        desk = await self._desks.desk()
        question = desk.questions["sts"].question("get_caller_identity", {})
        try:
            async with self._http.post(
                question.url,
                data=question.body,
                headers=question.signed(None),
                allow_redirects=False,
                ssl=desk.tls,
                proxy=question.proxy,
            ) as response:
                return parsedate_to_datetime(response.headers["Date"])
        except (aiohttp.ClientError, TimeoutError) as exc:
            raise _NotReached("AWS could not be reached.") from exc
        except (KeyError, ValueError) as exc:
            raise AwsUnavailable("AWS's answer does not say what time it is.") from exc

    async def _ask(
        self, question: Any, key: AccessKey | None, tls: ssl.SSLContext, hidden: Sequence[str]
    ) -> AwsAnswer:
        headers = question.signed(key)
        try:
            async with self._http.post(
                question.url,
                data=question.body,
                headers=headers,
                allow_redirects=False,
                ssl=tls,
                proxy=question.proxy,
            ) as response:
                answer = AwsAnswer(response.status, response.headers, await response.read(), question.parse)
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as exc:
            raise _NotReached("AWS could not be reached.") from exc
        except TimeoutError as exc:
            raise AwsUnavailable("AWS did not answer in time.") from exc
        except aiohttp.ClientError as exc:
            raise AwsUnavailable(f"The exchange with AWS broke off ({type(exc).__name__}).") from exc
        if answer.status >= REDIRECT:
            error = answer.parsed().get("Error", {})
            code, message = str(error.get("Code") or ""), str(error.get("Message") or "")
            raise refusal(answer.status, code, message, hidden)
        return answer


@asynccontextmanager
async def open_aws(
    concurrency: int,
    *,
    profile: str | None = None,
    attempts: int = 1,
    connect_timeout: float = 5,
    read_timeout: float = 30,
    on_call: OnCall = lambda _operation, _result: None,
    on_trouble: OnTrouble = lambda _reason: None,
    reopen_seconds: float = REOPEN_SECONDS,
    jitter: Callable[[], float] = random.random,
) -> AsyncIterator[Aws]:
    """Open the way to AWS: the first call waits until botocore is there.

    Endpoints, region, CA bundle and proxies are the AWS SDK's own, from the environment and the profile.
    Redirects are not followed.

    Args:
        concurrency: Connections at a time.
        profile: Of the AWS configuration files; None: what the environment says.
        attempts: How often a request is sent, at most, while AWS throttles or is broken. The service leaves
            it at one: its inbox tries again without holding a worker's place.
        connect_timeout: Seconds.
        read_timeout: Seconds.
        on_call: Is told of every request.
        on_trouble: Is told why AWS cannot be asked at all; the calls that fail for it do not tell.
        reopen_seconds: How long after such a failure a call tries again.
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
    async with http:
        desks = DeskKeeper(partial(open_desk, profile), on_trouble, reopen_seconds)
        try:
            yield Aws(desks, http, attempts, on_call, jitter)
        finally:
            await desks.close()
