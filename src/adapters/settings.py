"""Reads a channel's settings as Telex's form sends them: leniently in shape, strictly in meaning."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from decimal import Decimal, InvalidOperation
from functools import lru_cache, partial
from typing import Any, TypeVar

import msgspec

from application.credentials import AccessKey
from application.errors import SettingsRejected
from application.monitor import Monitor
from application.ports.settings import SettingsReader
from application.text import one_line
from domain.charges import Metric, parse_record_types
from domain.choices import did_you_mean
from domain.milestones import Milestones
from domain.notify import Notify
from domain.periods import Frequency
from domain.scope import Scope
from domain.thresholds import Threshold
from domain.usual import SpikeRule

T = TypeVar("T")

FREQUENCIES = ("Daily", "Monthly", "Weekly", "Month-to-date")
LARGEST_THRESHOLD = Decimal(10) ** 15

PLACEHOLDER = re.compile(
    r"(?:key|secret|<.*>|your[-_ ].*|aws_(?:secret_)?access_key(?:_id)?)?", re.IGNORECASE
)
NUMBER = re.compile(r"(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d*)?(?:[eE][+-]?\d{1,2})?|\.\d+", re.ASCII)
ONE_DAY_OF_MONTH = re.compile(r"@monthly|\S+\s+\S+\s+\d{1,2}\s+\S+\s+[*?]", re.IGNORECASE)
CREDENTIAL = re.compile(r"[!-~]{1,256}")

LARGEST_SETTINGS = 16 * 1024
"""Bytes of JSON, and"""
LONGEST_VALUE = 1024
"""characters of one value: whoever sends more is no form. Nothing reads what is longer."""

SHORT = 100


def remembered(parse: Callable[[str], T]) -> Callable[[str], T]:
    """The same, but quick to read again what most channels say. Long texts take no memory."""
    remembering = lru_cache(maxsize=1000)(parse)
    return lambda text: remembering(text) if len(text) <= SHORT else parse(text)


OPTIONAL: Mapping[str, tuple[str, Callable[[str], Any]]] = {
    "notify": ("notify", remembered(Notify.parse)),
    "metric": ("metric", remembered(Metric.parse)),
    "exclude_charges": ("excluded_record_types", remembered(parse_record_types)),
    "scope": ("scope", remembered(Scope.parse)),
    "milestones": ("milestones", remembered(Milestones.parse)),
    "spike_alert": ("spike_rule", remembered(SpikeRule.parse)),
}
"""By label: the monitor's field, and what reads it. Blank, as from an old installation, means as before."""

_decode = msgspec.json.Decoder(float_hook=Decimal).decode


class TelexSettingsReader(SettingsReader):
    """Settings as ``[{"label": …, "default": …}, …]``: the user's value is in ``default``.

    Labels are matched without case and outer spaces; of two with one label the last wins; unknown ones are
    ignored. Source: TELEX.md, the tick.
    """

    def read(self, settings: bytes) -> Monitor:
        """See the port. All problems are named at once."""
        values = values_by_label(settings)
        problems: list[str] = []

        def read(reader: Callable[..., Any], *labels: str) -> Any:
            try:
                return reader(*(text_of(label, values.get(label)) for label in labels))
            except ValueError as error:
                problems.append(str(error))

        access_key_id = read(partial(read_credential, "aws_access_key_id"), "aws_access_key_id")
        secret = read(partial(read_credential, "aws_secret_access_key"), "aws_secret_access_key")
        threshold = read(read_threshold, "threshold")
        frequency = read(partial(read_frequency, interval=interval_of(values)), "frequency")
        optional = {name: read(parse, label) for label, (name, parse) in OPTIONAL.items()}
        if problems:
            raise SettingsRejected(*problems)
        return Monitor(AccessKey(access_key_id, secret), threshold, frequency, **optional)


def values_by_label(settings: bytes) -> Mapping[str, Any]:
    """The users' values by lower-case label.

    Raises:
        SettingsRejected: This is no list of settings.
    """
    if len(settings) > LARGEST_SETTINGS:
        raise SettingsRejected(f"The settings of this integration are larger than {LARGEST_SETTINGS} bytes.")
    try:
        items = _decode(settings)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, InvalidOperation) as error:
        raise SettingsRejected("The settings of this integration are not readable JSON.") from error
    if not isinstance(items, list):
        raise SettingsRejected("The settings of this integration are missing: Telex sends them as a list.")
    labelled = (item for item in items if isinstance(item, dict) and isinstance(item.get("label"), str))
    return {item["label"].strip().lower(): item.get("default") for item in labelled}


def read_credential(label: str, text: str) -> str:
    """A credential as typed, without outer spaces. Its value never appears in an error.

    Raises:
        ValueError: It is missing, a placeholder, or holds what no AWS key holds.
    """
    if PLACEHOLDER.fullmatch(text):
        raise ValueError(f"{label} is not filled in: type the value that IAM showed for your access key.")
    if not CREDENTIAL.fullmatch(text):
        raise ValueError(f"{label} holds spaces or characters that no AWS key has: copy it from IAM again.")
    return text


def read_threshold(text: str) -> Threshold:
    """``100``, ``99.50``, ``$1,000``, ``1e3`` or a JSON number.

    Raises:
        ValueError: Anything else, with what is accepted.
    """
    accepted = "Accepted is zero or a positive amount such as 100, 99.50 or $1,000."
    text = text.strip()
    if not text:
        raise ValueError(f"threshold is empty. {accepted}")
    digits = without_currency(text)
    if not NUMBER.fullmatch(digits):
        raise ValueError(f"threshold is {quoted(text)}, which is not an amount. {accepted}")
    amount = Decimal(digits.replace(",", ""))
    if amount > LARGEST_THRESHOLD:
        raise ValueError(f"threshold is larger than any bill. {accepted}")
    return Threshold(amount)


def without_currency(text: str) -> str:
    """An amount without the ``$``, ``US$`` or ``USD`` before it, or the ``USD`` after it."""
    before = next((mark for mark in ("USD", "US$", "$") if text.upper().startswith(mark)), "")
    if before:
        return text[len(before) :].lstrip()
    return text[: -len("USD")].rstrip() if text.upper().endswith("USD") else text


def read_frequency(text: str, interval: str = "") -> Frequency:
    """One of the four frequencies, without case; without one, what the crontab's days suggest.

    Raises:
        ValueError: Anything else, with what is accepted.
    """
    if not text:
        monthly = ONE_DAY_OF_MONTH.fullmatch(interval)
        return Frequency.MONTHLY if monthly else Frequency.DAILY
    name = re.sub(r"[\s_-]+", "-", text.lower())
    try:
        return Frequency(name)
    except ValueError:
        hint = did_you_mean(name, {frequency: frequency.capitalize() for frequency in Frequency})
        accepted = ", ".join(FREQUENCIES)
        raise ValueError(f"frequency is {quoted(text)}.{hint} Accepted are {accepted}.") from None


def text_of(label: str, value: object) -> str:
    """A form's value as text, trimmed; what a field cannot hold is as good as empty. A list is one of texts.

    Raises:
        ValueError: It is nested or long as no field's value is.
    """
    items = value if isinstance(value, list) else [value]
    if any(isinstance(item, list) for item in items):
        raise ValueError(f"{label} is not readable: it is a list of lists.")
    text = ", ".join("" if isinstance(item, bool | None | dict) else str(item).strip() for item in items)
    if len(text) > LONGEST_VALUE:
        raise ValueError(f"{label} is not readable: it is longer than {LONGEST_VALUE} characters.")
    return text


def interval_of(values: Mapping[str, Any]) -> str:
    """The crontab, which is Telex's business: one that cannot be read is as good as none."""
    try:
        return text_of("interval", values.get("interval"))
    except ValueError:
        return ""


def quoted(text: str) -> str:
    """A value for an error; a long one could be a key in the wrong field and is not repeated."""
    return f'"{one_line(text)}"' if len(text) <= 12 else "not readable"  # noqa: PLR2004
