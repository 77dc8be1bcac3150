"""What a weekday usually costs, and when a day is far above it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from statistics import median

from domain.costs import CostHistory
from domain.money import Money
from domain.periods import WEEK, Period

SAME_WEEKDAYS = 4
FEWEST_WEEKDAYS = 3
"""With fewer there is no saying what is usual."""

EXAMPLE = 'Write for example "40% and 20": both 40 % and $20 above what the weekday usually costs.'
NUMBER = re.compile(r"\d{1,3}(?:,\d{3}){1,3}(?:\.\d{1,4})?|\d{1,12}(?:\.\d{1,4})?", re.ASCII)
JOINTS = ("and", "&", "+", ",", ";", "/")


@dataclass(frozen=True, slots=True)
class Usual:
    """What the last few same weekdays cost.

    Args:
        days: Each of them with its spend, newest first; three or four.
    """

    days: tuple[tuple[date, Money], ...]

    @property
    def median(self) -> Money:
        """What is usual."""
        return Money(median(spend.amount for _, spend in self.days), self.days[0][1].currency)

    @property
    def lowest(self) -> Money:
        """The lower end of the spread."""
        return min((spend for _, spend in self.days), key=lambda spend: spend.amount)

    @property
    def highest(self) -> Money:
        """The upper end of the spread."""
        return max((spend for _, spend in self.days), key=lambda spend: spend.amount)


def usual_for(history: CostHistory, day: Period) -> Usual | None:
    """What the day's weekday usually costs, or None when too few of the last four are published."""
    weekdays = [Period(day.start - n * WEEK, day.end - n * WEEK) for n in range(1, SAME_WEEKDAYS + 1)]
    days = [(one.start, spend) for one in weekdays if (spend := history.spend(one)) is not None]
    return Usual(tuple(days)) if len(days) >= FEWEST_WEEKDAYS else None


@dataclass(frozen=True, slots=True)
class SpikeRule:
    """How far above its weekday's usual a day must be, both ways, to be reported even within budget.

    Args:
        percent: Of what is usual.
        amount: In the currency of the bill.
    """

    percent: Decimal
    amount: Decimal

    def is_spike(self, spend: Money, usual: Usual) -> bool:
        """Whether the spend is at least the percentage and at least the amount above what is usual."""
        above = spend.amount - usual.median.amount
        return above >= self.amount and above >= usual.median.amount * self.percent / 100 and above > 0

    @classmethod
    def parse(cls, text: str) -> SpikeRule | None:
        """Read the setting ``spike_alert``: ``40% and 20``; blank is no rule.

        Raises:
            ValueError: It is not a percentage and an amount; the text says what it was near to.
        """
        if not text.strip():
            return None
        percent, sign, rest = text.partition("%")
        amount = _without_currency(_without(rest.strip().lower(), JOINTS))
        percent = percent.strip()
        if not (sign and NUMBER.fullmatch(percent) and NUMBER.fullmatch(amount)):
            numbers = NUMBER.findall(text)
            hint = f' Did you mean "{numbers[0]}% and {numbers[1]}"?' if len(numbers) == 2 else ""  # noqa: PLR2004  # two
            raise ValueError(f"spike_alert is not a percentage and an amount.{hint} {EXAMPLE}")
        return cls(_number(percent), _number(amount))


def _without_currency(text: str) -> str:
    return _without(text, ("us$", "$")).removesuffix("usd").rstrip()


def _without(text: str, prefixes: tuple[str, ...]) -> str:
    """The text without the first of the prefixes that it has."""
    found = next((prefix for prefix in prefixes if text.startswith(prefix)), "")
    return text.removeprefix(found).lstrip()


def _number(text: str) -> Decimal:
    return Decimal(text.replace(",", ""))
