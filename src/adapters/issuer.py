"""The service as an OpenID Connect issuer: AWS reads its public keys, and believes its tokens."""

from __future__ import annotations

import re
import secrets
import warnings
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet, RSAKey

from adapters.key_files import load_or_create
from application.ports.clock import Clock

AUDIENCE = "sts.amazonaws.com"
TOKEN_LASTS = timedelta(minutes=5)
KEY_BITS = 2048
PEM = re.compile(r"-----BEGIN (?:RSA )?PRIVATE KEY-----.*?-----END (?:RSA )?PRIVATE KEY-----", re.DOTALL)
ACCEPTED = f"RSA of {KEY_BITS} bits or more in PEM, such as 'openssl genrsa {KEY_BITS}' prints"


class Issuer:
    """Signs tokens with RS256.

    Rotation: put a new key behind the old one, so that AWS gets to know it; a day later put it first, and
    five minutes later drop the old one.

    Args:
        keys: The first signs, all are published.
        url: The issuer's name: the service's public address.
        clock: When a token was made.
    """

    def __init__(self, keys: list[RSAKey], url: str, clock: Clock) -> None:
        self._keys = keys
        self.url = url
        self._clock = clock

    def __repr__(self) -> str:
        return f"Issuer({self.url}, <{len(self._keys)} keys>)"

    def token(self, subject: str) -> str:
        """A token that says who comes, to AWS and nobody else, for five minutes."""
        now = self._clock.now()
        claims = {
            "iss": self.url,
            "aud": AUDIENCE,
            "sub": subject,
            "iat": int(now.timestamp()),
            "exp": int((now + TOKEN_LASTS).timestamp()),
            "jti": secrets.token_hex(16),
        }
        return jwt.encode({"alg": "RS256", "kid": self._keys[0].kid}, claims, self._keys[0])

    def discovery(self) -> Mapping[str, Any]:
        """``/.well-known/openid-configuration``. Source: OpenID Connect Discovery 1.0, section 3."""
        return {
            "issuer": self.url,
            "jwks_uri": f"{self.url}/.well-known/jwks.json",
            "response_types_supported": ["id_token"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "claims_supported": ["iss", "aud", "sub", "iat", "exp", "jti"],
        }

    def jwks(self) -> Mapping[str, Any]:
        """The public halves of the keys. Source: RFC 7517."""
        return KeySet([*self._keys]).as_dict(private=False)


def parse_signing_keys(text: str) -> list[RSAKey]:
    """Read RSA private keys in PEM, one behind the other.

    Raises:
        ValueError: Says which key is wrong; never repeats any of it.
    """
    blocks = PEM.findall(text)
    if not blocks:
        raise ValueError(f"it holds no private key; a key is {ACCEPTED}")
    return [_parse(block, f"key {n} of {len(blocks)}") for n, block in enumerate(blocks, start=1)]


def load_or_create_signing_keys(path: Path) -> list[RSAKey]:
    """Read the keys in a file that is nobody else's to read; make the file when there is none.

    Raises:
        ValueError: The file is damaged, others may read it, or it can be neither read nor made.
    """
    return load_or_create(path, parse_signing_keys, _new_key, "SPEND_MONITOR_SIGNING_KEY")


def _parse(block: str, name: str) -> RSAKey:
    try:
        with warnings.catch_warnings(action="ignore"):  # of a key that is too short, which is said below
            key = RSAKey.import_key(block, {"use": "sig", "alg": "RS256"})
    except (ValueError, JoseError):
        # The cause may hold a part of the key, so it is left out.
        raise ValueError(f"{name} cannot be read; a key is {ACCEPTED}") from None
    if not key.is_private or key.raw_value.key_size < KEY_BITS:
        raise ValueError(f"{name} is too short; a key is {ACCEPTED}")
    key.ensure_kid()
    return key


def new_signing_keys() -> list[RSAKey]:
    """One that lasts as long as the process."""
    return parse_signing_keys(_new_key().decode())


def _new_key() -> bytes:
    return RSAKey.generate_key(KEY_BITS).as_pem(private=True)
