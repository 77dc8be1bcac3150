"""The service's HTTP face."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from dataclasses import replace
from functools import lru_cache
from typing import Any, Literal

import msgspec
import structlog
from litestar import HttpMethod, Litestar, Request, Response, post, route
from litestar.config.cors import CORSConfig
from litestar.datastructures import State
from litestar.exceptions import HTTPException
from litestar.openapi.config import OpenAPIConfig
from litestar.openapi.datastructures import ResponseSpec
from litestar.openapi.plugins import JsonRenderPlugin
from litestar.openapi.spec import OpenAPIMediaType, Operation, RequestBody, Schema
from litestar.openapi.spec.enums import OpenAPIFormat, OpenAPIType
from litestar.plugins.prometheus import PrometheusConfig
from litestar.response.base import ASGIResponse
from litestar.stores.memory import MemoryStore

from adapters.pages.drawings import Drawings
from adapters.telex.manifest import manifest
from application.errors import InboxFull, ReturnUrlForbidden, StorageUnavailable
from entrypoints import metrics
from entrypoints.config import Config
from entrypoints.container import Container
from entrypoints.logs import frames_of
from entrypoints.readiness import SHARED_SECONDS
from entrypoints.variables import LOCAL_HOSTS
from entrypoints.web.access import role_routes
from entrypoints.web.admin import Metrics, health, ready
from entrypoints.web.hosts import refusing_odd_hosts
from entrypoints.web.openapi import webhooks
from entrypoints.web.pages import home, report
from entrypoints.web.rate_limit import forgetting, rate_limit_config

log = structlog.get_logger()

LARGEST_TICK_BYTES = 256 * 1024
SLOWEST_BODY_SECONDS = 10.0
RETRY_AFTER_SECONDS = "5"
TOO_MANY_REQUESTS = 429

TELEX_ORIGINS = [
    "https://telex.im",
    "https://staging.telex.im",
    "https://telextest.im",
    "https://staging.telextest.im",
]
"""Where a browser may fetch the manifest from. Source: docs/facts/telex.md."""

HARDENING = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "cross-origin",
    "Referrer-Policy": "no-referrer",
    "Strict-Transport-Security": "max-age=31536000",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
"""Put on every answer by the server, its own to malformed requests included. Pages bring their own policy."""

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
    request_max_body_size=LARGEST_TICK_BYTES,
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
async def tick(request: Request[Any, Any, State], state: State) -> ASGIResponse:
    """Take a tick: 202 once it is on durable storage; the answer goes to its return_url."""
    container: Container = state.container
    return_url, settings = read_tick(await read_body(request, state.body_seconds))
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
    return ACCEPTED


async def read_body(request: Request[Any, Any, State], seconds: float) -> bytes:
    """The whole body, if it comes in time."""
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        raise TickRefused(400, "compressed", f"Compressed bodies are not read. {TICK_FORM}")
    try:
        async with asyncio.timeout(seconds):
            return await request.body()
    except TimeoutError as error:
        raise TickRefused(408, "slow-body", f"The body did not arrive within {seconds:g} seconds.") from error


def read_tick(body: bytes) -> tuple[str, bytes]:
    """The return_url and the raw settings of a tick."""
    try:
        read = _read_tick(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise TickRefused(400, "no-json-object", f"The body is not a JSON object. {TICK_FORM}") from error
    if not isinstance(read.return_url, str) or not read.return_url.strip():
        raise TickRefused(400, "no-return-url", f"return_url is missing or not a text. {TICK_FORM}")
    return read.return_url.strip(), bytes(read.settings)


@route(
    ["/integration", "/integration.json"],
    http_method=[HttpMethod.GET, HttpMethod.HEAD],
    responses={200: ResponseSpec(dict[str, Any], description="The manifest.")},
)
async def integration(request: Request[Any, Any, State], state: State) -> Response[bytes]:
    """The manifest that Telex installs."""
    config: Config = state.config
    public_url = config.public_url or str(request.base_url).rstrip("/")
    is_plain = public_url.startswith("http://") and request.base_url.hostname not in LOCAL_HOSTS
    if is_plain and not state.warned_of_http:
        state.warned_of_http = True
        log.warning(
            "http_address_in_manifest",
            effect="Telex sends ticks, and the keys in them, without encryption",
            remedy="set SPEND_MONITOR_PUBLIC_URL to the https address, or SPEND_MONITOR_TRUSTED_PROXIES",
        )
    return Response(manifest(public_url), media_type="application/json")


def error_answer(request: Request[Any, Any, Any], error: HTTPException) -> Response[Refusal]:
    """Every refusal as JSON, in our words: what Litestar would say could repeat a value."""
    if isinstance(error, TickRefused):
        reason, detail = error.reason, error.detail
    else:
        reason, detail = REASONS.get(error.status_code, ("refused", "The request was refused."))
    if is_tick(request):
        metrics.refused.labels(reason).inc()
    headers = {"Retry-After": "60"} if error.status_code == TOO_MANY_REQUESTS else {}
    return Response(
        Refusal(detail), status_code=error.status_code, headers={**headers, **(error.headers or {})}
    )


REASONS = {
    400: ("bad-request", "The request could not be read: its address or a header is malformed."),
    404: (
        "not-found",
        "There is nothing here. See / and /integration; ticks are posted to /tick.",
    ),
    405: ("method-not-allowed", "This address does not take that method; POST /tick takes ticks."),
    413: ("too-large", "The body is larger than 256 KiB. " + TICK_FORM),
    429: ("rate-limited", "Too many requests from this address; come back in a minute."),
    500: ("broken-off", "The request broke off."),
}
"""By status, a bounded reason for the metrics and what is said about it."""


def is_tick(request: Request[Any, Any, Any]) -> bool:
    """Whether this is about a tick; what scanners ask for elsewhere is no refused tick."""
    return str(request.scope["path"]).rstrip("/") == "/tick"


def defect_answer(request: Request[Any, Any, Any], error: Exception) -> Response[Refusal]:
    """A defect of ours: its text stays inside, as it could hold a value."""
    log.error("request_crashed", error=type(error).__name__, frames=frames_of(error))
    if is_tick(request):
        metrics.refused.labels("defect").inc()
    return Response(Refusal("Internal error; see the log."), status_code=500)


def create_app(
    config: Config,
    open_container: Callable[[], AbstractAsyncContextManager[Container]],
    *,
    with_worker: bool = True,
    body_seconds: float = SLOWEST_BODY_SECONDS,
    ready_seconds: float = SHARED_SECONDS,
) -> Litestar:
    """Build the web application.

    Args:
        config: The process's settings.
        open_container: Opens what the container depends on; tests pass one with fakes.
        with_worker: Whether to answer ticks in this process too.
        body_seconds: How long the body of a tick may take.
        ready_seconds: How long an answer of ``/ready`` is good for whoever asks next.
    """
    clients = MemoryStore() if config.rate_limit else None  # it imports what nothing else needs

    @asynccontextmanager
    async def lifespan(app: Litestar) -> AsyncIterator[None]:
        async with open_container() as container, forgetting(clients) if clients else nullcontext():
            app.state.container = container
            app.state.drawings, app.state.pictures = Drawings(), Drawings()
            app.state.readiness = container.readiness(
                worker=container.worker() if with_worker else None, shared_seconds=ready_seconds
            )
            if with_worker:
                container.worker().start()
            if scheduler := container.scheduler():
                scheduler.start()
            try:
                yield
            finally:
                if scheduler:
                    await scheduler.stop()
                if with_worker:
                    await container.worker().stop()

    prometheus = PrometheusConfig(
        app_name="aws-spend-monitor", prefix="http", group_path=True, exclude=["^/tick$"]
    )
    middleware: list[Any] = [refusing_odd_hosts, prometheus.middleware]
    if config.rate_limit:
        middleware.append(rate_limit_config(config.rate_limit).middleware)
    private: list[Any] = [] if config.admin_port else [ready, Metrics]
    return Litestar(
        [tick, home, report, integration, health, *private, *role_routes(config)],
        lifespan=[lifespan],
        stores={"rate_limit": clients} if clients else {},
        state=State({"config": config, "body_seconds": body_seconds, "warned_of_http": False}),
        middleware=middleware,
        cors_config=CORSConfig(
            TELEX_ORIGINS, allow_methods=["GET", "HEAD", "OPTIONS"], allow_credentials=False
        ),
        exception_handlers={HTTPException: error_answer, Exception: defect_answer},
        openapi_config=None
        if config.admin_port
        else OpenAPIConfig(
            "AWS Spend Monitor",
            "1",
            path="/schema",
            render_plugins=[JsonRenderPlugin(path=["/", "/openapi.json"])],
            webhooks=webhooks(),
        ),
        logging_config=None,
    )


@lru_cache(maxsize=1)
def describe(config: Config) -> dict[str, Any]:
    """The OpenAPI document of all that is served, on whichever port."""

    def nothing() -> AbstractAsyncContextManager[Container]:
        raise NotImplementedError("it is never started")

    return create_app(replace(config, admin_port=None), nothing).openapi_schema.to_schema()
