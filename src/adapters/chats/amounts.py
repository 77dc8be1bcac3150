"""Amounts, shares and periods as people write them."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from domain.money import Money
from domain.periods import Period

BARS = "▁▂▃▄▅▆▇█"
NOTHING = "·"
HALF = Decimal("0.5")

CENTS_COUNT_BELOW = 100

ORDINALS = (
    "no",
    "first",
    "second",
    "third",
    "fourth",
    "fifth",
    "sixth",
    "seventh",
    "eighth",
    "ninth",
    "tenth",
)


def sparkline(spends: Sequence[Money | None]) -> str:
    """Draw spends as bars from zero to the highest; a credit is the lowest bar, an unknown one a dot."""
    highest = max((spend.amount for spend in spends if spend), default=Decimal())
    return "".join(NOTHING if spend is None else _bar(spend.amount, highest) for spend in spends)


def percent_of(amount: Decimal, whole: Decimal) -> str:
    """``42%``, ``under 1%``, or nothing when there is no whole to speak of."""
    if whole <= 0 or amount < 0:
        return ""
    percent = 100 * amount / whole
    if percent >= 10_000:  # noqa: PLR2004  # beyond that the figure says less than the word
        return "over 10,000%"
    return f"{percent:,.0f}%" if percent >= 1 else "under 1%"


def signed(change: Money) -> str:
    """``+$3.00``, ``-$3.00``, ``no change``."""
    if change.amount == 0:
        return "no change"
    return f"{'+' if change.amount > 0 else ''}{change}"


def about(money: Money) -> str:
    """Without cents where they say nothing: ``$631``, ``$4.20``."""
    if abs(money.amount) >= CENTS_COUNT_BELOW:
        money = Money(money.in_cents().to_integral_value(), money.currency)
    return str(money).replace(".00", "")


def when(period: Period) -> str:
    """``Sun 22 Nov 2026``, ``October 2026``, or ``Mon 16 to Sun 22 Nov 2026``."""
    first, last = period.start, period.last_day
    if period.is_whole_month:
        return f"{first:%B %Y}"
    end = f"{last:%a} {last.day} {last:%b %Y}"
    if first == last:
        return end
    if first.replace(day=1) == last.replace(day=1):
        return f"{first:%a} {first.day} to {end}"
    year = f" {first.year}" if first.year != last.year else ""
    return f"{first:%a} {first.day} {first:%b}{year} to {end}"


def unit(period: Period) -> str:
    """``day``, ``week`` or ``month``."""
    days = (period.end - period.start).days
    return "day" if days == 1 else "month" if period.is_whole_month else "week"


def times(count: int, period: Period) -> str:
    """So many periods of this length: ``1 day``, ``3 weeks``."""
    return f"{count} {unit(period)}{'' if count == 1 else 's'}"


def ordinal(count: int) -> str:
    """``third``, ``11th``, ``21st``."""
    if count < len(ORDINALS):
        return ORDINALS[count]
    ending = {1: "st", 2: "nd", 3: "rd"}.get(count % 10, "th") if count % 100 not in {11, 12, 13} else "th"
    return f"{count}{ending}"


def _bar(amount: Decimal, highest: Decimal) -> str:
    return BARS[int((len(BARS) - 1) * amount / highest + HALF)] if amount > 0 else BARS[0]
