"""What whoever runs the service asks a process of it: does it live, is it ready, what has it counted."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import structlog
from litestar import HttpMethod, Litestar, Request, Response, get, route
from litestar.datastructures import State
from litestar.exceptions import HTTPException
from litestar.openapi.datastructures import ResponseSpec
from litestar.plugins.prometheus import PrometheusController

from application.errors import StorageUnavailable
from entrypoints import metrics
from entrypoints.container import Container
from entrypoints.logs import frames_of
from entrypoints.readiness import READY, Readiness

log = structlog.get_logger()

Describe = Callable[[], dict[str, Any]]
"""Makes the OpenAPI document of the service."""


@route("/health", http_method=[HttpMethod.GET, HttpMethod.HEAD])
async def health() -> dict[str, str]:
    """The process lives."""
    return {"status": "alive"}


@route(
    "/ready",
    http_method=[HttpMethod.GET, HttpMethod.HEAD],
    responses={503: ResponseSpec(dict[str, str], description="Not ready: which part failed.")},
)
async def ready(state: State) -> Response[dict[str, str]]:
    """Whether storage can be written, the worker loop runs and AWS can be asked; if not, which failed."""
    readiness: Readiness = state.readiness
    checks = await readiness.checks()
    is_ready = all(check.startswith(READY) for check in checks.values())  # "ready, but …" is ready
    status = {"status": READY if is_ready else "not ready"}
    return Response({**status, **checks}, status_code=200 if is_ready else 503)


async def note_depth(request: Request[Any, Any, State]) -> None:
    """Measure the inbox as it is now, just before the metrics are read."""
    container: Container = request.app.state.container
    try:
        metrics.record_depth(await container.inbox().depth(), container.clock().now())
    except StorageUnavailable as error:
        log.warning("depth_unknown", reason=str(error))


class Metrics(PrometheusController):
    """Counters in Prometheus's text format."""

    include_in_schema = False  # its format is Prometheus's, which OpenAPI has no words for
    before_request = staticmethod(note_depth)


@get(["/schema", "/schema/openapi.json"], include_in_schema=False)
async def schema(state: State) -> Response[dict[str, Any]]:
    """The OpenAPI document of the whole service."""
    describe: Describe = state.describe
    return Response(describe(), media_type="application/vnd.oai.openapi+json")


def admin_app(container: Container, readiness: Readiness, describe: Describe | None = None) -> Litestar:
    """Build the application for a port of its own.

    Args:
        container: Opened.
        readiness: What ``/ready`` says.
        describe: Makes the OpenAPI document of the service, if it has one.
    """
    return Litestar(
        [health, ready, Metrics, *([schema] if describe else [])],
        state=State({"container": container, "readiness": readiness, "describe": describe}),
        exception_handlers={HTTPException: _refusal, Exception: _defect},
        openapi_config=None,
        logging_config=None,
    )


def _refusal(_: Request[Any, Any, Any], error: HTTPException) -> Response[dict[str, str]]:
    return Response(
        {"status": "error", "error": "There is only /health, /ready, /metrics and /schema here."},
        status_code=error.status_code,
    )


def _defect(_: Request[Any, Any, Any], error: Exception) -> Response[dict[str, str]]:
    log.error("request_crashed", error=type(error).__name__, frames=frames_of(error))
    return Response({"status": "error", "error": "Internal error; see the log."}, status_code=500)
