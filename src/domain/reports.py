"""What there is to say about a period, given what was said about it before."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from domain.analysis import Analysis, analyse
from domain.costs import CostHistory
from domain.money import Money
from domain.notify import Notify
from domain.periods import WEEK, Frequency, Period
from domain.thresholds import Threshold, Verdict
from domain.told import Told
from domain.usual import usual_for
from domain.watch import Watch

__all__ = ["Report", "Told", "news", "report_on"]


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

    @property
    def corrects(self) -> bool:
        """Whether the channel was told another verdict on published figures before."""
        return self.before is not None and self.before.is_corrected_by(self.verdict)

    def told(self) -> Told:
        """What the channel has been told once this report is delivered.

        A verdict that is repeated, or withdrawn because AWS has taken figures back, is no new one.
        """
        published = self.spend if self.verdict is not Verdict.NOT_PUBLISHED else None
        if self.before is None:
            return Told((self.verdict,), self.spend, published, self.spike, self.milestone)
        before = self.before
        return Told(
            (*before.verdicts, self.verdict) if before.is_changed_by(self.verdict) else before.verdicts,
            published or before.spend,
            before.first_spend or published,
            before.spike or self.spike,
            self.milestone or before.milestone,
            self.made_on if self.corrects else before.corrected_on,
        )


def report_on(
    period: Period,
    history: CostHistory,
    threshold: Threshold,
    before: Told | None = None,
    *,
    still_open: bool = False,
) -> Report:
    """Compare one period's spend with the threshold."""
    verdict = threshold.judge(history, period, still_open=still_open)
    return Report(period, history.spend(period), threshold, verdict, before)


def news(
    watch: Watch, today: date, history: CostHistory, told: Mapping[Period, Told], since: date | None = None
) -> list[Report]:
    """The reports that a channel has not had yet, oldest period first, each with its analysis.

    The newest period is reported once (or as the watch says), and again when its verdict changes. An older
    one that is read again is reported when its verdict has changed, or when nothing was said of it and it
    is over: a breach is never missed. Periods before the channel's first check stay silent. What was
    corrected is read again for a week after that: a next correction may have to wait for its day.

    Args:
        watch: What to look for.
        today: The UTC day that periods are counted from.
        history: What they cost.
        told: What the channel has been told so far.
        since: The start of the first period checked, if nothing was said then; else ``told`` shows it.
    """
    newest = watch.frequency.period_on(today)
    since = since or min((period.start for period in told), default=newest.start)
    reviewed = {
        period
        for period in watch.frequency.periods_reviewed_on(today)
        if period in told or period.start >= since
    }
    reviewed |= {
        period
        for period, one in told.items()
        if one.corrected_on and one.corrected_on > today - WEEK and not watch.is_running(period)
    }
    reports = [_look_at(watch, period, today, history, told) for period in sorted(reviewed)]
    return [
        replace(
            report, analysis=analyse(watch.frequency, today, history, watch.threshold, report.period, told)
        )
        for report in reports
        if _is_news(watch, report, told, today, is_newest=report.period == newest)
    ]


def _look_at(
    watch: Watch, period: Period, today: date, history: CostHistory, told: Mapping[Period, Told]
) -> Report:
    report = report_on(
        period, history, watch.threshold, told.get(period), still_open=watch.is_running(period)
    )
    report = replace(report, made_on=today)
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


def _is_news(
    watch: Watch, report: Report, told: Mapping[Period, Told], today: date, *, is_newest: bool
) -> bool:
    before, verdict = report.before, report.verdict
    if is_newest and watch.notify is Notify.EVERY_CHECK:
        return True
    if report.milestone or (report.spike and not (before and before.spike)):
        return True
    is_wanted = watch.notify is not Notify.ONLY_EXCEEDED or verdict is Verdict.EXCEEDED
    if before:
        return before.allows(verdict, today) and (is_wanted or report.corrects)
    if not is_newest:
        return verdict is Verdict.EXCEEDED
    if watch.milestones and watch.is_running(report.period):
        month = _told_of_month(report.period, told)
        was_exceeded = bool(month) and month[-1].verdicts[-1] is Verdict.EXCEEDED
        is_wanted &= verdict is (Verdict.WITHIN if was_exceeded else Verdict.EXCEEDED)
    return is_wanted


def _told_of_month(period: Period, told: Mapping[Period, Told]) -> list[Told]:
    return [one for other, one in sorted(told.items()) if other.start == period.start]
