"""What a report says: what happened, the facts, and if anything happened, why and what comes next."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from decimal import Decimal

from adapters.aws.console import console_link, is_filtered
from adapters.chats.advice import coaching_in_words
from adapters.chats.amounts import about, percent_of, signed, sparkline, unit, when
from adapters.chats.causes import is_no_usage, not_usage_in_words
from adapters.chats.happened import change_in_words, events, month_in_words, quiet_words, week_in_words
from adapters.chats.part_words import limit_in_words, part_details
from adapters.chats.words import JUDGED, LONGEST_LIST, LONGEST_NAME, Detail, Fact, Words, name_of
from application.notice import SpendNotice, Tone
from application.text import one_line
from domain.analysis import Analysis
from domain.charges import Metric
from domain.money import Money, round_together
from domain.movers import NAMED, Part, top
from domain.outlook import Outlook
from domain.periods import Frequency
from domain.reports import Report
from domain.restated import Restated
from domain.scope import WHOLE_BILL
from domain.thresholds import UNLIMITED, Verdict
from domain.trust import LaterChange

STATUSES = {
    Verdict.EXCEEDED: ("🔔", "🔴", "Exceeded Budget"),
    Verdict.WITHIN: ("✅", "🟢", "Within Budget"),
    Verdict.NOT_PUBLISHED: ("⏳", "🟡", "Not Published Yet"),
}
ACCOUNTS_NAMED = 5

WARNING = ("📈", "🟡", "Within Budget")
SPIKE = ("⚡", "🟡", "Within Budget")
NO_FIGURE = ("⏳", "🟡", "Nothing Fits The Scope")

NEAR = Decimal("0.9")
"""Of the threshold: from there on, what AWS usually adds later may turn the verdict, if that is not known."""


def words_of_spend(notice: SpendNotice) -> Words:
    """Put a report into words. A good day on which nothing happened is short."""
    report, analysis = notice.report, notice.report.analysis
    symbol, mark, status = _status(report)
    happened = list(events(notice))
    is_itself_quiet = report.verdict is Verdict.WITHIN and len(happened) == len(notice.also)
    is_quiet = is_itself_quiet and not notice.also
    account, spend = name_of(notice.account), _spend(report)
    limit = limit_in_words(notice)
    if analysis and not happened:
        happened = list(quiet_words(notice, analysis))
    if report.week:
        happened.insert(0 if is_quiet else len(happened), week_in_words(report.week))
    said = " ".join(happened)
    return Words(
        tone=notice.tone,
        symbol=STATUSES[Verdict.EXCEEDED][0] if notice.tone is Tone.BAD else symbol,
        headline=f"{account}: {spend}, {JUDGED[report.verdict]}, threshold {limit}",
        happened=said,
        facts=(
            Fact("🏦", "AWS Account", account),
            Fact("💰", "Current Spend", spend),
            Fact("🎯", "Threshold", f"{limit}{_compared(report)}"),
            Fact(mark, "Status", status),
        ),
        details=tuple(_details(notice, analysis, said, is_quiet=is_itself_quiet)) if analysis else (),
        links=tuple(_links(notice)),
        is_quiet=is_quiet,
        picture=f"{notice.page}.png" if notice.page and not is_quiet else "",
    )


def _status(report: Report) -> tuple[str, str, str]:
    """The title's emoji, the status's, and the status. A spike, or a warning, is never green."""
    if report.analysis and report.analysis.misfit:
        return NO_FIGURE
    is_warned = report.forecast is not None and not report.forecast.is_back
    if (report.spike or is_warned) and report.verdict is Verdict.WITHIN:
        return SPIKE if report.spike else WARNING
    return STATUSES[report.verdict]


def _spend(report: Report) -> str:
    if report.analysis and report.analysis.misfit:
        return f"no figure ({when(report.period)})"
    if report.spend is None:
        return f"not published yet ({when(report.period)})"
    return f"{report.spend}{_so_far(report)} ({when(report.period)})"


def _so_far(report: Report) -> str:
    return "" if report.whole and report.verdict is not Verdict.NOT_PUBLISHED else " so far"


def _compared(report: Report) -> str:
    if report.spend is None or report.verdict is Verdict.NOT_PUBLISHED or report.threshold == UNLIMITED:
        return ""
    percent = percent_of(report.spend.amount, report.threshold.amount)
    notes = [f"{percent} spent"] if percent else []
    if report.threshold.excess(report.spend).amount > 0:
        notes.append(f"exceeded by {report.threshold.excess(report.spend)}")
    return f" ({', '.join(notes)})" if notes else ""


def _details(notice: SpendNotice, analysis: Analysis, said: str, *, is_quiet: bool) -> Iterator[Detail]:
    report = notice.report
    yield from part_details(report)
    if report.spend and not is_quiet:
        yield from _why(report, report.spend, analysis)
        yield from _fees(report, analysis)
    if report.spend:
        yield from _left_open(notice, report.spend, analysis)
    if notice.restated:
        yield Detail("✏️", "AWS has changed what was told", "", tuple(map(_restated, notice.restated)))
    if closing := report.closing:
        change = change_in_words(closing.spend, closing.spend_before)
        month = f"{when(closing.month)} cost {closing.spend}{_so_far(report)}, {change}"
        yield Detail("📆", "Closed month", f"{month} {closing.spend_before} ({when(closing.month_before)}).")
    if not is_quiet:
        yield from _shape(analysis)
        if analysis.outlook and (outlook := _outlook(analysis, analysis.outlook)) not in said:
            yield Detail("➡️", "Next", outlook)
    if analysis.coaching and analysis.coaching.suggestion:
        yield Detail("🎚️", "Threshold", coaching_in_words(analysis.coaching, unit(report.period)))
    if sentences := " ".join(_trust(notice, report, analysis)):
        yield Detail("🔎", "Note", sentences)


def _why(report: Report, spend: Money, analysis: Analysis) -> Iterator[Detail]:
    parts = tuple(_parts(analysis.parts, spend.currency))
    compared = _against_the_usual(report, spend, analysis)
    if compared or parts:
        yield Detail("📊", "Why", compared, parts)
    if len(analysis.accounts) > 1:
        accounts = tuple(_parts(analysis.accounts, spend.currency, ACCOUNTS_NAMED))
        yield Detail("🏢", "Linked accounts", "", accounts)


def _left_open(notice: SpendNotice, spend: Money, analysis: Analysis) -> Iterator[Detail]:
    """What the figure does not show."""
    if not notice.history.is_divided:
        yield Detail(
            "🧩",
            "",
            "What it is made of is not known: AWS's answer by service has too many pages to pay for.",
        )
    if off := analysis.taken_off:
        taken = Money(-off.amount, off.currency)
        yield Detail("🎁", "", f"Credits and refunds take {taken} off: {spend - off} without them.")


def _fees(report: Report, analysis: Analysis) -> Iterator[Detail]:
    if analysis.artefacts and not is_no_usage(report, analysis):
        yield Detail("🧾", "", f"{not_usage_in_words(analysis)}.")


def _restated(one: Restated) -> str:
    credit = f": credits and refunds {one.credits}" if one.credits else ""
    return f"{when(one.period)} {one.was} → {one.now}{credit}"


def _against_the_usual(report: Report, spend: Money, analysis: Analysis) -> str:
    """Against the weekday, where that is known: against the day before, every Saturday would be news."""
    if usual := analysis.usual:
        spread = f"{usual.lowest} to {usual.highest}"
        change = change_in_words(spend, usual.median)
        return f"{change} what a {report.period.start:%A} usually costs, {usual.median} ({spread})."
    if analysis.before and analysis.spend_before:
        change = change_in_words(spend, analysis.spend_before)
        return f"{change} {analysis.spend_before} ({when(analysis.before)})."
    return ""


def _parts(parts: Sequence[Part], currency: str, named: int = NAMED) -> Iterator[str]:
    """The first few and the others; the cents that are shown add up to those shown for the whole."""
    shown = top([part for part in parts if part.amount or part.distance], named)
    amounts = round_together([part.amount for part in shown])
    befores = round_together([part.before or Decimal() for part in shown])
    for part, amount, before in zip(shown, amounts, befores, strict=True):
        notes = []
        if part.usual is not None:
            notes.append(f"usually {Money(part.usual, currency) if part.usual else 'nothing'}")
        elif part.before is not None and (amount != before or not part.is_new):
            notes.append(signed(Money(amount - before, currency)))
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


def _outlook(analysis: Analysis, outlook: Outlook) -> str:
    culprit = analysis.culprit
    if culprit and culprit.month_with and culprit.month_without:
        name = one_line(culprit.name, LONGEST_NAME)
        so_far = f"{outlook.month.start:%B} {about(outlook.spend)} so far"
        with_it, without = about(culprit.month_with), about(culprit.month_without)
        return f"{so_far}; about {with_it} by its end if {name} goes on like this, {without} if it stops now."
    return month_in_words(outlook)


def _trust(notice: SpendNotice, report: Report, analysis: Analysis) -> Iterator[str]:
    question = notice.question
    if notice.history.is_empty and not analysis.misfit:
        yield "AWS shows no costs before it either: none arose, or the account is new."
    if report.spend and analysis.counted != report.period:
        yield f"Costs after {analysis.counted.last_day:%a %-d %b} are not published yet."
    if report.spend and not report.whole and report.verdict is not Verdict.NOT_PUBLISHED:
        yield "AWS may not have published all of it yet."
    if analysis.provisional and report.spend and _may_turn(report, report.spend, analysis.later_change):
        yield f"Provisional: AWS may still change it{_usual_change(analysis.later_change)}."
    if question.metric is not Metric.AMORTIZED:
        yield f"Counted as {question.metric}."
    if question.excluded_record_types:
        yield f"Left out: {one_line(', '.join(question.excluded_record_types), LONGEST_LIST)}."
    if question.scope:
        yield f"Only: {one_line(str(question.scope), LONGEST_LIST)}."
    if report.spend and _is_for_a_day(notice, report.spend):
        limit = limit_in_words(notice)
        yield f"That is over ten times the threshold: if {limit} is meant for a day, choose Daily."
    if notice.idle:
        does = "does" if len(notice.idle) == 1 else "do"
        yield f"{' and '.join(notice.idle)} {does} nothing with a {notice.frequency} check."


def _is_for_a_day(notice: SpendNotice, spend: Money) -> bool:
    """Whether a threshold is so much too small for its period that it was meant for a day, perhaps."""
    limit = notice.report.threshold.amount
    return notice.frequency is not Frequency.DAILY and 0 < limit < spend.amount / 10


def _may_turn(report: Report, spend: Money, later: LaterChange | None) -> bool:
    """Whether what AWS usually changes later could turn the verdict: else there is no need to say so."""
    limit = report.threshold.amount
    if later is None:
        return report.verdict is Verdict.WITHIN and spend.amount > NEAR * limit
    heading = spend.amount * (1 + later.percent / 100)
    return (heading > limit) is not (spend.amount > limit)


def _usual_change(later: LaterChange | None) -> str:
    if later is None:
        return ""
    return f", as a rule by about {later.percent:+.0f}% ({later.periods} earlier figures looked at)"


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
