"""The door: a tick is read, bounded, taken in and answered."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any, Literal

import msgspec
import structlog
from litestar import post
from litestar.exceptions import ClientException, HTTPException
from litestar.openapi.datastructures import ResponseSpec
from litestar.openapi.spec import OpenAPIMediaType, Operation, RequestBody, Schema
from litestar.openapi.spec.enums import OpenAPIFormat, OpenAPIType
from litestar.response.base import ASGIResponse
from litestar.types import ASGIApp, Receive, Scope, Send

from application.errors import InboxFull, ReturnUrlForbidden, StorageUnavailable
from entrypoints import metrics
from entrypoints.container import Container

log = structlog.get_logger()

LARGEST_TICK_BYTES = 256 * 1024
SLOWEST_BODY_SECONDS = 10.0
RETRY_AFTER_SECONDS = "5"

EXAMPLE = {
    "channel_id": "01950000-0000-7000-8000-000000000000",
    "return_url": "https://ping.telex.im/v1/return/01950000-0000-7000-8000-000000000000",
    "settings": [{"label": "threshold", "type": "text", "required": True, "default": "100"}],
}
TICK_FORM = (
    'Accepted is a JSON object such as {"return_url": "https://ping.telex.im/v1/return/…", "settings": […]}.'
)


class TickBody(msgspec.Struct):
    """What the door reads of a tick; the settings are read behind it."""

    return_url: Any = None
    settings: msgspec.Raw = msgspec.Raw(b"null")


class Refusal(msgspec.Struct):
    """What every answer that is no success says."""

    error: str
    status: Literal["error"] = "error"


class Acceptance(msgspec.Struct):
    """What every tick that was taken in is answered."""

    status: Literal["accepted"] = "accepted"


ACCEPTED = ASGIResponse(body=msgspec.json.encode(Acceptance()), status_code=202)
"""Drawn up once for all ticks."""


_read_tick = msgspec.json.Decoder(TickBody).decode


class TickRefused(HTTPException):
    """A 4xx or 503 whose text says what was wrong and what is accepted, and repeats no value."""

    def __init__(
        self, status_code: int, reason: str, detail: str, headers: dict[str, str] | None = None
    ) -> None:
        super().__init__(detail=detail, status_code=status_code, headers=headers)
        self.reason = reason


@dataclass
class TickOperation(Operation):
    """Documents the body of ``POST /tick``, which is read by hand so that anything a form sends is taken."""

    def __post_init__(self) -> None:
        setting = Schema(
            type=OpenAPIType.OBJECT,
            properties={"label": Schema(type=OpenAPIType.STRING), "default": Schema()},
            description="The user's value is in `default`. Further keys are ignored.",
        )
        self.request_body = RequestBody(
            required=True,
            description="A Telex tick, at most 256 KiB.",
            content={
                "application/json": OpenAPIMediaType(
                    schema=Schema(
                        type=OpenAPIType.OBJECT,
                        required=["return_url"],
                        example=EXAMPLE,
                        properties={
                            "return_url": Schema(type=OpenAPIType.STRING, format=OpenAPIFormat.URI),
                            "channel_id": Schema(),
                            "settings": Schema(type=OpenAPIType.ARRAY, items=setting),
                        },
                    )
                )
            },
        )


@post(
    "/tick",
    status_code=202,
    operation_class=TickOperation,
    responses={202: ResponseSpec(Acceptance, description="It is on durable storage.")}
    | {
        status: ResponseSpec(Refusal, description=description)
        for status, description in {
            400: "No JSON object, or no usable return_url: what was wrong and what is accepted.",
            408: "The body was too slow.",
            413: "The body was too large.",
            429: "Too many requests, where the operator limits them.",
            503: "Nothing was stored; come back when Retry-After says.",
        }.items()
    },
    raises=[],
)
async def tick() -> ASGIApp:
    """Take a tick: 202 once it is on durable storage; the answer goes to its return_url."""
    return take_in  # an application of its own: so nothing is read of the request that no tick needs


async def take_in(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer the request."""
    state = scope["litestar_app"].state
    container: Container = state.container
    return_url, settings = read_tick(await read_body(scope, receive, state.body_seconds))
    try:
        with container.door().taking_in():
            accepted = await container.accept_tick().execute(return_url, settings)
    except ReturnUrlForbidden as error:
        raise TickRefused(400, error.code, f"return_url cannot be used: {error}") from error
    except (InboxFull, StorageUnavailable) as error:
        log.warning("tick_not_stored", reason=str(error))
        headers = {"Retry-After": RETRY_AFTER_SECONDS}
        raise TickRefused(503, error.code, f"The tick was not stored: {error}", headers) from error
    metrics.accepted.labels("new" if accepted.stored else "same-as-waiting").inc()
    event = "tick_accepted" if accepted.stored else "tick_same_as_waiting"
    log.info(event, tick=accepted.tick_id, channel=accepted.channel)
    await ACCEPTED(scope, receive, send)


async def read_body(scope: Scope, receive: Receive, seconds: float) -> bytes:
    """The whole body, if it is not too large and comes in time."""
    headers = dict(scope["headers"])
    if headers.get(b"content-encoding", b"identity").lower() != b"identity":
        raise TickRefused(400, "compressed", f"Compressed bodies are not read. {TICK_FORM}")
    try:
        check_size(int(headers.get(b"content-length", 0)))
    except ValueError as error:  # uvicorn lets none through, but it is not everywhere
        raise ClientException from error
    body = b""
    try:
        async with asyncio.timeout(seconds):
            more_body = True
            while more_body:
                message: Any = await receive()
                if message["type"] == "http.disconnect":
                    raise TickRefused(500, "broken-off", "The request broke off.")
                body += message.get("body", b"")
                check_size(len(body))
                more_body = message.get("more_body", False)
    except TimeoutError as error:
        raise TickRefused(408, "slow-body", f"The body did not arrive within {seconds:g} seconds.") from error
    return body


def check_size(size: int) -> None:
    """Refuse a body of so many bytes, announced or found out, if that is too much."""
    if size > LARGEST_TICK_BYTES:
        raise TickRefused(413, "too-large", f"The body is larger than 256 KiB. {TICK_FORM}")


def read_tick(body: bytes) -> tuple[str, bytes]:
    """The return_url and the raw settings of a tick."""
    try:
        read = _read_tick(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise TickRefused(400, "no-json-object", f"The body is not a JSON object. {TICK_FORM}") from error
    if not isinstance(read.return_url, str) or not read.return_url.strip():
        raise TickRefused(400, "no-return-url", f"return_url is missing or not a text. {TICK_FORM}")
    return read.return_url.strip(), bytes(read.settings)
