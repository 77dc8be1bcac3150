"""AWS's own way to check a signature."""

from __future__ import annotations

import hashlib
import hmac
import re

from aiohttp import web


def signature_of(request: web.Request, body: bytes, secret: str, scope: tuple[str, ...]) -> str:
    """The signature that AWS would expect, written down from AWS's description of Signature Version 4."""
    signed = re.search(r"SignedHeaders=([^,]*)", request.headers["Authorization"])
    assert signed is not None
    names = signed[1].split(";")
    assert {"host", "x-amz-date"} <= set(names)
    headers = "".join(f"{name}:{' '.join(request.headers[name].split())}\n" for name in names)
    digest = hashlib.sha256(body).hexdigest()
    canonical = "\n".join([request.method, request.path, request.query_string, headers, signed[1], digest])
    lines = ["AWS4-HMAC-SHA256", request.headers["X-Amz-Date"], "/".join([*scope, "aws4_request"])]
    key = b"AWS4" + secret.encode()
    for part in (*scope, "aws4_request"):
        key = hmac.digest(key, part.encode(), "sha256")
    text = "\n".join([*lines, hashlib.sha256(canonical.encode()).hexdigest()])
    return hmac.new(key, text.encode(), "sha256").hexdigest()
