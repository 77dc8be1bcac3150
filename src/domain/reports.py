"""What there is to say about a period, given what was said about it before."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from itertools import pairwise

from domain.costs import CostHistory
from domain.money import Money
from domain.periods import Frequency, Period
from domain.thresholds import Threshold, Verdict


@dataclass(frozen=True, slots=True)
class Told:
    """What a channel has been told about one period.

    Args:
        verdicts: Every verdict told, oldest first; at least one.
        spend: The figure told last, or None when there was none to tell.
    """

    verdicts: tuple[Verdict, ...]
    spend: Money | None

    def allows(self, verdict: Verdict) -> bool:
        """Whether the verdict is news: a change, and not one that the channel has been told before."""
        last = self.verdicts[-1]
        if verdict in (last, Verdict.NOT_PUBLISHED):
            return False
        return (last, verdict) not in pairwise(self.verdicts)

    def then(self, report: Report) -> Told:
        """This, and the report told after it. What is said again, or withdrawn by AWS, is no new verdict."""
        is_new = report.verdict not in {self.verdicts[-1], Verdict.NOT_PUBLISHED}
        return Told((*self.verdicts, report.verdict) if is_new else self.verdicts, report.spend)


@dataclass(frozen=True, slots=True)
class Report:
    """One period's spend against its threshold.

    Args:
        period: The days that it is about.
        spend: Unrounded, or None when AWS has published nothing.
        threshold: What the spend was compared with.
        verdict: The comparison's outcome.
        before: What the channel was told about this period earlier, or None when this is the first word.
    """

    period: Period
    spend: Money | None
    threshold: Threshold
    verdict: Verdict
    before: Told | None = None

    @property
    def corrects(self) -> bool:
        """Whether the channel was told another verdict on published figures before."""
        return (
            self.before is not None
            and self.before.verdicts[-1] is not Verdict.NOT_PUBLISHED
            and self.before.allows(self.verdict)
        )

    def told(self) -> Told:
        """What the channel has been told once this report is delivered."""
        return self.before.then(self) if self.before else Told((self.verdict,), self.spend)


def report_on(
    period: Period, history: CostHistory, threshold: Threshold, before: Told | None = None
) -> Report:
    """Compare one period's spend with the threshold."""
    verdict = threshold.judge(history, period)
    return Report(period, history.spend(period), threshold, verdict, before)


def news(
    frequency: Frequency,
    today: date,
    history: CostHistory,
    threshold: Threshold,
    told: Mapping[Period, Told],
) -> list[Report]:
    """The reports that a channel has not had yet, oldest period first.

    The newest period is reported once, and again when its verdict changes. An older one that is read again
    is reported when its verdict has changed, or when it was skipped (no check came through that day) and
    its threshold was exceeded: a breach is never missed. Days before the channel's first report stay silent.
    """
    newest = frequency.period_on(today)
    first_told = min(told, default=newest)
    reports = []
    for period in frequency.periods_reviewed_on(today):
        before = told.get(period)
        report = report_on(period, history, threshold, before)
        if before is not None:
            is_news = before.allows(report.verdict)
        else:
            is_news = period == newest or (period > first_told and report.verdict is Verdict.EXCEEDED)
        if is_news:
            reports.append(report)
    return reports
