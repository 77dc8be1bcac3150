"""The line under the title: what happened, in a sentence or two; or that nothing did."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from adapters.chats.advice import muted_in_words
from adapters.chats.amounts import about, ordinal, percent_of, times, unit, when
from adapters.chats.causes import causes_in_words, is_no_usage, not_usage_in_words
from adapters.chats.part_words import part_events
from adapters.chats.words import JUDGED, LONGEST_LIST, LONGEST_NAME
from application.notice import SpendNotice
from application.ports.cost_source import CostQuery
from application.text import one_line
from domain.analysis import Analysis, Episode, Misfit
from domain.artefacts import kind_of
from domain.culprit import Culprit
from domain.forecasts import Forecast
from domain.money import Money
from domain.outlook import Outlook
from domain.pace import OneOff
from domain.periods import Period
from domain.reports import Report
from domain.rhythm import WeekPast
from domain.thresholds import Verdict
from domain.usual import Usual

WHOLE = Decimal(100)


def events(notice: SpendNotice) -> Iterator[str]:
    """What makes this report more than the usual one, the most important first."""
    report, analysis = notice.report, notice.report.analysis
    if analysis and analysis.misfit:
        yield _nothing_fits(analysis.misfit, notice.question)
    yield from map(_of_older, notice.also)
    if report.corrects:
        yield _correction(report)
    yield from part_events(report)
    if report.despite:
        yield muted_in_words(report.despite)
    if report.forecast:
        yield _forecast(report.forecast)
    if report.spike and report.spend and analysis and analysis.usual:
        yield _spike(report.period, report.spend, analysis.usual)
    if report.milestone and report.spend:
        yield _milestone(report.milestone, percent_of(report.spend.amount, report.threshold.amount))
    if analysis and analysis.episode:
        yield _recovery(analysis.episode, report.period)
    if report.verdict is Verdict.NOT_PUBLISHED and not (analysis and analysis.misfit):
        yield from _pending(report)
    if analysis:
        yield from _behind_it(notice, analysis)


def _behind_it(notice: SpendNotice, analysis: Analysis) -> Iterator[str]:
    """What it was, down to the cause where that is known."""
    report = notice.report
    if analysis.culprit:
        yield _culprit(analysis.culprit, report.period)
    if is_no_usage(report, analysis):
        yield f"{not_usage_in_words(analysis)}; without that it is within budget."
    yield from causes_in_words(notice, analysis)
    others = tuple(one for one in analysis.of_the_first if not kind_of(one.name))
    if charges := others if is_no_usage(report, analysis) else analysis.of_the_first:
        yield _of_the_first(charges, notice.currency)


def _forecast(forecast: Forecast) -> str:
    limit = Money(forecast.threshold.amount, forecast.by_month_end.currency)
    heading = f"{forecast.month.start:%B} is heading for about {about(forecast.by_month_end)}"
    if forecast.is_back:
        return f"{heading} now, which is within {limit} again."
    share = "more than" if forecast.percent == WHOLE else f"more than {forecast.percent.normalize():f}% of"
    return f"{heading}, {share} its {limit}, two days in a row."


def quiet_words(notice: SpendNotice, analysis: Analysis) -> Iterator[str]:
    """Where nothing happened: that it did not, and where the month stands. Of a breach: what is usual."""
    report = notice.report
    if report.verdict is Verdict.EXCEEDED:
        if usual := analysis.usual:
            yield f"A {report.period.start:%A} usually costs {usual.median}."
        elif analysis.outlook and analysis.outlook.threshold:
            yield month_in_words(analysis.outlook)
        return
    if analysis.usual or any(part.usual is not None for part in analysis.parts):
        yield "Nothing unusual."
    if analysis.outlook:
        yield month_in_words(analysis.outlook)
    elif report.period.is_whole_month:
        yield f"{report.period.start:%B} has closed within its threshold."


def month_in_words(outlook: Outlook) -> str:
    """``November $631, about $3,050 by its end``, and when its threshold is reached."""
    month, spend = f"{outlook.month.start:%B}", about(outlook.spend)
    if outlook.by_month_end is None:
        share = percent_of(outlook.spend.amount, outlook.threshold.amount) if outlook.threshold else ""
        return f"{month} {spend} so far{f', {share} of the threshold' if share else ''}."
    heading = f"{month} {spend}, about {about(outlook.by_month_end)} by its end"
    if outlook.threshold is None:
        return f"{heading}."
    if outlook.reached_on is None:
        return f"{heading}: within its threshold."
    was = "was" if outlook.reached_on < outlook.until else "is"
    return f"{heading}: its threshold {was} reached on {_day(outlook.reached_on)}."


def change_in_words(now: Money, before: Money) -> str:
    """``up $3.00 (10%) on``, ``down $3.00 (10%) from``, ``the same as``."""
    change = now.in_cents() - before.in_cents()
    if change == 0:
        return "the same as"
    percent = percent_of(abs(change), before.amount)
    share = f" ({percent})" if percent else ""
    return f"{'up' if change > 0 else 'down'} {Money(abs(change), before.currency)}{share} from"


def _day(day: object) -> str:
    return f"{day:%a %-d %b}"


def _pending(report: Report) -> Iterator[str]:
    missing, pending = "AWS has not published all costs of this period yet", report.pending
    if not report.more_to_come:
        yield f"{missing}."
        return
    if pending is None:
        yield f"{missing}; you will be told when it has."
        return
    likely = f"{_day(pending.next_look)} at {pending.next_look:%H:%M} UTC"
    yield f"{missing}; the report comes when it has, likely on {likely}."
    if report.spend and pending.share:
        yield f"On a usual day about {pending.share:.0%} is there by now."
    if pending.usual:
        yield f"A {report.period.start:%A} usually costs {pending.usual}."


def _correction(report: Report) -> str:
    before = report.before
    was = JUDGED[before.verdicts[-1]] if before else ""
    at = f" at {before.spend}" if before and before.spend else ""
    return (
        f"Correction: told before as {was}{at}; now {JUDGED[report.verdict]} at {report.spend}, "
        "since AWS has changed its figures."
    )


def _of_older(report: Report) -> str:
    """A correction, or a breach that was not told: AWS shows it only now, or nothing ran when it did."""
    period, now = when(report.period), f"{JUDGED[report.verdict]} at {report.spend}"
    before = report.before
    if not report.corrects or before is None:
        return f"{period} {now}, which was not told before."
    at = f" at {before.spend}" if before.spend else ""
    return f"Correction: {period} was told as {JUDGED[before.verdicts[-1]]}{at}; now {now}."


def _spike(period: Period, spend: Money, usual: Usual) -> str:
    above = spend - usual.median
    percent = percent_of(above.amount, usual.median.amount)
    share = f" ({percent})" if percent else ""
    return f"Spike: {above}{share} above what a {period.start:%A} usually costs."


def _milestone(percent: Decimal, now: str) -> str:
    told = f"{percent.normalize():f}%"
    return f"Milestone: {told} of the threshold {'reached' if told == now else f'passed, now {now}'}."


def week_in_words(week: WeekPast) -> str:
    """Of seven days that were quiet, or of every seven days."""
    if week.still_watching:
        return f"7 days within budget, {about(week.spend)}; still watching."
    change = ""
    if week.before:
        change = f", {change_in_words(week.spend, week.before)} the week before"
    over = f"; {week.over or 'no'} day{'' if week.over == 1 else 's'} over" if week.over is not None else ""
    return f"Week of {when(week.days)}: {about(week.spend)}{change}{over}."


def _recovery(episode: Episode, period: Period) -> str:
    count = f"{'at least ' if episode.is_older else ''}{times(episode.periods, period)}"
    return f"Back within budget after {count} over it, by {episode.over} in total."


def _culprit(culprit: Culprit, period: Period) -> str:
    on = "" if culprit.period == period else f" on {when(culprit.period)}"
    usual = culprit.usual if culprit.usual.amount else "nothing"
    told = f"{one_line(culprit.name, LONGEST_NAME)} {culprit.amount}{on}: "
    if culprit.lasts == 1:
        return f"{told}usually {usual}."
    at_least = "at least the " if culprit.is_older else ""
    nth = f"{at_least}{ordinal(culprit.lasts)} {unit(culprit.period)}"
    return (
        f"{told}{nth}, usually {usual}; so far {culprit.over} over in {times(culprit.lasts, culprit.period)}."
    )


def _of_the_first(charges: tuple[OneOff, ...], currency: str) -> str:
    largest = sorted(charges, key=lambda one: -one.amount)[:3]
    named = ", ".join(f"{one_line(one.name, LONGEST_NAME)} {Money(one.amount, currency)}" for one in largest)
    more = f" and {len(charges) - len(largest)} more" if len(charges) > len(largest) else ""
    return f"On every 1st: {named}{more}."


def _nothing_fits(misfit: Misfit, question: CostQuery) -> str:
    scope = one_line(str(question.scope), LONGEST_LIST)
    near = ", ".join(one_line(name, LONGEST_NAME) for name in misfit.near)
    hint = f"Near it in the bill: {near}." if near else "Names must be spelled as in Cost Explorer."
    activated = " A tag must be activated as a cost allocation tag." if question.scope.tags else ""
    return f"Nothing in {when(question.window)} fits the scope {scope}. {hint}{activated}"
