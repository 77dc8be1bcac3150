"""What Telex's answer to a message means. Source: TELEX.md, the answer to the channel."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import msgspec
from yarl import URL

from application.errors import ChannelRefused, ChannelUnavailable
from application.text import one_line

SHORTEST_TELLING_PART = 9
"""Shorter parts of a URL (``v1``, ``webhooks``) give nothing away, and hiding them would garble a reason."""


class Said(msgspec.Struct, frozen=True):
    """The part of Telex's JSON that counts: ``{"status": "error", "message": "username is missing"}``."""

    status: Any = None
    message: Any = None


_decoder = msgspec.json.Decoder(Said)


def judge(url: URL, status: int, headers: Mapping[str, str], body: bytes, now: datetime) -> None:
    """Return if the message was delivered.

    Telex answers 202 even to what it refuses: the body decides. What says nothing of an error is a yes.

    Args:
        url: What was called. A reason that repeats parts of it is shown without them.
        status: HTTP's.
        headers: HTTP's; ``Retry-After`` counts.
        body: As much as was read; may be cut off.
        now: The present moment, aware.

    Raises:
        ChannelRefused: The channel will not take it.
        ChannelUnavailable: 408, 429 or 5xx.
    """
    said = _said(body)
    if 200 <= status < 300:  # noqa: PLR2004  # HTTP's "successful"
        if said.status == "error":
            raise ChannelRefused(f"The channel refused the message{_reason(said, url)}.")
        return
    if status in {408, 429} or status >= 500:  # noqa: PLR2004  # HTTP's "server error"
        raise ChannelUnavailable(f"The channel answered HTTP {status}.", _retry_after(headers, now))
    if 300 <= status < 400:  # noqa: PLR2004  # HTTP's "redirection"
        raise ChannelRefused(f"The channel answered HTTP {status}: redirects are not followed.")
    raise ChannelRefused(f"The channel answered HTTP {status}{_reason(said, url)}.")


def _said(body: bytes) -> Said:
    try:
        return _decoder.decode(body)
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return Said()


def _reason(said: Said, url: URL) -> str:
    if not isinstance(said.message, str):
        return ""
    reason = said.message
    for part in sorted({*url.parts, *url.query.values(), url.host or "", str(url)}, key=len, reverse=True):
        if len(part) >= SHORTEST_TELLING_PART:
            reason = reason.replace(part, "…")
    return f": {one_line(reason).rstrip('.')}"


def _retry_after(headers: Mapping[str, str], now: datetime) -> float | None:
    """Seconds, or a date to be turned into seconds; None when there is neither."""
    value = headers.get("Retry-After", "").strip()
    if re.fullmatch(r"[0-9]{1,9}", value):
        return float(value)
    try:
        at = parsedate_to_datetime(value)
    except (ValueError, TypeError, OverflowError):
        return None
    return max((at.replace(tzinfo=at.tzinfo or UTC) - now).total_seconds(), 0.0)
