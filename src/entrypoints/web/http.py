"""The service's HTTP face: which addresses there are, and what is answered where something fails."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from dataclasses import replace
from functools import lru_cache, partial
from typing import Any

import structlog
from litestar import HttpMethod, Litestar, Request, Response, route
from litestar.config.cors import CORSConfig
from litestar.datastructures import State
from litestar.exceptions import HTTPException
from litestar.openapi.config import OpenAPIConfig
from litestar.openapi.datastructures import ResponseSpec
from litestar.openapi.plugins import JsonRenderPlugin
from litestar.plugins.prometheus import PrometheusConfig
from litestar.stores.memory import MemoryStore

from adapters.pages.drawings import Drawings
from adapters.telex.manifest import manifest
from entrypoints import metrics
from entrypoints.config import Config
from entrypoints.container import Container, open_container
from entrypoints.logs import frames_of
from entrypoints.readiness import SHARED_SECONDS
from entrypoints.variables import LOCAL_HOSTS
from entrypoints.web.access import role_routes
from entrypoints.web.admin import Metrics, health, ready
from entrypoints.web.hosts import refusing_odd_hosts
from entrypoints.web.openapi import webhooks
from entrypoints.web.pages import home, report
from entrypoints.web.rate_limit import forgetting, rate_limit_config
from entrypoints.web.tick import SLOWEST_BODY_SECONDS, Refusal, TickRefused, tick

log = structlog.get_logger()

TOO_MANY_REQUESTS = 429

TELEX_ORIGINS = [
    "https://telex.im",
    "https://staging.telex.im",
    "https://telextest.im",
    "https://staging.telextest.im",
]
"""Where a browser may fetch the manifest from. Source: docs/facts/telex.md."""


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
    429: ("rate-limited", "Too many requests from this address; come back in a minute."),
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
    whole = replace(config, admin_port=None)
    app = create_app(whole, partial(open_container, whole))  # it is never started, so nothing is opened
    return app.openapi_schema.to_schema()
