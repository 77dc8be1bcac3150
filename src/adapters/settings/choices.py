"""Choices among few words: the settings ``frequency``, ``notify``, ``metric`` and ``exclude_charges``."""

from __future__ import annotations

import re

from adapters.settings.text import choose, cleaned, did_you_mean, letters, quoted
from domain.charges import RECORD_TYPES, Metric
from domain.notify import Notify
from domain.periods import Frequency

FREQUENCIES = ("Daily", "Monthly", "Weekly", "Month-to-date")
"""As the form offers them."""

BY_LETTERS = {
    **{letters(frequency): frequency for frequency in Frequency},
    **dict.fromkeys(("day", "everyday", "perday", "eachday", "yesterday"), Frequency.DAILY),
    **dict.fromkeys(("week", "everyweek", "perweek", "eachweek"), Frequency.WEEKLY),
    **dict.fromkeys(("month", "everymonth", "permonth", "eachmonth"), Frequency.MONTHLY),
    **dict.fromkeys(("mtd", "thismonth", "monthsofar"), Frequency.MONTH_TO_DATE),
}
"""And what else people write."""


def read_frequency(text: str, interval: str = "") -> Frequency:
    """One of the four frequencies, without case; without one, what the crontab's days suggest.

    Raises:
        ValueError: Anything else, with what it was near to and what is accepted.
    """
    typed = letters(cleaned(text))
    if not typed and not cleaned(text):
        return Frequency.MONTHLY if _fires_once_a_month(cleaned(interval)) else Frequency.DAILY
    if typed not in BY_LETTERS:
        hint = did_you_mean(typed, {word: frequency.capitalize() for word, frequency in BY_LETTERS.items()})
        raise ValueError(f"is {quoted(text)}.{hint} Accepted are {', '.join(FREQUENCIES)}.")
    return BY_LETTERS[typed]


ONE_DAY = re.compile(r"\d{1,2}|L", re.ASCII | re.IGNORECASE)
CRONTAB_FIELDS = 5
ONCE_A_MONTH = ("@monthly", "@yearly", "@annually")


def _fires_once_a_month(crontab: str) -> bool:
    """Whether it fires on one day of the month, in five fields or in six, with seconds or years."""
    if crontab.lower() in ONCE_A_MONTH:
        return True
    fields = crontab.split()
    readings = [fields] if len(fields) == CRONTAB_FIELDS else []
    if len(fields) == CRONTAB_FIELDS + 1:
        readings = [fields[1:]]
        # AWS's own crontabs end in the years, and have a question mark for one of the two kinds of days.
        readings += [fields[:-1]] if "?" in (fields[2], fields[4]) else []
    return any(ONE_DAY.fullmatch(days) and weekdays in {"*", "?"} for _, _, days, _, weekdays in readings)


def read_notify(text: str) -> Notify:
    """When to speak; blank is once per period.

    Raises:
        ValueError: It is none of the choices; the text says what it was near to.
    """
    if not cleaned(text):
        return Notify.ONCE
    return choose(
        text,
        Notify,
        {
            "once": Notify.ONCE,
            "always": Notify.EVERY_CHECK,
            "every": Notify.EVERY_CHECK,
            "exceeded": Notify.ONLY_EXCEEDED,
            "weeklysummary": Notify.WEEKLY_SUMMARY,
        },
    )


def read_metric(text: str) -> Metric:
    """How costs are counted; blank is AmortizedCost.

    Raises:
        ValueError: It is none of the five; the text says what it was near to.
    """
    if not cleaned(text):
        return Metric.AMORTIZED
    return choose(text, Metric, {letters(metric).removesuffix("cost"): metric for metric in Metric})


_BY_LETTERS = {letters(record_type): record_type for record_type in RECORD_TYPES}
_BY_LETTERS |= {f"{spelling}s": record_type for spelling, record_type in _BY_LETTERS.items()}
_BY_LETTERS |= {"taxes": "Tax"}


def read_record_types(text: str) -> tuple[str, ...]:
    """Charges to leave out: ``Credit, Refund, Tax``; blank is nothing.

    Returns:
        Cost Explorer's spellings, each once, in alphabetical order.

    Raises:
        ValueError: One is no record type (it would silently leave nothing out); the text says what it was
            near to.
    """
    typed = {letters(entry): entry for entry in re.split(r"[,;\n]", cleaned(text)) if entry.strip()}
    for spelling, entry in typed.items():
        if spelling not in _BY_LETTERS:
            raise ValueError(
                f"names {quoted(entry.strip())}, a charge type that there is not."
                f"{did_you_mean(spelling, _BY_LETTERS)} "
                f'Write for example "Credit, Refund, Tax". Accepted are {", ".join(RECORD_TYPES)}.'
            )
    return tuple(sorted({_BY_LETTERS[spelling] for spelling in typed}))
