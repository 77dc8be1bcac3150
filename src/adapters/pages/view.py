"""What the page of a report says, in words; the template only places them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal

import msgspec

from adapters.pages.chart import chart_of, title_of
from adapters.pages.colors import OTHERS
from adapters.pages.document import Amount, Document, MonthOutlook, PartSpend
from adapters.pages.shown import Meter, Month, ReportView, Row, Table
from application.text import one_line
from domain.money import Money
from domain.periods import Frequency

LONGEST_NAME = 100
LONGEST_SENTENCE = 600
MOST_ROWS = 100
FIRST_ROWS = 10
"""Of a table; the rest unfolds."""

LEAST_SHARE = 1
"""Percent of the largest change, to have a color."""

VERDICTS = {"within": "Within budget", "exceeded": "Over budget", "not-published": "Not published yet"}
TOLD = {"within": "within budget", "exceeded": "over budget", "not-published": "not published yet"}
FREQUENCIES = {
    Frequency.DAILY: "Daily check",
    Frequency.WEEKLY: "Weekly check",
    Frequency.MONTHLY: "Monthly check",
    Frequency.MONTH_TO_DATE: "Month to date",
}


def view_of(document: Document, until: datetime | None = None) -> ReportView:
    """Put a report into the words of its page."""
    chart = chart_of(document)
    slots = {key.name: key.slot for key in chart.keys if key.slot != OTHERS} if chart else {}
    return ReportView(
        subject=tuple(_subject(document)),
        spend=_money(document.spend) or ("No figure" if document.misfit is not None else "Not published yet"),
        period=title_of(document.period.period),
        tone=document.tone,
        verdict="" if document.misfit is not None else VERDICTS.get(document.verdict, document.verdict),
        against=_against(document),
        meter=_meter(document),
        events=tuple(_events(document)),
        why=tuple(_why(document)),
        chart=chart,
        services=_table(document.services, slots),
        accounts=_table(document.linked_accounts, {}),
        month=_month(document.outlook) if document.outlook else None,
        told=tuple(_told(document)),
        notes=tuple(_notes(document)),
        asked=msgspec.json.format(msgspec.json.encode(document.asked), indent=2).decode(),
        derived=tuple(document.derived),
        link=document.link or "",
        made_at=f"{_moment(document.made_at)} UTC" if document.made_at else "",
        until=_date(until.date()) if until else "",
    )


def _subject(document: Document) -> Iterator[str]:
    if document.account_id:
        name = one_line(document.account_name, LONGEST_NAME)
        yield (
            f"{name}, AWS account {one_line(document.account_id)}"
            if name
            else f"AWS account {one_line(document.account_id)}"
        )
    if document.frequency in FREQUENCIES:
        yield FREQUENCIES[Frequency(document.frequency)]
    if document.scope:
        yield f"Only {one_line(document.scope)}"


def _against(document: Document) -> str:
    if document.threshold is None:
        return ""
    threshold = document.threshold.money
    if document.spend is None or document.excess is None:
        return f"The threshold is {threshold}."
    excess = document.excess.money
    share = _percent(abs(excess.amount), threshold.amount)
    if document.verdict == "exceeded":
        return f"{excess} over the threshold of {threshold}{f' ({share})' if share else ''}."
    left = Money(-excess.amount, excess.currency)
    if document.verdict == "within":
        return f"{left} under the threshold of {threshold}."
    return f"The threshold is {threshold}; AWS has not published all of it yet."


def _meter(document: Document) -> Meter | None:
    if document.spend is None or document.threshold is None:
        return None
    spend, threshold = document.spend.money, document.threshold.money
    return _meter_of(spend.amount, spend.amount, threshold.amount, f"{spend} of {threshold}")


def _meter_of(spent: Decimal, expected: Decimal, limit: Decimal | None, label: str) -> Meter:
    whole = max(spent, expected, limit or Decimal()) * Decimal("1.04")
    if whole <= 0:
        return Meter(0, 0, None, label)

    def place(amount: Decimal) -> float:
        return round(float(100 * max(amount, Decimal()) / whole), 2)

    return Meter(
        place(spent), max(place(expected), place(spent)), None if limit is None else place(limit), label
    )


def _events(document: Document) -> Iterator[str]:
    """As the channel was told; a document of an older version says it by its figures."""
    if document.happened:
        yield from (one_line(sentence, LONGEST_SENTENCE) for sentence in document.happened)
        return
    if document.misfit is not None:
        near = ", ".join(one_line(name, LONGEST_NAME) for name in document.misfit)
        yield f"Nothing in all the days that AWS was asked for fits the scope {one_line(document.scope)}."
        yield f"Near it in the bill: {near}." if near else "Names must be spelled as in Cost Explorer."
    elif document.verdict == "not-published":
        yield "AWS has not published all costs of this period yet. The channel is told when it has."
    if document.correction and document.told and document.told.verdicts:
        was, now = document.told.verdicts[-1], document.verdict
        yield (
            f"Correction: told before as {TOLD.get(was, was)} at {_money(document.told.spend)}; now "
            f"{TOLD.get(now, now)}, since AWS has changed its figures."
        )
    if document.milestone:
        yield f"Milestone: {document.milestone}% of the threshold reached."
    if document.spike:
        yield f"Spike: far above what a {document.period.start:%A} usually costs."
    if episode := document.episode:
        least = "at least " if episode.may_be_longer else ""
        yield (
            f"Back within budget after {least}{_count(episode.periods, _unit(document))} over it, "
            f"by {_money(episode.over)} in total."
        )


def _why(document: Document) -> Iterator[str]:
    if (before := document.compared_with) and before.spend and before.change:
        change = before.change.money
        share = _percent(abs(change.amount), before.spend.money.amount)
        moved = "Up" if change.amount > 0 else "Down"
        by = f"{moved} {Money(abs(change.amount), change.currency)}{f' ({share})' if share else ''} from"
        compared = by if change.in_cents() else "The same as"
        yield f"{compared} {_money(before.spend)} ({title_of(before.period)})."
    if usual := document.usual:
        spread = (
            f" ({_money(usual.lowest)} to {_money(usual.highest)})" if usual.lowest and usual.highest else ""
        )
        yield f"A {usual.weekday} usually costs {_money(usual.median)}{spread}."
    if (off := document.taken_off) and document.spend:
        taken = Money(-off.money.amount, off.money.currency)
        yield f"Credits and refunds take {taken} off: {document.spend.money - off.money} without them."
    if closing := document.closing:
        months = (closing.month, closing.month_before)
        yield f"{'; '.join(f'{title_of(one.period)} cost {_money(one.spend)}' for one in months)}."


def _table(parts: Sequence[PartSpend], slots: dict[str, int]) -> Table:
    largest = max((abs(part.change.money.amount) for part in parts if part.change), default=Decimal())
    rows = tuple(_row(part, slots, largest) for part in parts[:MOST_ROWS])
    compared = any(row.change for row in rows)
    return Table(
        rows[:FIRST_ROWS],
        rows[FIRST_ROWS:],
        max(len(parts) - MOST_ROWS, 0),
        compared=compared,
        has_usual=any(row.usual for row in rows),
    )


def _row(part: PartSpend, slots: dict[str, int], largest: Decimal) -> Row:
    change = part.change.money if part.change else None
    share = float(100 * abs(change.amount) / largest) if change and largest else 0
    direction = "up" if change and change.amount > 0 else "down"
    return Row(
        slot=slots.get(one_line(part.name, 60)),
        name=one_line(part.name, LONGEST_NAME),
        spend=_money(part.spend),
        change=_signed(change) if change else "",
        moved=direction if share >= LEAST_SHARE else "",
        usual=_money(part.usual),
        new=part.new,
        share=round(share, 1),
    )


def _month(outlook: MonthOutlook) -> Month:
    spend = outlook.spend.money
    heading = outlook.by_month_end.money if outlook.by_month_end else None
    limit = outlook.threshold.money if outlook.threshold else None
    title = f"{outlook.month.start:%B %Y}"
    facts = [(f"So far, to {_date(outlook.until, last=True)}", str(spend))]
    if before := outlook.month_before:
        facts.append((f"{title_of(before.period)}", _money(before.spend) or "not published"))
    if heading:
        facts.append(("Heading for", f"{heading} by the end of {outlook.month.start:%B}"))
    if outlook.to_come and outlook.to_come.money.amount:
        facts.append(("Still to come, as on the last 1st", _money(outlook.to_come)))
    if outlook.pace_per_day:
        facts.append(("Pace of a usual day", _money(outlook.pace_per_day)))
    if limit:
        facts.append(("Threshold", str(limit)))
        facts.append(("Reached", _reached(outlook)))
    label = (
        f"{spend} so far"
        + (f", heading for {heading}" if heading else "")
        + (f", of {limit}" if limit else "")
    )
    expected = heading.amount if heading else spend.amount
    return Month(
        title, _meter_of(spend.amount, expected, limit.amount if limit else None, label), tuple(facts)
    )


def _reached(outlook: MonthOutlook) -> str:
    day = outlook.threshold_reached_on
    if day is None:
        return "not this month, at that pace" if outlook.pace_per_day else "not known"
    return f"on {_date(day)}" + ("" if day < outlook.until else ", at that pace")


def _told(document: Document) -> Iterator[str]:
    told = document.told
    if told is None:
        return
    for n, verdict in enumerate(told.verdicts):
        said = TOLD.get(verdict, verdict)
        if n == 0 and told.first_spend and verdict != "not-published":
            said += f", at {_money(told.first_spend)}"
        yield f"{'First' if n == 0 else 'Then'}: {said}."
    if told.spend and told.spend != told.first_spend:
        yield f"The figure told last was {_money(told.spend)}."


def _notes(document: Document) -> Iterator[str]:
    yield from _may_change(document)
    if document.published_until:
        yield f"AWS has published costs up to {_date(document.published_until, last=True)}."
    elif document.misfit is None and document.spend is None:
        yield "AWS shows no costs before it either: none arose, or the account is new."
    if not (document.told and document.told.verdicts):
        yield "This is the first word on this period."
    if not document.divided:
        yield "What it is made of is not known: AWS's answer by service has too many pages to pay for."
    if document.metric:
        yield f"Counted as {one_line(document.metric)}."
    if document.excluded_charges:
        yield f"Left out: {one_line(', '.join(document.excluded_charges))}."
    if document.costs.currency != "USD":
        yield f"AWS bills this account in {one_line(document.costs.currency)}."


def _may_change(document: Document) -> Iterator[str]:
    if document.spend and not document.whole and document.verdict != "not-published":
        yield "AWS may not have published all of it yet."
    if document.spend and document.provisional:
        later = ""
        if change := document.later_change:
            by = f"{float(change.percent):+.0f}%"
            later = f", as a rule by about {by} ({change.periods} earlier figures looked at)"
        yield f"Provisional: AWS may still change it{later}."


def _unit(document: Document) -> str:
    period = document.period.period
    days = (period.end - period.start).days
    return "day" if days == 1 else "month" if period.is_whole_month else "week"


def _count(number: int, unit: str) -> str:
    return f"{number} {unit}{'' if number == 1 else 's'}"


def _percent(amount: Decimal, whole: Decimal) -> str:
    if whole <= 0:
        return ""
    percent = 100 * amount / whole
    if percent >= 10_000:  # noqa: PLR2004  # beyond that the figure says less than the word
        return "over 10,000%"
    return f"{percent:,.0f}%" if percent >= 1 else "under 1%"


def _money(amount: Amount | None) -> str:
    return str(amount.money) if amount else ""


def _signed(change: Money) -> str:
    if change.in_cents() == 0:
        return "no change"
    return f"+{change}" if change.amount > 0 else str(change).replace("-", "−", 1)


def _date(day: date, *, last: bool = False) -> str:
    """``Sun 22 Nov 2026``; with ``last`` the day before an end that is exclusive."""
    shown = date.fromordinal(day.toordinal() - 1) if last else day
    return f"{shown:%a} {shown.day} {shown:%b %Y}"


def _moment(moment: datetime) -> str:
    return f"{_date(moment.date())}, {moment:%H:%M}"
