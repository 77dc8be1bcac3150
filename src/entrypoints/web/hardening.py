"""Headers that every answer has, whichever server gives it."""

from __future__ import annotations

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


class Defaults(list[tuple[bytes, bytes]]):
    """Headers of every answer, but where the answer brings its own: a page has a policy of its own."""

    def beside(self, own: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
        """The answer's own headers, and what they leave open."""
        named = {name for name, _ in own}
        return [header for header in self if header[0] not in named] + own

    def __add__(self, own: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:  # type: ignore[override]
        """How uvicorn puts the two together."""
        return self.beside(own)
