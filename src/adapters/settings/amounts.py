"""Amounts and percents: the settings ``threshold``, ``spike_alert`` and ``milestones``."""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal

from adapters.settings.text import cleaned, did_you_mean, quoted, unquoted
from domain.milestones import LARGEST_PERCENT, MOST_MILESTONES, Milestones
from domain.thresholds import Threshold
from domain.usual import SpikeRule

LARGEST_THRESHOLD = Decimal(10) ** 15

AMOUNT = re.compile(r"(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d*)?(?:e[+-]?\d{1,2})?|\.\d+", re.ASCII)
UNDERSCORES = re.compile(r"(?<=\d)_(?=\d)", re.ASCII)
CURRENCY = ("usd", "us$", "$")

AMOUNT_EXAMPLE = "Accepted is zero or a positive amount such as 100, 99.50 or $1,000."
SPIKE_EXAMPLE = 'Write for example "40% and 20": both 40 % and $20 above what the weekday usually costs.'
MILESTONES_EXAMPLE = 'Write percent of the threshold, for example "50, 80, 100, forecast 100".'


def read_threshold(text: str) -> Threshold:
    """``100``, ``99.50``, ``$1,000``, ``100 USD``, ``1_000``, ``1e3``.

    Raises:
        ValueError: Anything else, with what it was near to and what is accepted.
    """
    typed = unquoted(cleaned(text))
    if not typed:
        raise ValueError(f"is empty. {AMOUNT_EXAMPLE}")
    amount = read_amount(typed)
    if amount is None:
        raise ValueError(f"is {quoted(typed)}, which is not an amount.{_near(typed)} {AMOUNT_EXAMPLE}")
    if amount > LARGEST_THRESHOLD:
        raise ValueError(f"is larger than any bill. {AMOUNT_EXAMPLE}")
    return Threshold(amount)


def read_amount(text: str) -> Decimal | None:
    """The amount that the text is, with or without a dollar sign or ``USD`` at one of its ends; else None."""
    digits = UNDERSCORES.sub("", _without_currency(text.strip().lower()))
    return Decimal(digits.replace(",", "")) if AMOUNT.fullmatch(digits) else None


def _without_currency(text: str) -> str:
    for mark in CURRENCY:
        if text.startswith(mark):
            return text.removeprefix(mark).lstrip()
    for mark in CURRENCY:
        if text.endswith(mark):
            return text.removesuffix(mark).rstrip()
    return text


LONGEST_NEAR = 40
PERIODS = {"d": "Daily", "w": "Weekly", "m": "Monthly"}
MULTIPLES = {"k": 1000, "m": 1_000_000}
OTHER_CURRENCIES = ("€", "£", "¥", "₹", "eur", "gbp", "chf", "cny", "jpy", "inr")
EUROPEAN = re.compile(r"\d{1,3}(?:\.\d{3})+(?:,\d{1,2})?|\d+,\d{1,2}", re.ASCII)


def _near(text: str) -> str:
    """What was probably meant: ``100,50``, ``1.000,50``, ``1 000``, ``100k``, ``€100``, ``100/day``."""
    if len(text) > LONGEST_NEAR:
        return ""
    amount, _, period = text.lower().replace(" per ", "/").replace(" a ", "/").partition("/")
    frequency = PERIODS.get(period.strip()[:1], "") if period else ""
    amount = amount.strip()
    foreign = next((mark for mark in OTHER_CURRENCIES if mark in amount), "")
    amount = _without_currency(amount.replace(foreign, "").strip()) if foreign else _without_currency(amount)
    factor = MULTIPLES.get(amount[-1:], 1)
    if factor > 1:
        amount = amount[:-1].rstrip()
    amount = "".join(amount.replace("'", "").replace("’", "").split())
    if EUROPEAN.fullmatch(amount):
        amount = amount.replace(".", "").replace(",", ".")
    meant = read_amount(amount)
    if meant is None:
        return ""
    bills_in = " AWS bills in US dollars, in China in yuan." if foreign else ""
    with_frequency = f" with frequency {frequency}" if frequency else ""
    return f"{bills_in} Did you mean {meant * factor:f}{with_frequency}?"


NUMBER = re.compile(r"\d{1,3}(?:,\d{3}){1,3}(?:\.\d{1,4})?|\d{1,12}(?:\.\d{1,4})?", re.ASCII)
JOINTS = ("and", "&", "+", ",", ";", "/")


def read_spike_rule(text: str) -> SpikeRule | None:
    """``40% and 20``; blank is no rule.

    Raises:
        ValueError: It is not a percentage and an amount; the text says what it was near to.
    """
    typed = unquoted(cleaned(text))
    if not typed:
        return None
    percent, sign, rest = typed.partition("%")
    percent, rest = percent.rstrip(), rest.strip().lower()
    joint = next((joint for joint in JOINTS if rest.startswith(joint)), "")
    amount = _without_currency(rest.removeprefix(joint).lstrip())
    if not (sign and NUMBER.fullmatch(percent) and NUMBER.fullmatch(amount)):
        raise ValueError(
            f"is {quoted(typed)}, which is not a percentage and an amount."
            f"{_spike_hint(typed)} {SPIKE_EXAMPLE}"
        )
    return SpikeRule(*(Decimal(number.replace(",", "")) for number in (percent, amount)))


def _spike_hint(text: str) -> str:
    """The two numbers, the percentage first, wherever its sign stood."""
    numbers = list(NUMBER.finditer(text))
    if len(numbers) != 2:  # noqa: PLR2004  # two
        return ""
    first, second = numbers
    amount_first = text[second.end() :].lstrip().startswith("%") or text[: first.start()].rstrip().endswith(
        "$"
    )
    percent, amount = (second, first) if amount_first else (first, second)
    return f' Did you mean "{percent[0]}% and {amount[0]}"?'


PERCENT = re.compile(r"(\d{1,6}(?:\.\d{1,6})?)%?", re.ASCII)
SEPARATORS = re.compile(r"[,;:\s]+")
FORECAST = "forecast"


def read_milestones(text: str) -> Milestones:
    """``50, 80, 100, forecast 100``, with or without ``%``; blank is none.

    Raises:
        ValueError: It is no list of percents; the text says what it was near to.
    """
    typed = unquoted(cleaned(text)).lower().replace(" %", "%")
    marks: dict[bool, set[Decimal]] = {False: set(), True: set()}
    unreadable: list[str] = []
    is_forecast = False
    for word in SEPARATORS.split(typed):
        if match := PERCENT.fullmatch(word):
            marks[is_forecast].add(_checked(Decimal(match[1])))
            is_forecast = False
        elif word == FORECAST and not is_forecast:
            is_forecast = True
        elif word:
            unreadable.append(word)
    if unreadable or is_forecast:
        raise ValueError(
            f"holds {quoted(unreadable[0] if unreadable else FORECAST)}, which is no percent."
            f"{_milestones_hint(unreadable, marks[False])} {MILESTONES_EXAMPLE}"
        )
    if len(marks[False]) + len(marks[True]) > MOST_MILESTONES:
        raise ValueError(
            f"holds more than {MOST_MILESTONES}, at most {MOST_MILESTONES} are told. {MILESTONES_EXAMPLE}"
        )
    return Milestones(tuple(sorted(marks[False])), tuple(sorted(marks[True])))


def _checked(percent: Decimal) -> Decimal:
    if 0 < percent < 1:
        meant = (100 * percent).normalize()
        raise ValueError(f"holds {percent}, but takes percents. Did you mean {meant:f}? {MILESTONES_EXAMPLE}")
    if not 1 <= percent <= LARGEST_PERCENT:
        raise ValueError(f"takes percents between 1 and {LARGEST_PERCENT}. {MILESTONES_EXAMPLE}")
    return percent


def _milestones_hint(unreadable: Sequence[str], percents: set[Decimal]) -> str:
    if unreadable and (hint := did_you_mean(unreadable[0], {FORECAST: f'"{FORECAST} 100"'})):
        return hint
    readable = ", ".join(f"{percent:f}" for percent in sorted(percents)[:MOST_MILESTONES])
    return f' Did you mean "{readable}"?' if readable else ""
