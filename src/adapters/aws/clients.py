"""One client per AWS service for all tenants; each request carries its own tenant's credentials."""

from __future__ import annotations

import logging
import os
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

from aiobotocore.config import AioConfig
from aiobotocore.credentials import AioCredentials
from aiobotocore.session import AioSession, get_session
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
    ParamValidationError,
    ReadTimeoutError,
)
from botocore.parsers import ResponseParserError

from adapters.aws.refusals import check_spelling, refusal
from application.credentials import Credentials
from application.errors import AwsError, AwsUnavailable, RequestRefused

DEFAULT_REGION = "us-east-1"
"""Cost Explorer has one endpoint per partition; botocore finds it from any region of the partition."""

UNREADABLE = (ResponseParserError, LookupError, TypeError, ValueError, AttributeError)
"""What botocore's parsers raise on answers that are not AWS's."""

OnCall = Callable[[str, str], None]
"""Is told of every call: the operation, and ``ok`` or the error's code."""


@dataclass(slots=True)
class _Call:
    credentials: AioCredentials = field(repr=False)
    attempts: int = 0


_current: ContextVar[_Call] = ContextVar("current AWS call")


@dataclass(frozen=True, slots=True)
class Reply:
    """AWS's answer.

    Args:
        body: As botocore parses it.
        requests: How many requests it took; more than one when some were tried again.
    """

    body: Mapping[str, Any]
    requests: int


class Aws:
    """Calls AWS with whatever credentials it is given, never with the machine's own.

    Args:
        clients: By service, open.
        on_call: Is told of every call.
    """

    def __init__(self, clients: Mapping[str, Any], on_call: OnCall) -> None:
        self._clients = clients
        self._on_call = on_call

    async def call(
        self, service: str, operation: str, credentials: Credentials, parameters: Mapping[str, Any]
    ) -> Reply:
        """Make one API call.

        Args:
            service: ``sts`` or ``ce``.
            operation: As botocore's client spells it: ``get_caller_identity``.
            credentials: Who asks.
            parameters: The operation's.

        Raises:
            AwsRefused: AWS says no; the subclass says why.
            AwsUnavailable: Throttled, timed out or broken; worth trying later.
        """
        check_spelling(credentials)
        call = _Call(
            AioCredentials(
                credentials.access_key_id, credentials.secret_access_key, credentials.session_token
            )
        )
        token = _current.set(call)
        try:
            body = await getattr(self._clients[service], operation)(**parameters)
        except (ClientError, BotoCoreError, *UNREADABLE) as exc:
            error = _translated(exc, credentials)
            error.paid_requests = call.attempts if service == "ce" else 0
            self._on_call(operation, error.code)
            raise error from exc
        finally:
            _current.reset(token)
        self._on_call(operation, "ok")
        return Reply(body, call.attempts)


@asynccontextmanager
async def open_aws(
    concurrency: int,
    *,
    attempts: int = 3,
    connect_timeout: float = 5,
    read_timeout: float = 30,
    on_call: OnCall = lambda _operation, _result: None,
) -> AsyncIterator[Aws]:
    """Open the shared clients. Endpoints and region are the AWS SDK's own: environment, then profile.

    Args:
        concurrency: Connections per service.
        attempts: How often a call is sent, at most, when AWS throttles or breaks.
        connect_timeout: Seconds.
        read_timeout: Seconds.
        on_call: Is told of every call.
    """
    _silence_request_logs()
    session = get_session()
    config = AioConfig(
        retries={"mode": "standard", "total_max_attempts": attempts},
        connect_timeout=connect_timeout,
        read_timeout=read_timeout,
        max_pool_connections=concurrency,
        proxies={},
        defaults_mode="legacy",  # "auto" would ask the machine's metadata service for its region
    )
    async with AsyncExitStack() as stack:
        clients = {}
        for service in ("sts", "ce"):
            client = await stack.enter_async_context(
                session.create_client(
                    service,
                    region_name=_region(session),
                    config=config,
                    aws_access_key_id="none",  # keeps botocore from looking for the machine's own
                    aws_secret_access_key="none",  # noqa: S106  # likewise
                )
            )
            client.meta.events.register("before-sign", _attach_credentials)
            client.meta.events.register("before-send", _count_attempt)
            clients[service] = client
        yield Aws(clients, on_call)


def _region(session: AioSession) -> str:
    return os.environ.get("AWS_REGION") or session.get_config_variable("region") or DEFAULT_REGION


def _attach_credentials(request: Any, **_: Any) -> None:
    request.context.setdefault("signing", {})["request_credentials"] = _current.get().credentials


def _count_attempt(**_: Any) -> None:
    _current.get().attempts += 1


def _silence_request_logs() -> None:
    """At debug level these write down headers and what is signed: key ids, session tokens."""
    for name in ("botocore", "aiobotocore"):
        logging.getLogger(name).setLevel(logging.WARNING)


def _translated(exc: Exception, credentials: Credentials) -> AwsError:
    if isinstance(exc, ClientError):
        error = exc.response.get("Error", {})
        status = exc.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        return refusal(status, str(error.get("Code", "")), str(error.get("Message", "")), credentials)
    if isinstance(exc, ParamValidationError):
        return RequestRefused("The question is not one that Cost Explorer takes.")
    if isinstance(exc, ReadTimeoutError | ConnectTimeoutError):
        return AwsUnavailable("AWS did not answer in time.")
    if isinstance(exc, UNREADABLE):
        return AwsUnavailable("AWS's answer cannot be read.")
    if isinstance(exc, EndpointConnectionError):
        return AwsUnavailable("AWS could not be reached.")
    return AwsUnavailable(f"The exchange with AWS broke off ({type(exc).__name__}).")
