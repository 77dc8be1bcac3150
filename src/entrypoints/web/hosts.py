"""The Host header, before anything reads it as a part of a URL."""

from __future__ import annotations

import re

from litestar.exceptions import ClientException
from litestar.types import ASGIApp, Receive, Scope, Send

from entrypoints.variables import LAST_PORT

HOST = re.compile(rb"(?:[A-Za-z0-9._-]*|\[[0-9A-Fa-f:.]+\])(?::([0-9]{0,5}))?")
"""A name or an address, and a port. Source: RFC 9110, 7.2; no host that we know of has other characters."""


def refusing_odd_hosts(app: ASGIApp) -> ASGIApp:
    """Answer 400 where Litestar would stumble over the header, and before it is told to anybody."""

    async def middleware(scope: Scope, receive: Receive, send: Send) -> None:
        for name, value in scope.get("headers", ()):
            if name == b"host" and not _is_host(value):
                raise ClientException
        await app(scope, receive, send)

    return middleware


def _is_host(value: bytes) -> bool:
    match = HOST.fullmatch(value)
    return match is not None and int(match[1] or 0) <= LAST_PORT
