"""What there is to say about a period, given what was said about it before."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from domain.analysis import Analysis, analyse
from domain.closing import SAID_UNTIL_DAY, Closing, closing_on
from domain.costs import CostHistory
from domain.forecasts import Forecast, forecast_on
from domain.milestones import NO_MILESTONES
from domain.money import Money
from domain.movers import parts_of
from domain.muting import Mute
from domain.notify import Notify
from domain.part_reports import PartCosts, PartReport, part_reports, parts_back, unfit_budgets
from domain.periods import WEEK, Frequency, Period
from domain.quiet import is_muted
from domain.rhythm import WeekPast, goes_further, is_wanted, is_week_due, week_past
from domain.settling import Pending, Settling, end_of, looks_whole
from domain.thresholds import UNLIMITED, Threshold, Verdict
from domain.told import Told
from domain.trust import SETTLES_IN
from domain.usual import usual_for
from domain.watch import Watch

__all__ = ["Report", "Told", "news"]


@dataclass(frozen=True, slots=True)
class Report:
    """One period's spend against its threshold.

    Args:
        period: The days that it is about.
        spend: Unrounded, or None when AWS has published nothing.
        threshold: What the spend was compared with.
        verdict: The comparison's outcome.
        before: What the channel was told about this period earlier, or None when this is the first word.
        spike: Whether the day is far above its weekday's usual, by the channel's own rule.
        milestone: The highest of the channel's milestones that the month has reached and that was not told.
        analysis: The figures behind it; only with a report that is to be told.
        made_on: The UTC day of the look.
        whole: Whether AWS has published all of it, as far as can be told; a part that may be less than usual
            only since it is one is compared with nothing.
        pending: What it waits for, if it is told of before it is settled.
        closing: What the month before cost; with the first report of a month only.
        parts: Of a bill that is divided, each with its own budget: those over theirs first.
        news_of_parts: What of them the channel was not told before.
        parts_back: Names of those that it was told were over their budgets, and that are within them again.
        unfit: Names of budgets that no part fits.
        despite: What is muted, if the report is told nevertheless.
        forecast: What the month is newly heading for, or no more, if the channel wants to know.
        week: The seven days past, when it is time for that.
        more_to_come: Of a part: whether the channel hears of the whole even if that is within.
    """

    period: Period
    spend: Money | None
    threshold: Threshold
    verdict: Verdict
    before: Told | None = None
    spike: bool = False
    milestone: Decimal | None = None
    analysis: Analysis | None = None
    made_on: date | None = None
    whole: bool = True
    pending: Pending | None = None
    closing: Closing | None = None
    parts: tuple[PartReport, ...] = ()
    news_of_parts: tuple[str, ...] = ()
    parts_back: tuple[str, ...] = ()
    unfit: tuple[str, ...] = ()
    despite: Mute | None = None
    forecast: Forecast | None = None
    week: WeekPast | None = None
    more_to_come: bool = True

    @property
    def rings(self) -> bool:
        """Whether it is an alert."""
        return self.verdict is Verdict.EXCEEDED or self.spike

    @property
    def corrects(self) -> bool:
        """Whether the channel was told another verdict on published figures before."""
        return self.before is not None and self.before.is_corrected_by(self.verdict)

    def told(self) -> Told:
        """What the channel has been told once this report is delivered.

        A verdict that is repeated, or withdrawn because AWS has taken figures back, is no new one.
        """
        forecast = self.forecast.percent if self.forecast else None
        published = self.spend if self.verdict is not Verdict.NOT_PUBLISHED else None
        if self.before is None:
            return Told(
                (self.verdict,),
                self.spend,
                published,
                self.spike,
                self.milestone,
                None,
                self.news_of_parts,
                forecast,
            )
        before = self.before
        return Told(
            (*before.verdicts, self.verdict) if before.is_changed_by(self.verdict) else before.verdicts,
            published or before.spend,
            before.first_spend or published,
            before.spike or self.spike,
            self.milestone or before.milestone,
            self.made_on if self.corrects else before.corrected_on,
            (*before.of_parts, *self.news_of_parts),
            before.forecast if forecast is None else forecast,
        )


def news(
    watch: Watch,
    today: date,
    history: CostHistory,
    told: Mapping[Period, Told],
    since: date | None = None,
    settling: Settling | None = None,
    parts: PartCosts | None = None,
    *,
    at_once: bool = True,
) -> list[Report]:
    """The reports that a channel has not had yet, oldest period first, each with its analysis.

    The newest period is reported once (or as the watch says), and again when its verdict changes. An older
    one that is read again is reported when its verdict has changed, or when nothing was said of it and it
    is over: a breach is never missed. Other periods before the channel's first check stay silent. What was
    corrected is read again for a week after that: a next correction may have to wait for its day.

    Args:
        watch: What to look for.
        today: The UTC day that periods are counted from: the newest is that day's, whatever was told since.
        history: What they cost.
        told: What the channel has been told so far.
        since: The start of the first period checked, if nothing was said then; else ``told`` shows it.
        settling: How long "within budget" waits for AWS; None: not at all.
        parts: What the parts of the bill cost, where it is divided.
        at_once: Whether the newest is to be told of even if it is not published, or not settled.
    """
    newest = watch.frequency.period_on(today)
    known_since = since or min((period.start for period in told), default=None)
    since = since or min((period.start for period in told), default=newest.start)
    looked_on = settling.now.date() if settling else today
    reviewed = {
        period
        for period in watch.frequency.periods_reviewed_on(today)
        if period == newest or period in told or period.start >= since
    }
    reviewed |= {
        period
        for period, one in told.items()
        if one.corrected_on and one.corrected_on > looked_on - WEEK and not watch.is_running(period)
    }
    reports = [_look_at(watch, period, looked_on, history, told, settling) for period in sorted(reviewed)]
    if parts:
        reports = [_with_parts(watch, parts, told, report) for report in reports]
    if watch.warns_of and reports[-1].period == newest:
        reports[-1] = _with_forecast(watch, looked_on, history, told, reports[-1])
    found, known = [], dict(told)  # what is said of an older period counts for the newest
    for report in reports:
        is_newest = report.period == newest
        if _is_muted(watch, report, history, told) or not _is_news(
            watch, report, known, looked_on, known_since, is_newest=is_newest, at_once=at_once
        ):
            continue
        found.append(_with_figures(watch, today, history, told, known_since, report))
        known[report.period] = report.told()
    return found


def _with_figures(
    watch: Watch,
    today: date,
    history: CostHistory,
    told: Mapping[Period, Told],
    since: date | None,
    report: Report,
) -> Report:
    analysis = analyse(
        watch.frequency, today, history, watch.threshold, report.period, told, whole=report.whole
    )
    if report.verdict is Verdict.EXCEEDED:  # by a part, perhaps: then nothing is back within its budget
        analysis = replace(analysis, episode=None)
    if watch.threshold == UNLIMITED and analysis.outlook:
        analysis = replace(analysis, outlook=replace(analysis.outlook, threshold=None, reached_on=None))
    if not (report.whole or looks_whole(history, report.period)):
        # A part beside a whole would always be "down"; that it is up already is true of the whole too.
        analysis = replace(
            analysis,
            before=None,
            spend_before=None,
            parts=parts_of(history, analysis.counted, None),
            usual=analysis.usual if report.spike else None,
            episode=None,
        )
    closing = closing_on(history, today) if _is_first_of_month(watch, today, told, report) else None
    is_settled = report.whole and report.verdict is not Verdict.NOT_PUBLISHED
    is_newest = report.period == watch.frequency.period_on(today)
    is_due = is_settled and is_newest and is_week_due(watch, report.period, told, since)
    is_despite = report.rings and watch.mute.holds_on(report.period.last_day)
    return replace(
        report,
        analysis=analysis,
        closing=closing,
        week=week_past(watch, history, report.period) if is_due else None,
        despite=watch.mute if is_despite else None,
        more_to_come=watch.hears_when_whole(report.period),
    )


def _is_muted(watch: Watch, report: Report, history: CostHistory, told: Mapping[Period, Told]) -> bool:
    """An alert about a part is of no service, and muted only together with everything."""
    is_of_a_part = any(part.verdict is Verdict.EXCEEDED for part in report.parts)
    if not report.rings or (is_of_a_part and watch.mute.services):
        return False
    return is_muted(watch, report.period, history, told)


def _is_first_of_month(watch: Watch, today: date, told: Mapping[Period, Told], report: Report) -> bool:
    """Whether no verdict was told since the month has closed, by a channel that watches days or weeks."""
    if watch.frequency not in {Frequency.DAILY, Frequency.WEEKLY} or today.day > SAID_UNTIL_DAY:
        return False
    begin = today.replace(day=1)
    is_of_this_month = report.verdict is not Verdict.NOT_PUBLISHED and report.period.end >= begin
    return is_of_this_month and not any(
        period.end >= begin and one.verdicts[-1] is not Verdict.NOT_PUBLISHED for period, one in told.items()
    )


def _look_at(
    watch: Watch,
    period: Period,
    looked_on: date,
    history: CostHistory,
    told: Mapping[Period, Told],
    settling: Settling | None,
) -> Report:
    verdict, whole = watch.threshold.judge(history, period, still_open=watch.is_running(period)), True
    if settling:
        is_old = settling.now >= end_of(period) + max(settling.after, SETTLES_IN)
        whole = is_old or settling.is_whole(history, period)
        if verdict is Verdict.WITHIN and not settling.is_settled(history, period):
            verdict = Verdict.NOT_PUBLISHED
    report = Report(
        period,
        history.spend(period),
        watch.threshold,
        verdict,
        told.get(period),
        made_on=looked_on,
        whole=whole,
    )
    if report.spend is None:
        return report
    if watch.frequency is Frequency.MONTH_TO_DATE:
        reached = watch.milestones.reached(report.spend, watch.threshold) or Decimal()
        last = max((one.milestone or Decimal() for one in _told_of_month(period, told)), default=Decimal())
        return replace(report, milestone=reached if reached > last else None)
    if watch.frequency is Frequency.DAILY and watch.spike_rule:
        usual = usual_for(history, period)
        return replace(report, spike=usual is not None and watch.spike_rule.is_spike(report.spend, usual))
    return report


def _with_parts(watch: Watch, costs: PartCosts, told: Mapping[Period, Told], report: Report) -> Report:
    """Judge the parts too: one that is over its budget makes the report bad news, settled or not."""
    is_running = watch.frequency is Frequency.MONTH_TO_DATE
    milestones = watch.milestones if is_running else NO_MILESTONES
    parts = part_reports(costs, report.period, watch.budgets, milestones)
    earlier = _told_of_month(report.period, told) if is_running else [report.before] if report.before else []
    known = {event for one in earlier for event in one.of_parts}
    fresh = [event for part in parts for event in part.events if event not in known]
    is_over = any(part.verdict is Verdict.EXCEEDED for part in parts)
    verdict = Verdict.EXCEEDED if is_over else report.verdict
    unfit = unfit_budgets(costs, watch.budgets)
    back = () if is_running or not report.whole else parts_back(parts, _told_before(report.period, told))
    return replace(
        report, verdict=verdict, parts=parts, news_of_parts=tuple(fresh), parts_back=back, unfit=unfit
    )


def _with_forecast(
    watch: Watch, looked_on: date, history: CostHistory, told: Mapping[Period, Told], report: Report
) -> Report:
    """Say what the month is heading for, if the channel does not know it."""
    month = looked_on.replace(day=1)
    if watch.frequency not in {Frequency.DAILY, Frequency.MONTH_TO_DATE} or report.period.last_day < month:
        return report  # a closed month, looked at once more, is no reason to speak of the one that runs
    said = [
        one.forecast
        for period, one in sorted(told.items())
        if one.forecast is not None and period.last_day >= month
    ]
    percents, last = watch.warns_of, said[-1] if said else None
    forecast = forecast_on(looked_on, history, watch.frequency, watch.threshold, percents, last)
    return replace(report, forecast=forecast)


def _is_news(
    watch: Watch,
    report: Report,
    told: Mapping[Period, Told],
    looked_on: date,
    since: date | None,
    *,
    is_newest: bool,
    at_once: bool,
) -> bool:
    before, verdict = report.before, report.verdict
    if is_newest and at_once and watch.notify is Notify.EVERY_CHECK:
        return True
    if report.milestone or report.news_of_parts or report.forecast:
        return True
    if report.spike and not (before and before.spike):
        return True
    if before:
        hears_it = verdict is Verdict.EXCEEDED or watch.hears_when_whole(report.period)
        return before.allows(verdict, looked_on) and (hears_it or report.corrects)
    if not is_newest or (verdict is Verdict.NOT_PUBLISHED and not at_once):
        return verdict is Verdict.EXCEEDED
    goes_on = report.spend is not None and goes_further(watch, report.period, report.spend, told)
    return goes_on or is_wanted(watch, report.period, verdict, told, since)


def _told_before(period: Period, told: Mapping[Period, Told]) -> tuple[str, ...]:
    """What was told of parts of the newest period before."""
    before = max((other for other in told if other < period), default=None)
    return told[before].of_parts if before else ()


def _told_of_month(period: Period, told: Mapping[Period, Told]) -> list[Told]:
    return [one for other, one in sorted(told.items()) if other.start == period.start]
