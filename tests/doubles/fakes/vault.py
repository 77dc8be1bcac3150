"""A vault without cryptography: hides nothing from an attacker, but keeps every promise of the port."""

from __future__ import annotations

import hashlib
from itertools import count

from application.errors import TickUnreadable
from application.ports.vault import Vault

DIGEST_BYTES = 32
COUNTER_BYTES = 8

TURNED_OVER = bytes(255 - byte for byte in range(256))
"""Every byte with its bits turned over."""


class FakeVault(Vault):
    """Turns every bit over, after a checksum of key, context and content.

    Args:
        key: Vaults with different keys do not open each other's work.
    """

    def __init__(self, key: str = "fake") -> None:
        self._key = key.encode()
        self._sealed = count()

    def seal(self, secret: bytes, context: str) -> bytes:
        """Return a checksum, a number that makes every result another, and the content turned over."""
        body = next(self._sealed).to_bytes(COUNTER_BYTES, "big") + secret.translate(TURNED_OVER)
        return self._checksum(body, context) + body

    def open(self, sealed: bytes, context: str) -> bytes:
        """Turn it back if the checksum agrees."""
        checksum, body = sealed[:DIGEST_BYTES], sealed[DIGEST_BYTES:]
        if checksum != self._checksum(body, context):
            raise TickUnreadable("no key of this process opens it")
        return body[COUNTER_BYTES:].translate(TURNED_OVER)

    def fingerprint(self, *parts: str | bytes) -> str:
        """Return a hash over the key and the parts as Python writes them, so that their borders count."""
        encoded = [part.encode("utf-8", "surrogatepass") if isinstance(part, str) else part for part in parts]
        return hashlib.sha256(repr((self._key, encoded)).encode()).hexdigest()[:32]

    def _checksum(self, body: bytes, context: str) -> bytes:
        return hashlib.sha256(repr((self._key, context, body)).encode()).digest()
