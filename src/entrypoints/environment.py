"""The environment as it comes on real machines: with line ends, quotation marks and what cannot be seen.

Docker takes quotation marks in an env file for a part of the value, secrets end with a line end, and what is
copied from a page brings its own marks. None of that is ever meant.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, MutableMapping
from urllib.parse import urlsplit


class ConfigError(Exception):
    """A variable that cannot be used. One line: its name, the value's form, what is accepted."""


UNSEEN = re.compile("[\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff\u00ad]")
"""Marks without a width. A non-breaking space is white space like any other."""

QUOTES = {'"': '"', "'": "'", "“": "”", "”": "”", "„": "“", "‘": "’", "’": "’", "‚": "‘", "«": "»", "`": "`"}

SEVERAL_LINES = frozenset({"SPEND_MONITOR_SIGNING_KEY"})
"""A PEM file has some."""

READ_BY_SDK = re.compile(r"AWS_[A-Z0-9_]+|(HTTPS?|NO)_PROXY|(https?|no)_proxy")

REGION = re.compile(r"[a-z][a-z0-9-]{1,62}")


def cleaned(text: str) -> str:
    """The value without invisible marks, white space around it, and one pair of quotation marks."""
    text = UNSEEN.sub("", text).strip()
    if len(text) > 1 and QUOTES.get(text[0]) == text[-1]:
        text = text[1:-1].strip()
    return text


def check_line(name: str, text: str) -> None:
    """Refuse a value that cannot be meant.

    Raises:
        ConfigError: It has several lines, or holds what no terminal shows.
    """
    if name not in SEVERAL_LINES and not text.isprintable():
        raise ConfigError(
            f"{name}: its {len(text)} characters hold a line end or another control character; "
            "accepted is one line"
        )


def mend_sdk_variables(environment: MutableMapping[str, str]) -> None:
    """Clean what the AWS SDK reads by itself, and check what it would trip over at every tick.

    Raises:
        ConfigError: A value cannot be used. One line: the variable, and what is accepted.
    """
    for name in [name for name in environment if READ_BY_SDK.fullmatch(name)]:
        text = cleaned(environment[name])
        check_line(name, text)
        for pattern, check in CHECKS.items():
            if text and re.fullmatch(pattern, name):
                check(name, text)
        environment[name] = text


def _check_region(name: str, text: str) -> None:
    if not REGION.fullmatch(text):
        raise ConfigError(f"{name}: {text!r} is no region; accepted is a name such as us-east-1")


def _check_endpoint(name: str, text: str) -> None:
    accepted = "accepted is http:// or https:// and a host, such as https://ce.us-east-1.amazonaws.com"
    try:
        parts = urlsplit(text)
        parts.port  # noqa: B018  # raises for what is no port
    except ValueError:
        raise ConfigError(f"{name}: not an address; {accepted}") from None
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ConfigError(f"{name}: an address without a scheme or without a host; {accepted}")


def _check_number(name: str, text: str) -> None:
    if not re.fullmatch(r"[0-9]{1,6}", text) or int(text) < 1:
        raise ConfigError(f"{name}: {text!r} is not accepted; accepted is a whole number from 1 up")


CHECKS: Mapping[str, Callable[[str, str], None]] = {
    r"AWS_(DEFAULT_)?REGION": _check_region,
    r"AWS_ENDPOINT_URL(_[A-Z0-9_]+)?": _check_endpoint,
    r"AWS_MAX_ATTEMPTS|AWS_METADATA_SERVICE_(TIMEOUT|NUM_ATTEMPTS)": _check_number,
}
