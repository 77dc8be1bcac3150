"""Reads a channel's settings as Telex's form sends them: leniently in shape, strictly in meaning."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from decimal import Decimal, InvalidOperation
from functools import partial
from typing import Any, TypeVar

import msgspec

from adapters.settings.amounts import read_threshold
from adapters.settings.choices import read_frequency
from adapters.settings.credentials import KEY_ID, SECRET, credential_text, key_problems
from adapters.settings.grammar import OPTIONAL, monitor_of, text_of
from adapters.settings.roles import ROLE, read_role
from adapters.settings.text import remembered
from application.credentials import AccessKey, Credentials
from application.errors import SettingsRejected
from application.monitor import Monitor
from application.ports.settings import SettingsReader

T = TypeVar("T")

LARGEST_SETTINGS = 16 * 1024
"""Bytes of JSON: whoever sends more is no form."""

_decode = msgspec.json.Decoder(float_hook=Decimal).decode


class TelexSettingsReader(SettingsReader):
    """Settings as ``[{"label": …, "default": …}, …]``: the user's value is in ``default``.

    Labels are matched without case, spaces and hyphens count as underscores; of two with one label the last
    wins; unknown ones are ignored. Source: docs/facts/telex.md, the tick.
    """

    def read(self, settings: bytes) -> Monitor:
        """See the port. All problems are named at once."""
        values = values_by_label(settings)
        problems: list[str] = []

        def read(label: str, reader: Callable[[str], T]) -> T | None:
            try:
                return reader(text_of(values.get(label)))
            except ValueError as error:
                problems.append(f"{label} {error}")
                return None

        credentials: Credentials | None = read(ROLE, read_role)
        if credentials is None and not problems:  # beside a role the keys are not looked at
            key_id, secret = read(KEY_ID, credential_text), read(SECRET, credential_text)
            if key_id is not None and secret is not None:
                problems += key_problems(key_id, secret)
                credentials = AccessKey(key_id, secret)
        threshold = read("threshold", read_threshold)
        frequency = read("frequency", partial(read_frequency, interval=_interval(values)))
        optional = {field: read(label, reader) for label, (field, reader) in OPTIONAL.items()}
        if problems or credentials is None or threshold is None or frequency is None:
            raise SettingsRejected(*problems)
        return monitor_of(credentials, threshold, frequency, optional)


def values_by_label(settings: bytes) -> Mapping[str, Any]:
    """The users' values by label.

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
    return {_label(item["label"]): item.get("default") for item in labelled}


@remembered
def _label(text: str) -> str:
    return re.sub(r"[\s_-]+", "_", text.strip().lower())


def _interval(values: Mapping[str, Any]) -> str:
    """The crontab, which is Telex's business: one that cannot be read is as good as none."""
    with suppress(ValueError):
        return text_of(values.get("interval"))
    return ""
