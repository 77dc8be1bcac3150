"""The chart: days (or months) stacked by service, as places on a plane. The templates draw it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from math import floor, log10

from adapters.pages.colors import OTHERS, slots_of
from adapters.pages.document import Document
from adapters.pages.plane import HEIGHT, WIDTH, Bar, Chart, Key, Mark, Segment
from application.text import one_line
from domain.costs import CostEntry, CostHistory
from domain.money import Money
from domain.periods import Frequency, Period
from domain.trust import is_provisional
from domain.usual import usual_for

MOST_DAYS, MOST_MONTHS = 35, 13
"""That are drawn: as many weeks and months as give a day and a month what it is compared with."""

NAMED = 7
"""Services with a color of their own."""

LONGEST_NAME = 60
LONGEST_LISTED, MOST_LISTED = 45, 8
"""Letters of a name, and names, in the title of a bar."""

MOST_TICKS = 4


@dataclass(frozen=True, slots=True)
class _Scale:
    """From amounts to places."""

    lowest: float
    highest: float

    def top(self, amount: float) -> float:
        span = self.highest - self.lowest
        return round(HEIGHT * (self.highest - amount) / span, 2)


def chart_of(document: Document) -> Chart | None:
    """Lay the chart out; None when there is nothing to draw."""
    by_month = document.frequency == Frequency.MONTHLY
    history = document.costs.history
    entries = _entries(history, MOST_MONTHS if by_month else MOST_DAYS)
    if not entries:
        return None
    currency = history.currency
    limit = document.threshold.money.amount if document.threshold and _fits(document) else None
    highest_cost = max(_heights(entry)[0] for entry in entries)
    # Bars stay readable when the threshold is far above all of them.
    drawn = limit if limit is not None and limit <= 2 * highest_cost else None
    ticks = _ticks(min(_heights(entry)[1] for entry in entries), max(highest_cost, drawn or Decimal()))
    scale = _Scale(ticks[0], ticks[-1])
    named, others = _named(entries)
    slots = slots_of(named)
    bars = _bars(document, entries, slots, scale)
    return Chart(
        unit="months" if by_month else "days",
        bars=bars,
        ticks=tuple(Mark(scale.top(tick), _short_money(tick, currency, ticks)) for tick in ticks),
        base=scale.top(0),
        threshold=None if drawn is None else Mark(scale.top(float(drawn)), str(Money(drawn, currency))),
        threshold_above=str(Money(limit, currency)) if limit is not None and drawn is None else "",
        usual="" if by_month else _usual(history, entries, bars, scale),
        keys=_keys(entries, currency, named, others, slots),
        summary=_summary(history, entries),
    )


def title_of(period: Period) -> str:
    """``Sun 22 Nov 2026``, ``November 2026``, or both ends."""
    if period.is_whole_month:
        return f"{period.start:%B %Y}"
    if (period.end - period.start).days == 1:
        return _day(period.start)
    return f"{_day(period.start)} to {_day(period.last_day)}"


def _day(day: date) -> str:
    return f"{day:%a} {day.day} {day:%b %Y}"


def _fits(document: Document) -> bool:
    """Only a day's or month's own threshold has a place among them."""
    return document.frequency in {Frequency.DAILY, Frequency.MONTHLY}


def _heights(entry: CostEntry) -> tuple[Decimal, Decimal]:
    """How far a bar reaches up, and how far credits reach down."""
    amounts = entry.services.values()
    up = sum((amount for amount in amounts if amount > 0), Decimal())
    return up, sum((amount for amount in amounts if amount < 0), Decimal())


def _ticks(lowest: Decimal, highest: Decimal) -> list[float]:
    """Round numbers from under the lowest amount to over the highest; zero is one of them."""
    low, high = float(lowest), float(highest)
    if high - low <= 0:
        return [0.0, 1.0]
    rough = (high - low) / MOST_TICKS
    power = 10 ** floor(log10(rough))
    step = next(power * n for n in (1, 2, 2.5, 5, 10) if power * n >= rough)
    first = floor(low / step)
    last = -floor(-high / step)
    return [n * step for n in range(first, last + 1)]


def _entries(history: CostHistory, most: int) -> Sequence[CostEntry]:
    """The newest ones, without those before anything was published."""
    begun = [
        entry
        for entry in history.entries
        if history.published_from and entry.period.end > history.published_from
    ]
    return begun[-most:]


def _named(entries: Sequence[CostEntry]) -> tuple[list[str], list[str]]:
    """The services with a color of their own, the largest first, and the others."""
    totals: dict[str, Decimal] = {}
    for entry in entries:
        for name, amount in entry.services.items():
            totals[name] = totals.get(name, Decimal()) + abs(amount)
    names = sorted((name for name in totals if totals[name]), key=lambda name: (-totals[name], name))
    return names[:NAMED], names[NAMED:]


def _bars(
    document: Document, entries: Sequence[CostEntry], slots: Mapping[str, int], scale: _Scale
) -> tuple[Bar, ...]:
    history, by_month = document.costs.history, document.frequency == Frequency.MONTHLY
    place = WIDTH / len(entries)
    made_on = document.made_at.date() if document.made_at else None
    bars = []
    for n, entry in enumerate(entries):
        period = entry.period
        open_end = made_on is not None and is_provisional(period, made_on)
        bars.append(
            Bar(
                left=round(n * place, 2),
                place=round(place, 2),
                title=_title(entry, history, provisional=open_end),
                label=_label(period, by_month=by_month),
                segments=tuple(_segments(entry, slots, scale)),
                reported=period in document.period.period,
                provisional=open_end or history.spend(period) is None,
            )
        )
    return tuple(bars)


def _segments(entry: CostEntry, slots: Mapping[str, int], scale: _Scale) -> list[Segment]:
    """The named services in the order of their slots, the others on top; credits below zero."""
    amounts = dict.fromkeys(range(OTHERS + 1), (0.0, 0.0))
    for name, amount in entry.services.items():
        slot = slots.get(name, OTHERS)
        up, down = amounts[slot]
        amounts[slot] = (up + max(float(amount), 0), down + min(float(amount), 0))
    segments, above, below = [], 0.0, 0.0
    for slot, (up, down) in amounts.items():
        if up:
            segments.append(
                Segment(slot, scale.top(above + up), round(scale.top(above) - scale.top(above + up), 2))
            )
            above += up
        if down:
            segments.append(
                Segment(slot, scale.top(below), round(scale.top(below + down) - scale.top(below), 2))
            )
            below += down
    return segments


def _title(entry: CostEntry, history: CostHistory, *, provisional: bool) -> str:
    spend = history.spend(entry.period)
    if spend is None:
        return f"{title_of(entry.period)}: not published"
    lines = [f"{title_of(entry.period)}: {spend}{', may still change' if provisional else ''}"]
    parts = sorted(entry.services.items(), key=lambda part: -abs(part[1]))
    parts = [(name, amount) for name, amount in parts if amount]
    lines += [
        f"{one_line(name, LONGEST_LISTED)}: {Money(amount, history.currency)}"
        for name, amount in parts[:MOST_LISTED]
    ]
    if others := parts[MOST_LISTED:]:
        rest = Money(sum((amount for _, amount in others), Decimal()), history.currency)
        lines.append(f"and {len(others)} others: {rest}")
    return "\n".join(lines)


def _label(period: Period, *, by_month: bool) -> str:
    """Each month, or each Monday."""
    if by_month:
        return f"{period.start:%b}"
    return f"{period.start.day} {period.start:%b}" if period.start.weekday() == 0 else ""


def _usual(history: CostHistory, entries: Sequence[CostEntry], bars: Sequence[Bar], scale: _Scale) -> str:
    """Steps, a day wide each, where three same weekdays before are known."""
    points = []
    for bar, entry in zip(bars, entries, strict=True):
        if usual := usual_for(history, entry.period):
            height = scale.top(float(usual.median.amount))
            points += [f"{bar.left:g},{height:g}", f"{bar.left + bar.place:g},{height:g}"]
    return " ".join(points)


def _keys(
    entries: Sequence[CostEntry],
    currency: str,
    named: Sequence[str],
    others: Sequence[str],
    slots: Mapping[str, int],
) -> tuple[Key, ...]:
    def total(names: Sequence[str]) -> str:
        amounts = (entry.services.get(name, Decimal()) for entry in entries for name in names)
        return str(Money(sum(amounts, Decimal()), currency))

    keys = [Key(slots[name], one_line(name, LONGEST_NAME), total([name])) for name in named]
    if others:
        keys.append(Key(OTHERS, f"{len(others)} other{'s' if len(others) > 1 else ''}", total(others)))
    return tuple(keys)


def _summary(history: CostHistory, entries: Sequence[CostEntry]) -> str:
    known = [(spend, entry.period) for entry in entries if (spend := history.spend(entry.period))]
    low, high = min(known, key=lambda one: one[0].amount), max(known, key=lambda one: one[0].amount)
    return (
        f"{len(entries)} bars. The lowest is {low[0]} ({title_of(low[1])}), "
        f"the highest {high[0]} ({title_of(high[1])})."
    )


def _short_money(amount: float, currency: str, ticks: Sequence[float]) -> str:
    """As few digits as tell the ticks apart: ``$2.5k`` for thousands, cents only where needed."""
    step = ticks[1] - ticks[0]
    thousand = 1000
    if abs(ticks[-1]) >= 10 * thousand:
        digits = f"{abs(amount) / thousand:,.1f}".removesuffix(".0") + ("k" if amount else "")
    else:
        decimals = 0 if step >= 1 and step == int(step) else 2 if step >= 0.01 else 4  # noqa: PLR2004  # cents
        digits = f"{abs(amount):,.{decimals}f}"
    sign = "-" if amount < 0 else ""
    return f"{sign}${digits}" if currency == "USD" else f"{sign}{digits} {currency}"
