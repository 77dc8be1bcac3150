"""What all destinations share: how one is recognised, what it is sent, what its answers mean.

| the answer | means |
| --- | --- |
| 2xx | delivered |
| 408, 429, 5xx | worth trying again, after ``Retry-After`` if it is there |
| any other, a redirect too | refused: the same again changes nothing |

A destination adds codes of its own (a webhook that is gone for ever), and reads its bodies where they decide.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import msgspec
from yarl import URL

from application.errors import ChannelGone, ChannelRefused, ChannelUnavailable
from application.notice import Notice
from application.text import one_line

SHORTEST_TELLING_PART = 9
"""Shorter parts of a URL (``v1``, ``webhooks``) give nothing away, and hiding them would garble a reason."""

AGAIN = frozenset({408, 429})
"""Besides 5xx."""


@dataclass(frozen=True, slots=True)
class Request:
    """What is posted.

    Args:
        body: JSON.
        headers: Besides those that every request has.
        query: What is added to the URL's.
    """

    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ChatAnswer:
    """What came back.

    Args:
        url: What was called. A reason that repeats parts of it is shown without them.
        status: HTTP's.
        headers: HTTP's.
        body: As much as was read; may be cut off.
        now: The present moment, aware.
    """

    url: URL = field(repr=False)
    status: int
    headers: Mapping[str, str]
    body: bytes
    now: datetime

    @property
    def is_good(self) -> bool:
        """Whether HTTP calls it a success."""
        return 200 <= self.status < 300  # noqa: PLR2004  # HTTP's "successful"

    @property
    def said(self) -> dict[str, Any]:
        """The body if it is a JSON object; else nothing."""
        try:
            said = msgspec.json.decode(self.body)
        except (msgspec.MsgspecError, UnicodeError, RecursionError):
            return {}
        return said if isinstance(said, dict) else {}

    @property
    def text(self) -> str:
        """The body as text."""
        return self.body.decode(errors="replace").strip()

    @property
    def retry_after(self) -> float | None:
        """The header's seconds, or its date turned into seconds; None when there is neither."""
        value = self.headers.get("Retry-After", "").strip()
        if re.fullmatch(r"[0-9]{1,9}", value):
            return float(value)
        try:
            at = parsedate_to_datetime(value)
        except (ValueError, TypeError, OverflowError):
            return None
        return max((at.replace(tzinfo=at.tzinfo or UTC) - self.now).total_seconds(), 0.0)


Write = Callable[[Notice, URL], Request]
Judge = Callable[[ChatAnswer], None]


@dataclass(frozen=True, slots=True)
class Destination:
    """A kind of chat.

    Args:
        prefix: Names it in ``slack+https://…``, in logs and in metrics.
        recognises: Whether a plain URL is one of its own.
        write: Puts a notice into its form, within its limits.
        judge: Returns if an answer means that the notice was delivered, else raises ``ChannelRefused``,
            ``ChannelGone`` or ``ChannelUnavailable``.
        gone: The codes by which it says that a URL is dead for good.
    """

    prefix: str
    recognises: Callable[[URL], bool]
    write: Write
    judge: Judge
    gone: frozenset[int] = frozenset()


def judge(
    answer: ChatAnswer,
    *,
    reason: object = "",
    gone: frozenset[int] = frozenset(),
    retry_after: float | None = None,
) -> None:
    """Apply the table above.

    Args:
        answer: What came back.
        reason: What the destination said.
        gone: The codes by which it says that the URL will never work again.
        retry_after: The pause that its body asks for.

    Raises:
        ChannelGone: The URL is dead.
        ChannelRefused: It will not take the message.
        ChannelUnavailable: Worth trying later.
    """
    status = answer.status
    if answer.is_good:
        return
    if status in AGAIN or status >= 500:  # noqa: PLR2004  # HTTP's "server error"
        pause = retry_after if retry_after is not None else answer.retry_after
        raise ChannelUnavailable(f"The channel answered HTTP {status}.", pause)
    if 300 <= status < 400:  # noqa: PLR2004  # HTTP's "redirection"
        raise ChannelRefused(f"The channel answered HTTP {status}: redirects are not followed.")
    text = f"The channel answered HTTP {status}{shown(reason, answer.url)}"
    if status in gone:
        raise ChannelGone(f"{text}: this URL is gone, and is not called again.")
    raise ChannelRefused(f"{text}.")


def shown(reason: object, url: URL) -> str:
    """`` : reason``, without what would tell the URL; nothing when there is none."""
    if not isinstance(reason, str) or not reason.strip():
        return ""
    for part in sorted({*url.parts, *url.query.values(), url.host or "", str(url)}, key=len, reverse=True):
        if len(part) >= SHORTEST_TELLING_PART:
            reason = reason.replace(part, "…")
    return f": {one_line(reason).rstrip('.')}"


def at(*hosts: str, path: str = "/") -> Callable[[URL], bool]:
    """Recognise a URL by its host (``.example.com`` is every host below it) and the start of its path."""
    names = frozenset(host for host in hosts if not host.startswith("."))
    parents = tuple(host for host in hosts if host.startswith("."))

    def recognises(url: URL) -> bool:
        host = (url.host or "").rstrip(".")
        return (host in names or host.endswith(parents)) and url.path.startswith(path)

    return recognises
