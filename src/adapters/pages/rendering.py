"""Turns templates into pages. What is heavy is imported by the first page: a start stays quick."""

# ruff: noqa: PLC0415  # see above

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from adapters.pages.document import Document

if TYPE_CHECKING:
    from jinja2 import Environment
    from markupsafe import Markup

TEMPLATES = Path(__file__).parent / "templates"
LINKED = re.compile(r"(?P<url>https://[^\s<>\"',;]+)|(?P<address>[\w.+-]+@[\w-]+(?:\.[\w-]+)+)")


@dataclass(frozen=True, slots=True)
class HtmlPage:
    """A document for a browser.

    Args:
        body: HTML in UTF-8.
        policy: Its Content-Security-Policy: nothing is loaded from anywhere, and no style or script runs but
            the page's own.
    """

    body: bytes
    policy: str


def render(template: str, **values: Any) -> HtmlPage:
    """Fill a template in. Every value is escaped; a missing one is an error.

    Args:
        template: The name of a file in ``templates/``.
        values: What it shows.
    """
    return HtmlPage(_environment().get_template(template).render(values).encode(), policy())


def render_report(document: Document, address: str, until: datetime | None = None) -> HtmlPage:
    """The page of a report.

    Args:
        document: What was told.
        address: Where the page is; with an ending, where its picture, JSON and CSV are.
        until: When its link ends.
    """
    from adapters.pages.view import view_of

    return render("report.html", report=view_of(document, until), address=address)


def render_picture(document: Document) -> bytes:
    """The report as one SVG, for the program that draws it."""
    from adapters.pages.colors import LIGHT, LIGHT_OTHERS
    from adapters.pages.view import view_of

    fills = [f".c{slot} {{ fill: {color}; }}" for slot, color in enumerate([*LIGHT, LIGHT_OTHERS])]
    template = _environment().get_template("picture.svg")
    return template.render(
        report=view_of(document), picture_style="\n".join([_file("picture.css"), *fills])
    ).encode()


@cache
def _environment() -> Environment:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined
    from markupsafe import Markup

    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        auto_reload=False,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals |= {"style": Markup(_file("style.css")), "script": Markup(_file("copy.js"))}  # noqa: S704  # ours
    environment.filters["linked"] = linked
    return environment


def linked(text: str) -> Markup:
    """The text, with each https address and e-mail address in it as a link."""
    from markupsafe import Markup, escape

    parts, end = [], 0
    for match in LINKED.finditer(text):
        target = match["url"] or f"mailto:{match['address']}"
        shown = match[0].removeprefix("https://")
        parts += [escape(text[end : match.start()]), Markup('<a href="{}">{}</a>').format(target, shown)]
        end = match.end()
    return Markup("").join([*parts, escape(text[end:])])


@cache
def policy() -> str:
    """The Content-Security-Policy of every page."""
    return "; ".join(
        [
            "default-src 'none'",
            f"style-src '{_hash('style.css')}'",
            f"script-src '{_hash('copy.js')}'",
            "img-src 'self' data:",
            "base-uri 'none'",
            "form-action 'none'",
            "frame-ancestors 'none'",
        ]
    )


def _hash(name: str) -> str:
    """As a browser computes it of what stands between the tags."""
    return f"sha256-{base64.b64encode(hashlib.sha256(_file(name).encode()).digest()).decode()}"


@cache
def _file(name: str) -> str:
    return (TEMPLATES / name).read_text(encoding="utf-8")
