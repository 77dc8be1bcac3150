"""What is known and need not ring: the settings ``mute`` and ``mute_until``."""

from __future__ import annotations

import re
from contextlib import suppress
from datetime import date

from adapters.settings.scopes import service_names, split_unquoted
from adapters.settings.text import cleaned, quoted, unquoted

MOST_MUTED = 20
DATE_EXAMPLE = "Write a date as 2026-12-31."


def read_muted_services(text: str) -> tuple[str, ...]:
    """``SageMaker, EC2``: names as typed, and next to a short one Cost Explorer's; blank is none.

    Raises:
        ValueError: There are too many, or a quotation mark is not closed.
    """
    typed = [name.removeprefix("service:").strip() for _, name in split_unquoted(cleaned(text), ",;\n")]
    if len(typed) > MOST_MUTED:
        raise ValueError(f"names more than {MOST_MUTED} services. Blank, with mute_until, mutes all of them.")
    return tuple(sorted({each for name in typed if name for each in service_names(name)}))


DATE = re.compile(r"(\d{4})-(\d\d)-(\d\d)", re.ASCII)
OTHER_DATES = (
    re.compile(r"(?P<year>\d{4})[-/.](?P<month>\d{1,2})[-/.](?P<day>\d{1,2})", re.ASCII),
    re.compile(r"(?P<day>\d{1,2})\. ?(?P<month>\d{1,2})\. ?(?P<year>\d{4})", re.ASCII),
)


def read_date(text: str) -> date | None:
    """``2026-12-31``; blank is none.

    Raises:
        ValueError: It is no date; the text says what it was near to.
    """
    typed = unquoted(cleaned(text))
    if not typed:
        return None
    if DATE.fullmatch(typed):
        with suppress(ValueError):  # the 31st of a month that has 30 days
            return date.fromisoformat(typed)
    raise ValueError(f"is {quoted(typed)}, which is no date.{_near(typed)} {DATE_EXAMPLE}")


def _near(text: str) -> str:
    for form in OTHER_DATES:
        if match := form.fullmatch(text):
            year, month, day = (int(match[part]) for part in ("year", "month", "day"))
            with suppress(ValueError):
                return f" Did you mean {date(year, month, day)}?"
    return ""
