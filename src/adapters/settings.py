"""Reads a channel's settings as Telex's form sends them: leniently in shape, strictly in meaning."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from decimal import Decimal, InvalidOperation
from difflib import get_close_matches
from functools import lru_cache, partial
from typing import Any, TypeVar

import msgspec

from application.credentials import Credentials
from application.errors import SettingsRejected
from application.monitor import Monitor
from application.ports.settings import SettingsReader
from application.text import harmless
from domain.charges import Metric, parse_record_types
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
                return reader(*(values.get(label) for label in labels))
            except ValueError as error:
                problems.append(str(error))

        access_key_id = read(partial(read_credential, "aws_access_key_id"), "aws_access_key_id")
        secret = read(partial(read_credential, "aws_secret_access_key"), "aws_secret_access_key")
        threshold = read(read_threshold, "threshold")
        frequency = read(read_frequency, "frequency", "interval")
        optional = {
            name: read(lambda value, parse=parse: parse(as_text(value)), label)
            for label, (name, parse) in OPTIONAL.items()
        }
        if problems:
            raise SettingsRejected(*problems)
        return Monitor(Credentials(access_key_id, secret), threshold, frequency, **optional)


def values_by_label(settings: bytes) -> Mapping[str, Any]:
    """The users' values by lower-case label.

    Raises:
        SettingsRejected: This is no list of settings.
    """
    try:
        items = _decode(settings)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, InvalidOperation) as error:
        raise SettingsRejected("The settings of this integration are not readable JSON.") from error
    if not isinstance(items, list):
        raise SettingsRejected("The settings of this integration are missing: Telex sends them as a list.")
    labelled = (item for item in items if isinstance(item, dict) and isinstance(item.get("label"), str))
    return {item["label"].strip().lower(): item.get("default") for item in labelled}


def read_credential(label: str, value: object) -> str:
    """A credential as typed, without outer spaces. Its value never appears in an error.

    Raises:
        ValueError: It is missing, a placeholder, or holds what no AWS key holds.
    """
    text = as_text(value)
    if PLACEHOLDER.fullmatch(text):
        raise ValueError(f"{label} is not filled in: type the value that IAM showed for your access key.")
    if not CREDENTIAL.fullmatch(text):
        raise ValueError(f"{label} holds spaces or characters that no AWS key has: copy it from IAM again.")
    return text


def read_threshold(value: object) -> Threshold:
    """``100``, ``99.50``, ``$1,000``, ``1e3`` or a JSON number.

    Raises:
        ValueError: Anything else, with what is accepted.
    """
    accepted = "Accepted is zero or a positive amount such as 100, 99.50 or $1,000."
    text = as_text(value)
    if not text:
        raise ValueError(f"threshold is empty. {accepted}")
    digits = re.sub(r"^(USD\s*|(US)?\$\s*)|\s*USD$", "", text, flags=re.IGNORECASE)
    if not NUMBER.fullmatch(digits):
        raise ValueError(f"threshold is {quoted(text)}, which is not an amount. {accepted}")
    amount = Decimal(digits.replace(",", ""))
    if amount > LARGEST_THRESHOLD:
        raise ValueError(f"threshold is larger than any bill. {accepted}")
    return Threshold(amount)


def read_frequency(value: object, interval: object = None) -> Frequency:
    """One of the four frequencies, without case; without one, what the crontab's days suggest.

    Raises:
        ValueError: Anything else, with what is accepted.
    """
    text = as_text(value)
    if not text:
        monthly = ONE_DAY_OF_MONTH.fullmatch(as_text(interval))
        return Frequency.MONTHLY if monthly else Frequency.DAILY
    name = re.sub(r"[\s_-]+", "-", text.lower())
    try:
        return Frequency(name)
    except ValueError:
        near = get_close_matches(name, list(Frequency), n=1)
        hint = f" Did you mean {near[0].capitalize()}?" if near else ""
        accepted = ", ".join(FREQUENCIES)
        raise ValueError(f"frequency is {quoted(text)}.{hint} Accepted are {accepted}.") from None


def as_text(value: object) -> str:
    """A form's value as text, trimmed; what a field cannot hold is as good as empty."""
    match value:
        case bool() | None | dict():
            return ""
        case list():
            return ", ".join(as_text(item) for item in value)
        case _:
            return str(value).strip()


def quoted(text: str) -> str:
    """A value for an error; a long one could be a key in the wrong field and is not repeated."""
    return f'"{harmless(text)}"' if len(text) <= 12 else "not readable"  # noqa: PLR2004
