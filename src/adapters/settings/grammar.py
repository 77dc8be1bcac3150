"""Every optional setting, once: its name, where its value goes, and what reads it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from adapters.settings.amounts import read_milestones, read_spike_rule
from adapters.settings.choices import read_metric, read_notify, read_record_types
from adapters.settings.muting import read_date, read_muted_services
from adapters.settings.parts import read_budgets, read_part_by
from adapters.settings.scopes import read_scope
from adapters.settings.text import LONGEST_VALUE, cleaned, remembered
from application.credentials import Credentials
from application.monitor import Monitor
from application.text import one_line
from domain.muting import Mute
from domain.parts import BY_ACCOUNT
from domain.periods import Frequency
from domain.thresholds import Threshold

LONGEST_NAME = 60


def read_name(text: str) -> str:
    """What the account is called in messages; blank is nothing.

    Raises:
        ValueError: It is too long for a line.
    """
    name = one_line(cleaned(text), 2 * LONGEST_NAME)
    if len(name) > LONGEST_NAME:
        raise ValueError(f"is longer than {LONGEST_NAME} characters: a short name fits into a message.")
    return name


MUTE, MUTE_UNTIL = "mute", "mute_until"

OPTIONAL: Mapping[str, tuple[str, Callable[[str], Any]]] = {
    "notify": ("notify", remembered(read_notify)),
    "metric": ("metric", remembered(read_metric)),
    "exclude_charges": ("excluded_record_types", remembered(read_record_types)),
    "scope": ("scope", remembered(read_scope)),
    "milestones": ("milestones", remembered(read_milestones)),
    "spike_alert": ("spike_rule", remembered(read_spike_rule)),
    "name": ("name", remembered(read_name)),
    "budgets": ("budgets", remembered(read_budgets)),
    "by": ("by", remembered(read_part_by)),
    MUTE: (MUTE, remembered(read_muted_services)),
    MUTE_UNTIL: (MUTE_UNTIL, remembered(read_date)),
}
"""By name: the monitor's field, and what reads it. Blank, as from an old installation, means as before."""


def monitor_of(
    credentials: Credentials, threshold: Threshold, frequency: Frequency, optional: Mapping[str, Any]
) -> Monitor:
    """Put a monitor together.

    Args:
        credentials: How AWS lets the check in.
        threshold: The most that a period may cost.
        frequency: Which periods.
        optional: Values by the fields of ``OPTIONAL``.
    """
    fields = {name: value for name, value in optional.items() if name not in {MUTE, MUTE_UNTIL}}
    if fields.get("budgets") and not fields.get("by"):
        fields["by"] = BY_ACCOUNT
    mute = Mute(optional.get(MUTE, ()), optional.get(MUTE_UNTIL))
    return Monitor(credentials, threshold, frequency, mute=mute, **fields)


def text_of(value: object) -> str:
    """A value of JSON or TOML as the text that would say it; what a field cannot hold is as good as empty.

    Raises:
        ValueError: It is nested or long as no setting's value is.
    """
    if isinstance(value, str):
        text = value.strip()
    else:
        items = value if isinstance(value, list) else [value]
        if any(isinstance(item, list) for item in items):
            raise ValueError("is not readable: it is a list of lists.")
        text = ", ".join("" if isinstance(item, bool | None | dict) else str(item).strip() for item in items)
    if len(text) > LONGEST_VALUE:
        raise ValueError(f"is not readable: it is longer than {LONGEST_VALUE} characters.")
    return text
