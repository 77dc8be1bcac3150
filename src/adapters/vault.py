"""Seals what rests with AES-256-GCM, and reads the keys for it."""

from __future__ import annotations

import base64
import binascii
import hashlib
import os
import re
from collections.abc import Sequence
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from adapters.key_files import load_or_create
from application.errors import TickUnreadable
from application.ports.vault import Vault

KEY_BYTES = 32
NONCE_BYTES = 12
FINGERPRINT_BYTES = 16
ACCEPTED = "32 bytes in base64, such as 'openssl rand -base64 32' prints, or 64 hex digits"
HEX_KEY = re.compile(r"[0-9a-f]{64}", re.ASCII | re.IGNORECASE)
"""What generators of hosts give. It is no base64 of a key: that has 43 or 44 characters."""


class AesGcmVault(Vault):
    """AES-256-GCM with a fresh 96-bit nonce; the context is the associated data.

    Rotation: put a new key first and leave the old ones behind it. The first key seals, all open, and the
    last one makes the fingerprints, so these stay as they are. When the old key is dropped at last, the
    ledger no longer recognises its channels: each hears its current period once more.

    Args:
        keys: 32 bytes each, newest first.

    Raises:
        ValueError: No key, or one of another length.
    """

    def __init__(self, keys: Sequence[bytes]) -> None:
        if not keys or any(len(key) != KEY_BYTES for key in keys):
            raise ValueError(f"the vault needs one key or more, of {KEY_BYTES} bytes each")
        self._ciphers = [AESGCM(_derived(key, b"seal")) for key in keys]
        self._naming_key = _derived(keys[-1], b"fingerprint")

    def __repr__(self) -> str:
        return f"AesGcmVault(<{len(self._ciphers)} keys>)"

    def seal(self, secret: bytes, context: str) -> bytes:
        """Encrypt with the first key: nonce, ciphertext, tag."""
        nonce = os.urandom(NONCE_BYTES)
        return nonce + self._ciphers[0].encrypt(nonce, secret, context.encode())

    def open(self, sealed: bytes, context: str) -> bytes:
        """Try every key, newest first."""
        nonce, ciphertext = sealed[:NONCE_BYTES], sealed[NONCE_BYTES:]
        for cipher in self._ciphers if len(nonce) == NONCE_BYTES else []:
            try:
                return cipher.decrypt(nonce, ciphertext, context.encode())
            except InvalidTag:
                continue
        raise TickUnreadable("no key of this process opens it: sealed with another key, or damaged")

    def fingerprint(self, *parts: str | bytes) -> str:
        """Keyed BLAKE2b; each part carries its length, so that ("ab", "c") and ("a", "bc") differ."""
        digest = hashlib.blake2b(key=self._naming_key, digest_size=FINGERPRINT_BYTES)
        for part in parts:
            # What comes from outside may hold half a surrogate pair, which plain UTF-8 refuses.
            encoded = part.encode("utf-8", "surrogatepass") if isinstance(part, str) else part
            digest.update(len(encoded).to_bytes(8, "big"))
            digest.update(encoded)
        return digest.hexdigest()


def parse_keys(text: str) -> list[bytes]:
    """Read comma-separated keys, newest first, each 32 bytes in standard or URL-safe base64, or in hex.

    Raises:
        ValueError: Says which key is wrong and how; never repeats any of it.
    """
    pieces = [piece.strip() for piece in text.split(",")]
    return [_parse_key(piece, f"key {n} of {len(pieces)}") for n, piece in enumerate(pieces, start=1)]


def load_or_create_key_file(path: Path) -> list[bytes]:
    """Read the keys in a file that is nobody else's to read; make the file when there is none.

    What its group may do, as Kubernetes' ``fsGroup`` lets it at every start, is taken back where the file is
    ours, and borne where it is not.

    Raises:
        ValueError: The file is damaged, others may read it, or it can be neither read nor made.
    """
    return load_or_create(path, parse_keys, _new_key, "SPEND_MONITOR_SECRET_KEY")


def _derived(key: bytes, purpose: bytes) -> bytes:
    """One key for one purpose: what seals does not also name."""
    return HKDF(SHA256(), KEY_BYTES, salt=None, info=b"aws-spend-monitor " + purpose).derive(key)


def _parse_key(text: str, name: str) -> bytes:
    if not text:
        raise ValueError(f"{name} is empty; a key is {ACCEPTED}")
    if HEX_KEY.fullmatch(text):
        return bytes.fromhex(text)
    unpadded = text.rstrip("=").replace("-", "+").replace("_", "/")
    try:
        key = base64.b64decode(unpadded + "=" * (-len(unpadded) % 4), validate=True)
    except (ValueError, binascii.Error):
        # The cause may hold a part of the key, so it is left out.
        raise ValueError(f"{name} is {len(text)} characters, not base64; a key is {ACCEPTED}") from None
    if len(key) != KEY_BYTES:
        raise ValueError(f"{name} is {len(key)} bytes long; a key is {ACCEPTED}")
    return key


def _new_key() -> bytes:
    return base64.b64encode(os.urandom(KEY_BYTES)) + b"\n"
