"""uvicorn's HTTP/1.1 with limits that it lacks: no stranger holds a connection or memory for ever."""

from __future__ import annotations

import asyncio
import resource
from dataclasses import dataclass
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from entrypoints.web.hardening import Defaults

MOST_FILES = 65536


@dataclass(frozen=True, slots=True)
class ConnectionLimits:
    """What one connection may take.

    Args:
        seconds: For a request and its answer, from the connection or the end of the answer before.
        head_bytes: All of a request that is no body: request line, headers, chunk sizes, trailers.
        headers: In one request, trailers among them: a short one takes twenty times its bytes in memory.
        held_bytes: Of all connections together, bytes of requests that are not answered yet.
        connections: At a time; the next ones are closed.
        pipelined: Requests that may wait in one connection for the answer to another.
    """

    seconds: float = 30.0
    head_bytes: int = 64 * 1024
    headers: int = 100
    held_bytes: int = 32 * 1024 * 1024
    connections: int = 1000
    pipelined: int = 16


class Held:
    """How many bytes each connection has brought that are not answered yet.

    When they are too many, those who hold the most lose their connections: whoever sends a whole tick at once
    holds little, and for a moment.

    Args:
        most: Of all connections together.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._by_connection: dict[GuardedProtocol, int] = {}
        self.total = 0

    def add(self, connection: GuardedProtocol, count: int) -> None:
        """The connection has brought so many more, or fewer if it is a negative number."""
        self._by_connection[connection] = self._by_connection.get(connection, 0) + count
        self.total += count
        if self.total > self._most:
            self._make_room()

    def release(self, connection: GuardedProtocol) -> None:
        """All is answered, or the connection is gone."""
        self.total -= self._by_connection.pop(connection, 0)

    def _make_room(self) -> None:
        """To three quarters, so that nobody is looked for at every byte."""
        for connection in sorted(self._by_connection, key=self._by_connection.__getitem__, reverse=True):
            self.release(connection)
            connection.transport.abort()
            if self.total <= self._most * 3 // 4:
                return


class GuardedProtocol(HttpToolsProtocol):
    """Breaks a connection off that goes beyond the limits.

    Args:
        limits: The limits.
        held: What all connections hold.
        options: uvicorn's.
    """

    def __init__(self, limits: ConnectionLimits, held: Held, **options: Any) -> None:
        super().__init__(**options)
        self._limits = limits
        self._held = held
        self._bytes_beside_body = 0
        self._chunk = 0
        self._bytes_under_way = 0
        self._deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as in uvicorn
        """Start the clock, if there is a place."""
        super().connection_made(transport)
        if len(self.connections) > self._limits.connections:
            transport.abort()
        else:
            self._restart_clock()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop the clock."""
        self._stop_clock()
        self._held.release(self)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Count what is held, and what is no body."""
        self._chunk = len(data)
        self._bytes_under_way += self._chunk
        self._bytes_beside_body += self._chunk
        self._held.add(self, self._chunk)
        if self.transport.is_closing():
            return
        super().data_received(data)
        if self._bytes_beside_body > self._limits.head_bytes:
            self.transport.abort()

    def on_message_begin(self) -> None:
        """Refuse to pile requests up: a small one in the network is a large one in memory."""
        if len(self.pipeline) >= self._limits.pipelined:
            raise OverflowError("too many pipelined requests")  # the parser stops, and uvicorn hangs up
        self._bytes_under_way = self._chunk  # at most
        super().on_message_begin()

    def on_header(self, name: bytes, value: bytes) -> None:
        """Refuse to pile headers up."""
        if len(self.headers) >= self._limits.headers:
            raise OverflowError("too many headers")
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """Let an answer's own headers stand in the place of those that all have."""
        super().on_headers_complete()
        if self.cycle:
            self.cycle.default_headers = Defaults(self.server_state.default_headers)

    def on_body(self, body: bytes) -> None:
        """Leave the body to the application's own limit."""
        self._bytes_beside_body -= len(body)
        if self.cycle.response_complete and not self.transport.is_closing():  # it is dropped
            self._held.add(self, -len(body))
        super().on_body(body)

    def on_message_complete(self) -> None:
        """Count from nothing for the next request."""
        self._bytes_beside_body = 0
        self._bytes_under_way = 0
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """Restart the clock for the next request; what has come of it is held."""
        if not self.pipeline:
            self._held.release(self)
            if not self.transport.is_closing():
                self._held.add(self, self._bytes_under_way)
        super().on_response_complete()
        self._restart_clock()

    def _restart_clock(self) -> None:
        self._stop_clock()
        self._deadline = self.loop.call_later(self._limits.seconds, self.transport.abort)

    def _stop_clock(self) -> None:
        if self._deadline:
            self._deadline.cancel()


FEW_FILES = 4096
"""Fewer hold back a service of a few hundred ticks at a time: it is worth a warning."""


def raise_file_limit() -> int:
    """Let this process open as many files as the system lets it, and return how many that are."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MOST_FILES if hard == resource.RLIM_INFINITY else min(hard, MOST_FILES)
    if soft in range(wanted):  # else it is higher already, or unlimited (-1)
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    return max(soft, wanted)
