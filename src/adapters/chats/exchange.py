"""What a stranger's host may send back: bounded in messages and bytes, whatever it calls them."""

from __future__ import annotations

from typing import Any

from aiohttp.client_proto import ResponseHandler

MOST_MESSAGES = 9
"""The answer, and up to eight informational ones before it (100, 102, 103). Source: RFC 9110, 15.2."""

MOST_BYTES = 512 * 1024
"""All of an exchange: heads, chunk sizes and what is read of the body, many times over."""

PART = 4096
"""So much is parsed before it is counted again: a single read may hold ten thousand answers."""


class BoundedExchange(ResponseHandler):
    """aiohttp's side of a connection, which hangs up on whoever says more than an answer.

    aiohttp skips informational answers without end, and keeps in memory what comes faster than it is
    skipped, or while nothing was asked.
    """

    _messages = 0
    _bytes = 0

    def set_response_params(self, **parameters: Any) -> None:
        """Count from nothing: a request is about to be sent."""
        self._messages = self._bytes = 0
        super().set_response_params(**parameters)

    def feed_data(self, data: Any, size: int = 0) -> None:
        """Count a head."""
        self._messages += 1
        super().feed_data(data, size)

    def data_received(self, data: bytes) -> None:
        """Pass on what came, until it is too much. Without data aiohttp only resumes."""
        for start in range(0, len(data) or 1, PART):
            part = data[start : start + PART]
            self._bytes += len(part)
            super().data_received(part)
            if self._messages > MOST_MESSAGES or self._bytes > MOST_BYTES:
                self._hang_up()
                return

    def _hang_up(self) -> None:
        if self.transport is not None:
            self.transport.abort()
