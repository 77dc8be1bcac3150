"""A NATS operator, account and user, whose keys and tokens are made here: what ``.creds`` files stand for."""

from __future__ import annotations

import base64
import binascii
import json
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

OPERATOR, ACCOUNT, USER, SEED = (number << 3 for number in (14, 0, 20, 18))
"""The first letters of nkeys in base32: O, A, U and S."""

LIMITS = (
    *("subs", "data", "payload", "imports", "exports", "conn", "leaf"),
    *("mem_storage", "disk_storage", "streams", "consumer"),
)


class Nkey:
    """A pair of Ed25519 keys in NATS's clothes.

    Args:
        kind: ``OPERATOR``, ``ACCOUNT`` or ``USER``.
    """

    def __init__(self, kind: int) -> None:
        self._private = Ed25519PrivateKey.generate()
        public = self._private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        raw = self._private.private_bytes(Encoding.Raw, PrivateFormat.Raw, NoEncryption())
        self.public = _encode(bytes([kind]) + public)
        self.seed = _encode(bytes([SEED | kind >> 5, (kind & 31) << 3]) + raw)

    def token(self, subject: Nkey, **claims: Any) -> str:
        """A JWT about another, or about oneself."""
        head = {"typ": "JWT", "alg": "ed25519-nkey"}
        body = {
            "jti": "1",
            "iat": 1,
            "iss": self.public,
            "sub": subject.public,
            "name": "tests",
            "nats": claims,
        }
        signed = b".".join(_base64(json.dumps(part).encode()) for part in (head, body))
        return (signed + b"." + _base64(self._private.sign(signed))).decode()


def operator_mode(folder: Path) -> tuple[str, Path]:
    """A server's configuration that lets one user in, and the user's ``.creds`` file."""
    operator, system, account, user = Nkey(OPERATOR), Nkey(ACCOUNT), Nkey(ACCOUNT), Nkey(USER)
    unlimited = {**dict.fromkeys(LIMITS, -1), "wildcards": True}
    about_system = operator.token(system, type="account", version=2)
    about_account = operator.token(account, type="account", version=2, limits=unlimited)
    config = (
        f"operator: {operator.token(operator, type='operator', version=2)}\n"
        f"system_account: {system.public}\n"
        f"resolver: MEMORY\n"
        f"resolver_preload: {{ {system.public}: {about_system}, {account.public}: {about_account} }}\n"
    )
    about_user = account.token(user, type="user", version=2, subs=-1, data=-1, payload=-1)
    creds = folder / "user.creds"
    creds.write_text(
        f"-----BEGIN NATS USER JWT-----\n{about_user}\n------END NATS USER JWT------\n\n"
        f"-----BEGIN USER NKEY SEED-----\n{user.seed}\n------END USER NKEY SEED------\n"
    )
    return config, creds


def _encode(raw: bytes) -> str:
    return base64.b32encode(raw + binascii.crc_hqx(raw, 0).to_bytes(2, "little")).decode().rstrip("=")


def _base64(raw: bytes) -> bytes:
    return base64.urlsafe_b64encode(raw).rstrip(b"=")
