"""Telex's words. They read well as plain text and as markdown; the first six lines say it all."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from adapters.aws.console import console_link
from application.notice import FailureNotice, Notice, SpendNotice
from application.ports.cost_source import CostQuery
from application.text import one_line
from domain.analysis import Analysis, Misfit
from domain.charges import Metric
from domain.costs import CostHistory
from domain.money import Money, round_together
from domain.movers import Part, top
from domain.outlook import Outlook
from domain.periods import Period
from domain.reports import Report
from domain.scope import WHOLE_BILL
from domain.thresholds import Verdict
from domain.trust import LaterChange

LONGEST = 2000
"""Characters in a message. Source: TELEX.md, no limit is known: keep to 2,000."""

LONGEST_NAME = 60
LONGEST_LIST = 160
LONGEST_PROBLEM = 600
"""Characters of a name, of a scope or a list of charges, and of a sentence that quotes, all from outside."""

MARKUP = str.maketrans("", "", "<>[]*_\\`@#|")
"""What a Telex channel would read as markup, a mention or a link. Source: TELEX.md, rendering."""

MARKUP_IN_SENTENCES = str.maketrans("", "", "<>[]\\`@#|")
"""Our own sentences name settings and quote what was typed: ``_`` and ``*`` are at worst italics."""

TITLE = "AWS Spend Alert"
BARS = "▁▂▃▄▅▆▇█"
NOTHING = "·"
HALF = Decimal("0.5")


@dataclass(frozen=True, slots=True)
class Message:
    """What a Telex channel reads.

    Args:
        text: Lines of plain text, at most 2,000 characters.
        good: Whether it is shown as good news (green) or as bad (red); there is no third.
    """

    text: str
    good: bool

    def __post_init__(self) -> None:
        if len(self.text) > LONGEST:
            object.__setattr__(self, "text", self.text[: LONGEST - 1] + "…")


def message_of(notice: Notice) -> Message:
    """Put a notice into words."""
    return _of_spend(notice) if isinstance(notice, SpendNotice) else _of_failure(notice)


def harmless(text: str, limit: int = 200) -> str:
    """Text from outside without markup and mentions, on one line, cut at ``limit``."""
    return one_line(one_line(text, 10 * limit).translate(MARKUP), limit)


def _of_spend(notice: SpendNotice) -> Message:
    """Say what a period cost, whether that is within budget, and what is behind it."""
    report, query = notice.report, notice.question
    lines = [*_headline(notice), *_events(notice)]
    if report.analysis:
        details = [
            *_why(report, report.analysis, notice.history),
            *_shape(report.analysis),
            *_trust(report, report.analysis, query),
            *_next(report.analysis),
        ]
        lines += ["", *details] if details else []
    text = "\n".join(lines)
    if notice.page:
        text += f"\n🔗 Report: {notice.page}"
    else:
        text += _link(notice, room=LONGEST - len(text))
    return Message(text, good=report.verdict is not Verdict.EXCEEDED)


def _of_failure(notice: FailureNotice) -> Message:
    """Say that a check could not be made, why, and the one thing to do about it."""
    problems = [
        one_line(problem.translate(MARKUP_IN_SENTENCES), LONGEST_PROBLEM) for problem in notice.problems
    ]
    lines = [
        f"⚠️ {TITLE}",
        "",
        f"🏦 AWS Account: {harmless(notice.account.id) or 'unknown'}",
        f"📅 Period: {notice.period}",
        "🔴 Status: Check Failed",
        *(f"❗ {problem}" for problem in problems),
        f"🔧 What to do: {notice.remedy}",
    ]
    if notice.way_in:
        lines += [f"{n}. {step}" for n, step in enumerate(notice.way_in.steps, start=1)]
    return Message("\n".join(lines), good=False)


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


def _bar(amount: Decimal, highest: Decimal) -> str:
    return BARS[int((len(BARS) - 1) * amount / highest + HALF)] if amount > 0 else BARS[0]


def _headline(notice: SpendNotice) -> list[str]:
    report = notice.report
    threshold = str(Money(report.threshold.amount, notice.currency))
    match report.verdict:
        case Verdict.EXCEEDED:
            symbol, status = "🔔", "🔴 Status: Exceeded Budget"
            threshold += f" ({_excess(report)})"
        case Verdict.WITHIN:
            symbol, status = "✅", "🟢 Status: Within Budget"
        case Verdict.NOT_PUBLISHED:
            symbol, status = "⏳", "🟡 Status: Not Published Yet"
    if _misfit(report):
        symbol, status = "⏳", "🟡 Status: Nothing Fits The Scope"
    return [
        f"{symbol} {TITLE}",
        "",
        f"🏦 AWS Account: {harmless(notice.account.id)}",
        f"💰 Current Spend: {_spend(report)}",
        f"🎯 Threshold: {threshold}",
        status,
    ]


def _misfit(report: Report) -> Misfit | None:
    return report.analysis.misfit if report.analysis else None


def _spend(report: Report) -> str:
    if _misfit(report):
        return f"no figure ({report.period})"
    if report.spend is None:
        return f"not published yet ({report.period})"
    so_far = " so far" if report.verdict is Verdict.NOT_PUBLISHED else ""
    return f"{report.spend}{so_far} ({report.period})"


def _excess(report: Report) -> str:
    if report.spend is None:
        return "exceeded"
    excess = report.threshold.excess(report.spend)
    percent = percent_of(excess.amount, report.threshold.amount)
    return f"exceeded by {excess}" + (f", {percent}" if percent else "")


def _events(notice: SpendNotice) -> Iterator[str]:
    """What makes this report more than the usual one."""
    report, analysis = notice.report, notice.report.analysis
    if misfit := _misfit(report):
        yield _nothing_fits(misfit, notice.question)
    elif report.verdict is Verdict.NOT_PUBLISHED:
        yield "ℹ️ AWS has not published all costs of this period yet; you will be told when it has."
    if report.corrects and report.before:
        was = "exceeded" if report.before.verdicts[-1] is Verdict.EXCEEDED else "within budget"
        now = "exceeded" if report.verdict is Verdict.EXCEEDED else "within budget"
        at = f" at {report.before.spend}" if report.before.spend else ""
        yield (
            f"✏️ Correction: told before as {was}{at}; now {now} at {report.spend}, "
            "since AWS has changed its figures."
        )
    if report.milestone:
        yield f"🏁 Milestone: {report.milestone.normalize():f}% of the threshold reached."
    if report.spike and report.spend and analysis and analysis.usual:
        usual = analysis.usual.median
        above = report.spend - usual
        percent = percent_of(above.amount, usual.amount)
        yield (
            f"⚡ Spike: {above}{f' ({percent})' if percent else ''} above what a "
            f"{report.period.start:%A} usually costs."
        )
    if analysis and analysis.episode:
        episode = analysis.episode
        count = f"{'at least ' if episode.is_older else ''}{_periods(episode.periods, report.period)}"
        yield f"↩️ Back within budget after {count} over it, by {episode.over} in total."


def _nothing_fits(misfit: Misfit, query: CostQuery) -> str:
    scope = harmless(str(query.scope), LONGEST_LIST)
    near = ", ".join(harmless(name, LONGEST_NAME) for name in misfit.near)
    hint = f"Near it in the bill: {near}." if near else "Names must be spelled as in Cost Explorer."
    activated = " A tag must be activated as a cost allocation tag." if query.scope.tags else ""
    days = f"from {query.window.start} to {query.window.last_day}"
    return f"ℹ️ Nothing {days} fits the scope {scope}. {hint}{activated}"


def _periods(count: int, period: Period) -> str:
    days = (period.end - period.start).days
    unit = "day" if days == 1 else "month" if period.is_whole_month else "week"
    return f"{count} {unit}{'' if count == 1 else 's'}"


def _why(report: Report, analysis: Analysis, history: CostHistory) -> Iterator[str]:
    sentences = []
    if report.spend and analysis.before and analysis.spend_before:
        sentences.append(_change(report.spend, analysis.spend_before, analysis.before))
    if usual := analysis.usual:
        sentences.append(
            f"a {report.period.start:%A} usually costs {usual.median} ({usual.lowest} to {usual.highest})"
        )
    if sentences:
        yield f"📊 Why: {'; '.join(sentences)}."
    if not history.is_divided:
        yield "🧩 What it is made of is not known: AWS's answer by service has too many pages to pay for."
    if report.spend:
        yield from _parts(analysis.parts, report.spend.currency)
        if off := analysis.taken_off:
            taken = Money(-off.amount, off.currency)
            yield f"🎁 Credits and refunds take {taken} off: {report.spend - off} without them."
        if len(analysis.accounts) > 1:
            yield "🏢 Linked accounts:"
            yield from _parts(analysis.accounts, report.spend.currency)


def _change(spend: Money, before: Money, period: Period) -> str:
    change = spend.in_cents() - before.in_cents()
    if change == 0:
        return f"the same as {before} ({period})"
    percent = percent_of(abs(change), before.amount)
    return (
        f"{'up' if change > 0 else 'down'} {Money(abs(change), before.currency)}"
        f"{f' ({percent})' if percent else ''} from {before} ({period})"
    )


def _parts(parts: Sequence[Part], currency: str) -> Iterator[str]:
    """The top three and the others; the cents that are shown add up to those shown for the whole."""
    shown = top(parts)
    amounts = round_together([part.amount for part in shown])
    amounts_before = round_together([part.before or Decimal() for part in shown])
    for part, amount, before in zip(shown, amounts, amounts_before, strict=True):
        change = Money(amount - before, currency)
        notes = [] if part.before is None or (part.is_new and not change.amount) else [_signed(change)]
        notes += ["new"] if part.is_new else []
        note = f" ({', '.join(notes)})" if notes else ""
        yield f"• {harmless(part.name, LONGEST_NAME)}: {Money(amount, currency)}{note}"


def _signed(change: Money) -> str:
    if change.amount == 0:
        return "no change"
    return f"{'+' if change.amount > 0 else ''}{change}"


def _shape(analysis: Analysis) -> Iterator[str]:
    known = [spend for _, spend in analysis.shape if spend]
    if len(known) > 1:
        low, high = min(known, key=lambda spend: spend.amount), max(known, key=lambda spend: spend.amount)
        unit = "months" if analysis.shape[0][0].is_whole_month else "days"
        line = sparkline([spend for _, spend in analysis.shape])
        yield f"📈 Last {len(analysis.shape)} {unit}: {line} ({low} to {high})"


def _trust(report: Report, analysis: Analysis, query: CostQuery) -> Iterator[str]:
    sentences = []
    if report.spend is None and not analysis.misfit and not any(spend for _, spend in analysis.shape):
        sentences.append("AWS shows no costs before it either: none arose, or the account is new.")
    if report.spend and analysis.counted != report.period:
        sentences.append(f"Costs after {analysis.counted.last_day} are not published yet.")
    if report.spend and analysis.provisional:
        sentences.append(f"Provisional: AWS may still change it{_usual_change(analysis.later_change)}.")
    if query.metric is not Metric.AMORTIZED:
        sentences.append(f"Counted as {query.metric}.")
    if query.excluded_record_types:
        sentences.append(f"Left out: {harmless(', '.join(query.excluded_record_types), LONGEST_LIST)}.")
    if query.scope:
        sentences.append(f"Only: {harmless(str(query.scope), LONGEST_LIST)}.")
    if sentences:
        yield f"🔎 {' '.join(sentences)}"


def _usual_change(later: LaterChange | None) -> str:
    if later is None:
        return ""
    by = f"by about {later.percent:+.0f}%" if abs(later.percent) >= Decimal("0.5") else "by next to nothing"
    return f", as a rule {by} ({later.periods} earlier figures looked at)"


def _next(analysis: Analysis) -> Iterator[str]:
    if analysis.outlook:
        yield f"➡️ Next: {_outlook(analysis.outlook)}"


def _link(notice: SpendNotice, room: int) -> str:
    """To this very view; to the whole bill when the filter makes that too long. Half a link leads nowhere."""
    period, query = notice.report.period, notice.question
    link = f"\n🔗 Cost Explorer: {console_link(query, period, notice.currency)}"
    if len(link) > room:
        whole_bill = replace(query, scope=WHOLE_BILL, excluded_record_types=())
        link = f"\n🔗 Cost Explorer, whole bill: {console_link(whole_bill, period, notice.currency)}"
    return link if len(link) <= room else ""


def _outlook(outlook: Outlook) -> str:
    month = f"{outlook.month.start:%B}"
    if outlook.pace is None:
        share = percent_of(outlook.spend.amount, outlook.threshold.amount) if outlook.threshold else ""
        return f"{month} so far {outlook.spend}{f' ({share} of the threshold)' if share else ''}."
    heading = f"about {outlook.by_month_end} by the end of {month}"
    if outlook.threshold is None:
        return f"{month} so far {outlook.spend}; {heading} at {outlook.pace} a day."
    if outlook.reached_on and outlook.reached_on < outlook.until:
        return f"the threshold was reached on {outlook.reached_on}; {heading} at {outlook.pace} a day."
    when = f"reached on {outlook.reached_on}" if outlook.reached_on else "not reached this month"
    return f"at {outlook.pace} a day the threshold is {when}; {heading}."
