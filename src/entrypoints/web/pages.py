"""What people open in a browser."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from functools import cache
from importlib.metadata import version
from typing import Any

import msgspec
import structlog
from litestar import HttpMethod, Request, Response, route
from litestar.datastructures import State
from litestar.params import FromPath

from adapters.aws.policy import least_policy
from adapters.pages.document import Document
from adapters.pages.drawings import Drawings, TooManyReaders
from adapters.pages.exports import costs_csv, public_json
from adapters.pages.picture import PictureFailed, picture_of
from adapters.pages.rendering import HtmlPage, policy, render, render_report
from adapters.pages.reports import Link
from adapters.pages.sample import sample_message
from application.errors import StorageUnavailable
from application.let_in import RoleAccess
from entrypoints.config import Config
from entrypoints.container import Container

log = structlog.get_logger()


def page_response(page: HtmlPage, status: int = 200, **headers: str) -> Response[bytes]:
    """A page, with the policy of its own in the place of the API's."""
    return Response(
        page.body,
        status_code=status,
        media_type="text/html",
        headers={"Content-Security-Policy": page.policy, **headers},
    )


@route("/", http_method=[HttpMethod.GET, HttpMethod.HEAD], include_in_schema=False)
async def home(request: Request[Any, Any, State], state: State) -> Response[bytes]:
    """What this is and how to install it."""
    config: Config = state.config
    base = config.public_url or str(request.base_url).rstrip("/")
    return page_response(
        render(
            "home.html",
            base=base,
            operator=config.operator,
            policy=least_policy(),
            has_schema=config.admin_port is None,
            roles=config.role_access is not RoleAccess.OFF,
            sample=sample_message(),
            version=_version(),
        )
    )


@route("/reports/{address:str}", http_method=[HttpMethod.GET, HttpMethod.HEAD], include_in_schema=False)
async def report(address: FromPath[str], request: Request[Any, Any, State], state: State) -> Response[bytes]:
    """A report, as a page, a picture, JSON or CSV; the same 404 for all that is none."""
    container: Container = state.container
    token, dot, ending = address.partition(".")
    draw = FORMS.get(dot + ending)
    link = container.reports().follow(token)
    if draw is None or link is None:
        return nothing_here()
    form = dot + ending

    async def drawn() -> bytes | None:
        document = await container.reports().open(link)
        return await draw(document, link, request.url.path) if document else None

    drawings: Drawings = state.pictures if form == ".png" else state.drawings
    try:
        content = await drawings.get(f"{token}{form}", drawn)
    except (StorageUnavailable, TooManyReaders, PictureFailed) as error:
        log.warning("page_unavailable", form=form or ".html", reason=str(error) or "too many readers")
        return page_response(_not_now(), 503, **{"Retry-After": "5"})
    if content is None:
        return nothing_here()
    if not form:
        return page_response(HtmlPage(content, policy()))
    return Response(content, media_type=MEDIA_TYPES[form], headers=KEPT_BY_READERS)


def nothing_here() -> Response[bytes]:
    """One answer to forged, ended and unknown links, so that nothing can be learned from it."""
    return page_response(_nothing(), 404)


async def _draw_page(document: Document, link: Link, path: str) -> bytes:
    return (await asyncio.to_thread(render_report, document, path, link.until)).body


async def _draw_picture(document: Document, _: Link, __: str) -> bytes:
    return await picture_of(document)


async def _write_json(document: Document, _: Link, __: str) -> bytes:
    return await asyncio.to_thread(lambda: msgspec.json.encode(public_json(document)))


async def _write_csv(document: Document, _: Link, __: str) -> bytes:
    return await asyncio.to_thread(lambda: costs_csv(document.costs.history).encode())


FORMS: Mapping[str, Callable[[Document, Link, str], Awaitable[bytes]]] = {
    "": _draw_page,
    ".png": _draw_picture,
    ".json": _write_json,
    ".csv": _write_csv,
}
MEDIA_TYPES = {".png": "image/png", ".json": "application/json", ".csv": "text/csv"}

KEPT_BY_READERS = {"Cache-Control": "private, max-age=3600", "X-Robots-Tag": "noindex"}
"""What was told does not change: a chat that shows a picture to many need not ask for it again and again."""


@cache
def _nothing() -> HtmlPage:
    return render(
        "notice.html",
        title="There is nothing here",
        sentences=[
            "The link is incomplete, or it has ended.",
            "Reports can be opened for a while only; newer ones are in the channel.",
        ],
    )


@cache
def _not_now() -> HtmlPage:
    return render(
        "notice.html",
        title="Not just now",
        sentences=["This page cannot be shown at the moment. Please try again in a few seconds."],
    )


@cache
def _version() -> str:
    return version("aws-spend-monitor")
