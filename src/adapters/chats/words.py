"""What a notice says, in plain English: each destination lays it out, and escapes it, in its own way.

Names that AWS or a tick gave stand in these texts as they are, on one line and not too long. So no text of
these may enter a message as it is: what a destination reads as markup or as a mention is its own to mend.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from adapters.aws.console import console_link, is_filtered
from adapters.chats.amounts import percent_of, signed, sparkline, times, when
from application.notice import FailureNotice, Notice, SpendNotice, Tone
from application.ports.cost_source import CostQuery
from application.text import one_line
from domain.analysis import Analysis, Misfit
from domain.charges import Metric
from domain.closing import Closing
from domain.money import Money, round_together
from domain.movers import Part, top
from domain.outlook import Outlook
from domain.periods import Period
from domain.reports import Report
from domain.scope import WHOLE_BILL
from domain.thresholds import Verdict
from domain.trust import LaterChange

TITLE = "AWS Spend Alert"

LONGEST_NAME = 60
LONGEST_LIST = 160
LONGEST_PROBLEM = 600
"""Characters of a name, of a scope or a list of charges, and of a sentence that quotes what was typed."""

STATUSES = {
    Verdict.EXCEEDED: ("🔔", "🔴", "Exceeded Budget"),
    Verdict.WITHIN: ("✅", "🟢", "Within Budget"),
    Verdict.NOT_PUBLISHED: ("⏳", "🟡", "Not Published Yet"),
}

NO_FIGURE = ("⏳", "🟡", "Nothing Fits The Scope")

JUDGED = {
    Verdict.EXCEEDED: "exceeded",
    Verdict.WITHIN: "within budget",
    Verdict.NOT_PUBLISHED: "not published yet",
}


@dataclass(frozen=True, slots=True)
class Fact:
    """One of the lines that users of the original know.

    Args:
        symbol: An emoji, for who shows them.
        label: What it is.
        value: Its value.
    """

    symbol: str
    label: str
    value: str

    def __str__(self) -> str:
        return f"{self.symbol} {self.label}: {self.value}"


@dataclass(frozen=True, slots=True)
class Detail:
    """What stands below the facts, the most important first.

    Args:
        symbol: An emoji, for who shows them.
        label: What it is about; may be empty.
        text: One or more sentences; may be empty when there are items.
        items: A list.
        ordered: Whether its order counts.
    """

    symbol: str
    label: str
    text: str
    items: tuple[str, ...] = ()
    ordered: bool = False

    @property
    def listed(self) -> Iterator[str]:
        """The items, each with its bullet or number."""
        for n, item in enumerate(self.items, start=1):
            yield f"{n}. {item}" if self.ordered else f"• {item}"


@dataclass(frozen=True, slots=True)
class Words:
    """All that a notice says.

    Args:
        tone: Green, amber or red.
        symbol: The title's emoji.
        headline: The notice in one line, for a notification or a subject.
        happened: What happened, in a sentence or two.
        facts: Account, spend, threshold, status: short, and never left out.
        details: Why, and what comes next.
        links: Where to look closer, as label and address, the best first. Each may be longer than a
            destination takes.
        picture: The address of a chart, for bad news and for the end of it; else empty.
        picture_shows: What the chart shows, for who cannot see it.
    """

    tone: Tone
    symbol: str
    headline: str
    happened: str
    facts: tuple[Fact, ...]
    details: tuple[Detail, ...]
    links: tuple[tuple[str, str], ...]
    picture: str = ""
    picture_shows: str = "What each day cost, by service, against the threshold"

    def link(self, longest: int) -> tuple[str, str] | None:
        """The best link that fits whole; half a link leads nowhere."""
        return next((link for link in self.links if len(link[1]) <= longest), None)


def words_of(notice: Notice) -> Words:
    """Put a notice into words."""
    return _of_spend(notice) if isinstance(notice, SpendNotice) else _of_failure(notice)


def _of_spend(notice: SpendNotice) -> Words:
    report, analysis = notice.report, notice.report.analysis
    symbol, mark, status = NO_FIGURE if _misfit(report) else STATUSES[report.verdict]
    account = name_of(notice)
    threshold = Money(report.threshold.amount, notice.currency)
    happened = " ".join(_events(notice, report))
    return Words(
        tone=notice.tone,
        symbol=symbol,
        headline=f"{account}: {_spend(report)}, {JUDGED[report.verdict]}, threshold {threshold}",
        happened=happened,
        facts=(
            Fact("🏦", "AWS Account", account),
            Fact("💰", "Current Spend", _spend(report)),
            Fact("🎯", "Threshold", f"{threshold}{_compared(report)}"),
            Fact(mark, "Status", status),
        ),
        details=tuple(_details(notice, report, analysis)) if analysis else (),
        links=tuple(_links(notice)),
        picture=f"{notice.page}.png" if notice.page and (notice.tone is not Tone.GOOD or happened) else "",
    )


def _of_failure(notice: FailureNotice) -> Words:
    problems = tuple(one_line(problem, LONGEST_PROBLEM) for problem in notice.problems)
    happened = problems[0] if len(problems) == 1 else f"{len(problems)} settings cannot be used as they are."
    account = name_of(notice)
    known = (Fact("🏦", "AWS Account", account),) if account else ()
    steps = notice.way_in.steps if notice.way_in else ()
    listed = (Detail("❗", "Settings", "", problems),) if len(problems) > 1 else ()
    return Words(
        tone=notice.tone,
        symbol="⚠️",
        headline=f"{f'{account}: ' if account else ''}the check failed: {happened}",
        happened=happened,
        facts=(*known, Fact("🔴", "Status", f"Check Failed ({when(notice.period)})")),
        details=(*listed, Detail("🔧", "What to do", notice.remedy, steps, ordered=True)),
        links=(("the way in", notice.way_in.link),) if notice.way_in and notice.way_in.link else (),
    )


def name_of(notice: Notice) -> str:
    """Whose spend."""
    return one_line(notice.account.id, LONGEST_NAME)


def _misfit(report: Report) -> Misfit | None:
    return report.analysis.misfit if report.analysis else None


def _spend(report: Report) -> str:
    if _misfit(report):
        return f"no figure ({when(report.period)})"
    if report.spend is None:
        return f"not published yet ({when(report.period)})"
    so_far = " so far" if report.verdict is Verdict.NOT_PUBLISHED else ""
    return f"{report.spend}{so_far} ({when(report.period)})"


def _compared(report: Report) -> str:
    if report.spend is None or report.verdict is Verdict.NOT_PUBLISHED:
        return ""
    percent = percent_of(report.spend.amount, report.threshold.amount)
    notes = [f"{percent} spent"] if percent else []
    if report.verdict is Verdict.EXCEEDED:
        notes.append(f"exceeded by {report.threshold.excess(report.spend)}")
    return f" ({', '.join(notes)})" if notes else ""


def _events(notice: SpendNotice, report: Report) -> Iterator[str]:
    """What makes this report more than the usual one."""
    analysis = report.analysis
    if misfit := _misfit(report):
        yield _nothing_fits(misfit, notice.question)
    elif report.verdict is Verdict.NOT_PUBLISHED:
        yield from _pending(report)
    if report.corrects and report.before:
        was, now = JUDGED[report.before.verdicts[-1]], JUDGED[report.verdict]
        at = f" at {report.before.spend}" if report.before.spend else ""
        yield (
            f"Correction: told before as {was}{at}; now {now} at {report.spend}, "
            "since AWS has changed its figures."
        )
    if report.milestone:
        yield f"Milestone: {report.milestone.normalize():f}% of the threshold reached."
    if report.spike and report.spend and analysis and analysis.usual:
        usual = analysis.usual.median
        above = report.spend - usual
        percent = percent_of(above.amount, usual.amount)
        yield (
            f"Spike: {above}{f' ({percent})' if percent else ''} above what a "
            f"{report.period.start:%A} usually costs."
        )
    if analysis and analysis.episode:
        episode = analysis.episode
        count = f"{'at least ' if episode.is_older else ''}{times(episode.periods, report.period)}"
        yield f"Back within budget after {count} over it, by {episode.over} in total."


def _pending(report: Report) -> Iterator[str]:
    missing, pending = "AWS has not published all costs of this period yet", report.pending
    if pending is None:
        yield f"{missing}; you will be told when it has."
        return
    yield f"{missing}; the report comes when it has, likely on {pending.next_look:%Y-%m-%d at %H:%M} UTC."
    if report.spend and pending.share:
        yield f"On a usual day about {pending.share:.0%} is there by now."
    if pending.usual:
        yield f"A {report.period.start:%A} usually costs {pending.usual}."


def _closing(closing: Closing) -> str:
    change = _change(closing.spend, closing.spend_before, closing.month_before)
    return f"{closing.month} cost {closing.spend}, {change}."


def _nothing_fits(misfit: Misfit, question: CostQuery) -> str:
    scope = one_line(str(question.scope), LONGEST_LIST)
    near = ", ".join(one_line(name, LONGEST_NAME) for name in misfit.near)
    hint = f"Near it in the bill: {near}." if near else "Names must be spelled as in Cost Explorer."
    activated = " A tag must be activated as a cost allocation tag." if question.scope.tags else ""
    return f"Nothing in {when(question.window)} fits the scope {scope}. {hint}{activated}"


def _details(notice: SpendNotice, report: Report, analysis: Analysis) -> Iterator[Detail]:
    if report.spend:
        yield from _why(notice, report.spend, analysis)
    yield from _shape(analysis)
    if report.closing:
        yield Detail("📆", "Closed month", _closing(report.closing))
    if analysis.outlook:
        yield Detail("➡️", "Next", _outlook(analysis.outlook))
    sentences = " ".join(_trust(notice, report, analysis))
    if sentences:
        yield Detail("🔎", "Note", sentences)


def _why(notice: SpendNotice, spend: Money, analysis: Analysis) -> Iterator[Detail]:
    report, sentences = notice.report, []
    if analysis.before and analysis.spend_before:
        sentences.append(_change(spend, analysis.spend_before, analysis.before))
    if usual := analysis.usual:
        sentences.append(
            f"a {report.period.start:%A} usually costs {usual.median} ({usual.lowest} to {usual.highest})"
        )
    parts = tuple(_parts(analysis.parts, spend.currency))
    if sentences or parts:
        yield Detail("📊", "Why", f"{'; '.join(sentences)}." if sentences else "", parts)
    if not notice.history.is_divided:
        yield Detail(
            "🧩",
            "",
            "What it is made of is not known: AWS's answer by service has too many pages to pay for.",
        )
    if off := analysis.taken_off:
        taken = Money(-off.amount, off.currency)
        yield Detail("🎁", "", f"Credits and refunds take {taken} off: {spend - off} without them.")
    if len(analysis.accounts) > 1:
        yield Detail("🏢", "Linked accounts", "", tuple(_parts(analysis.accounts, spend.currency)))


def _change(spend: Money, before: Money, period: Period) -> str:
    change = spend.in_cents() - before.in_cents()
    if change == 0:
        return f"the same as {before} ({when(period)})"
    percent = percent_of(abs(change), before.amount)
    return (
        f"{'up' if change > 0 else 'down'} {Money(abs(change), before.currency)}"
        f"{f' ({percent})' if percent else ''} from {before} ({when(period)})"
    )


def _parts(parts: Sequence[Part], currency: str) -> Iterator[str]:
    """The top three and the others; the cents that are shown add up to those shown for the whole."""
    shown = top(parts)
    amounts = round_together([part.amount for part in shown])
    amounts_before = round_together([part.before or Decimal() for part in shown])
    for part, amount, before in zip(shown, amounts, amounts_before, strict=True):
        change = Money(amount - before, currency)
        notes = [] if part.before is None or (part.is_new and not change.amount) else [signed(change)]
        notes += ["new"] if part.is_new else []
        note = f" ({', '.join(notes)})" if notes else ""
        yield f"{one_line(part.name, LONGEST_NAME)}: {Money(amount, currency)}{note}"


def _shape(analysis: Analysis) -> Iterator[Detail]:
    known = [spend for _, spend in analysis.shape if spend]
    if len(known) > 1:
        low, high = min(known, key=lambda spend: spend.amount), max(known, key=lambda spend: spend.amount)
        unit = "months" if analysis.shape[0][0].is_whole_month else "days"
        line = sparkline([spend for _, spend in analysis.shape])
        yield Detail("📈", f"Last {len(analysis.shape)} {unit}", f"{line} ({low} to {high})")


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
    reached = f"reached on {outlook.reached_on}" if outlook.reached_on else "not reached this month"
    return f"at {outlook.pace} a day the threshold is {reached}; {heading}."


def _trust(notice: SpendNotice, report: Report, analysis: Analysis) -> Iterator[str]:
    question = notice.question
    if report.spend is None and not analysis.misfit and not any(spend for _, spend in analysis.shape):
        yield "AWS shows no costs before it either: none arose, or the account is new."
    if report.spend and analysis.counted != report.period:
        yield f"Costs after {analysis.counted.last_day} are not published yet."
    if report.spend and analysis.provisional:
        yield f"Provisional: AWS may still change it{_usual_change(analysis.later_change)}."
    if question.metric is not Metric.AMORTIZED:
        yield f"Counted as {question.metric}."
    if question.excluded_record_types:
        yield f"Left out: {one_line(', '.join(question.excluded_record_types), LONGEST_LIST)}."
    if question.scope:
        yield f"Only: {one_line(str(question.scope), LONGEST_LIST)}."


def _usual_change(later: LaterChange | None) -> str:
    if later is None:
        return ""
    by = f"by about {later.percent:+.0f}%" if abs(later.percent) >= Decimal("0.5") else "by next to nothing"
    return f", as a rule {by} ({later.periods} earlier figures looked at)"


def _links(notice: SpendNotice) -> Iterator[tuple[str, str]]:
    """To its page if it has one; else to the same view in the console, or a shorter one of the whole bill."""
    if notice.page:
        yield "Report", notice.page
        return
    question, period, currency = notice.question, notice.report.period, notice.currency
    yield "Cost Explorer", console_link(question, period, currency)
    if is_filtered(question):
        whole_bill = replace(question, scope=WHOLE_BILL, excluded_record_types=())
        yield "Cost Explorer, whole bill", console_link(whole_bill, period, currency)
