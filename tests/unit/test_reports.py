"""What is said, when, and that nothing is said twice."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.settings.amounts import read_milestones, read_spike_rule
from domain.costs import CostHistory
from domain.milestones import Milestones
from domain.money import Money
from domain.notify import Notify
from domain.periods import DAY, Frequency, Period
from domain.reports import Report, news
from domain.thresholds import Threshold, Verdict
from domain.told import Told
from domain.watch import Watch
from tests.doubles.fakes.histories import Amounts, by_period, daily, month

W, E, N = Verdict.WITHIN, Verdict.EXCEEDED, Verdict.NOT_PUBLISHED
BUDGET = Threshold(Decimal(100))
DAILY = Watch(BUDGET)
MONDAY = date(2026, 11, 23)


@dataclass
class Channel:
    """A channel that remembers what it was told, as the ledger does."""

    watch: Watch = DAILY
    told: dict[Period, Told] = field(default_factory=dict)
    since: date | None = None

    def tick(self, today: date, history: CostHistory) -> list[Report]:
        """Check once, and hear the news."""
        reports = news(self.watch, today, history, self.told, self.since)
        for report in reports:
            self.told[report.period] = report.told()
        if not self.told and self.since is None:
            self.since = self.watch.frequency.period_on(today).start
        return reports

    def hears(self, today: date, history: CostHistory) -> list[tuple[str, Verdict]]:
        """Check once; what was it about, and what is the verdict?"""
        return [(str(report.period), report.verdict) for report in self.tick(today, history)]


def on(today: date, *costs: Amounts | str | None) -> CostHistory:
    """What the last days cost, as known on a day."""
    return daily(today.isoformat(), *costs)


class TestClosedPeriods:
    """Every closed period is reported once."""

    @pytest.mark.parametrize(("cost", "verdict"), [("100", W), ("100.01", E), (None, N)])
    def test_the_newest_period_is_told_whatever_its_verdict(self, cost: str | None, verdict: Verdict) -> None:
        """Green, red, or not published yet."""
        channel = Channel()
        assert channel.hears(MONDAY, on(MONDAY, "1", cost)) == [("2026-11-22", verdict)]
        assert channel.hears(MONDAY, on(MONDAY, "1", cost)) == []

    def test_the_first_check_does_not_tell_of_the_days_before(self) -> None:
        """An installation does not open with last week's breaches."""
        assert Channel().hears(MONDAY, on(MONDAY, *["500"] * 10)) == [("2026-11-22", E)]

    def test_a_day_that_is_published_later_is_told_then(self) -> None:
        """Not published yet, and a day on both days have figures."""
        channel = Channel()
        tuesday = MONDAY + DAY
        assert channel.hears(MONDAY, on(MONDAY, "1", None)) == [("2026-11-22", N)]
        assert channel.hears(MONDAY, on(MONDAY, "1", "90")) == [("2026-11-22", W)]
        assert channel.hears(tuesday, on(tuesday, "1", "90", None)) == [("2026-11-23", N)]
        assert channel.hears(tuesday, on(tuesday, "1", "90", "101")) == [("2026-11-23", E)]

    def test_a_breach_on_a_day_without_a_check_is_told_later(self) -> None:
        """A check that failed on Tuesday does not hide Monday's breach; what was within stays unsaid."""
        channel = Channel()
        channel.tick(MONDAY, on(MONDAY, "1"))
        thursday = MONDAY + 3 * DAY
        assert channel.hears(thursday, on(thursday, "1", "150", "99", "2")) == [
            ("2026-11-23", E),
            ("2026-11-25", W),
        ]

    def test_a_week_that_was_incomplete_is_told_with_the_next(self) -> None:
        """At midnight on Monday the Sunday is not there; a weekly crontab comes back in a week."""
        channel = Channel(Watch(BUDGET, Frequency.WEEKLY))
        next_monday = MONDAY + 7 * DAY
        assert channel.hears(MONDAY, on(MONDAY, *["10"] * 6, None)) == [("2026-11-16 to 2026-11-22", N)]
        assert channel.hears(next_monday, on(next_monday, *["20"] * 7, *["1"] * 7)) == [
            ("2026-11-16 to 2026-11-22", E),
            ("2026-11-23 to 2026-11-29", W),
        ]

    def test_a_month_that_grew_is_corrected_with_the_next(self) -> None:
        """A monthly crontab comes back in a month."""
        channel = Channel(Watch(BUDGET, Frequency.MONTHLY))
        october = by_period({month("2026-10-01"): "90"})
        both = by_period({month("2026-10-01"): "110", month("2026-11-01"): "50"})
        assert channel.hears(date(2026, 11, 1), october) == [("October 2026", W)]
        assert channel.hears(date(2026, 12, 1), both) == [("October 2026", E), ("November 2026", W)]


class TestLateData:
    """A verdict that late data changes is told, however often, but once a day at most."""

    def test_figures_that_go_to_and_fro_end_with_the_truth(self) -> None:
        """Two corrections in one day are one, and what that leaves wrong is put right on the next day."""
        channel = Channel()
        assert channel.hears(MONDAY, on(MONDAY, "90")) == [("2026-11-22", W)]
        assert channel.hears(MONDAY, on(MONDAY, "120")) == [("2026-11-22", E)]
        assert channel.hears(MONDAY, on(MONDAY, "80")) == []
        tuesday, wednesday = MONDAY + DAY, MONDAY + 2 * DAY
        assert channel.hears(tuesday, on(tuesday, "80", "1")) == [("2026-11-22", W), ("2026-11-23", W)]
        assert channel.hears(tuesday, on(tuesday, "120", "1")) == []
        assert channel.hears(wednesday, on(wednesday, "120", "1", "1")) == [
            ("2026-11-22", E),
            ("2026-11-24", W),
        ]

    def test_what_waits_for_its_day_is_not_forgotten_when_the_week_is_over(self) -> None:
        """On the last day of the trailing week figures go to and fro: the last word comes a day later."""
        channel = Channel()
        channel.tick(MONDAY, on(MONDAY, "90"))
        sunday, monday = MONDAY + 6 * DAY, MONDAY + 7 * DAY
        assert channel.hears(sunday, on(sunday, "120", *["1"] * 6))[0] == ("2026-11-22", E)
        assert channel.hears(sunday, on(sunday, "80", *["1"] * 6)) == []
        assert channel.hears(monday, on(monday, "80", *["1"] * 7))[0] == ("2026-11-22", W)

    def test_the_figure_told_before_is_a_published_one(self) -> None:
        """AWS takes the day back, which this channel hears of, and brings it again: a correction of $90."""
        channel = Channel(Watch(BUDGET, notify=Notify.EVERY_CHECK))
        channel.tick(MONDAY, on(MONDAY, "1", "90"))
        assert channel.hears(MONDAY, on(MONDAY, "1", None)) == [("2026-11-22", N)]
        [report] = channel.tick(MONDAY, on(MONDAY, "1", "120"))
        assert report.corrects
        assert report.before is not None
        assert report.before.spend == Money(Decimal(90))

    def test_a_correction_knows_both_figures(self) -> None:
        """The one told before and the one that holds now."""
        channel = Channel()
        channel.tick(MONDAY, on(MONDAY, "90"))
        [report] = channel.tick(MONDAY, on(MONDAY, "120"))
        assert report.corrects
        assert report.before is not None
        assert (report.before.spend, report.spend) == (Money(Decimal(90)), Money(Decimal(120)))
        assert channel.told[report.period] == Told(
            (W, E), Money(Decimal(120)), Money(Decimal(90)), corrected_on=MONDAY
        )

    def test_a_first_figure_is_no_correction(self) -> None:
        """That it was not published was no verdict on a figure."""
        channel = Channel()
        channel.tick(MONDAY, on(MONDAY, "1", None))
        [report] = channel.tick(MONDAY, on(MONDAY, "1", "120"))
        assert not report.corrects
        assert channel.told[report.period].first_spend == Money(Decimal(120))

    def test_figures_that_vanish_are_not_told(self) -> None:
        """AWS takes a day back for an hour: nothing to say, and no second green report after it."""
        channel = Channel()
        channel.tick(MONDAY, on(MONDAY, "1", "90"))
        assert channel.hears(MONDAY, on(MONDAY, "1", None)) == []
        assert channel.hears(MONDAY, on(MONDAY, "1", "90")) == []

    def test_the_trailing_week_is_looked_at_and_not_more(self) -> None:
        """A change after eight days comes too late for a daily check."""
        channel = Channel()
        channel.tick(MONDAY, on(MONDAY, "90"))
        for later, expected in ((7, []), (6, [("2026-11-22", E)])):
            today = MONDAY + later * DAY
            changed = on(today, "120", *["1"] * later)
            assert Channel(told=dict(channel.told)).hears(today, changed)[:-1] == expected


COSTS = st.sampled_from([None, "50", "100", "101", "150"])
WATCHES = st.builds(
    Watch,
    threshold=st.just(BUDGET),
    frequency=st.sampled_from(Frequency),
    notify=st.sampled_from([Notify.ONCE, Notify.ONLY_EXCEEDED]),
    milestones=st.sampled_from([Milestones(), read_milestones("50, 80, 100, 120")]),
    spike_rule=st.sampled_from([None, read_spike_rule("40% and 20")]),
)


@given(
    WATCHES,
    st.dates(date(2026, 1, 1), date(2026, 12, 1)),
    st.lists(st.lists(COSTS, min_size=8, max_size=8), max_size=12),
)
def test_nothing_is_said_twice(watch: Watch, start: date, readings: list[list[str | None]]) -> None:
    """However figures come, go and change: a verdict once, a correction once a day, a milestone once."""
    channel = Channel(watch)
    corrections: list[tuple[Period, date]] = []
    milestones: list[tuple[date, Decimal]] = []
    for n, costs in enumerate(readings):
        today = start + n // 2 * DAY
        for report in channel.tick(today, on(today, *costs)):
            if report.corrects and not (report.milestone or report.spike):
                corrections.append((report.period, today))
            if report.milestone:
                milestones.append((report.period.start, report.milestone))
        assert channel.tick(today, on(today, *costs)) == []
    assert len(set(corrections)) == len(corrections)
    assert len(set(milestones)) == len(milestones)
    assert all(one != other for told in channel.told.values() for one, other in pairwise(told.verdicts))


@given(WATCHES, st.dates(date(2026, 1, 1), date(2026, 12, 1)), st.lists(COSTS, min_size=1, max_size=40))
def test_a_breach_is_never_missed(watch: Watch, start: date, costs: list[str | None]) -> None:
    """With a check every day, every newest period over its threshold has been told as exceeded."""
    channel = Channel(watch)
    for n in range(len(costs)):
        today = start + n * DAY
        history = on(today, *costs[: n + 1])
        channel.tick(today, history)
        newest = watch.frequency.period_on(today)
        spend = history.spend(newest)
        if spend and spend.amount > BUDGET.amount:
            said = channel.told.get(newest) or last_of_month(newest, channel.told)
            assert said is not None
            assert said.verdicts[-1] is E


@given(st.lists(st.lists(COSTS, min_size=8, max_size=8), min_size=1, max_size=12))
def test_the_last_word_is_the_truth(readings: list[list[str | None]]) -> None:
    """However often the figures have changed: two days after they rest, the channel knows what holds."""
    channel = Channel()
    start = date(2026, 11, 10)
    for n, costs in enumerate(readings):
        today = start + n // 3 * DAY
        channel.tick(today, on(today, *costs))
    for rest in range(1, 3):
        history = on(today + rest * DAY, *costs, *["1"] * rest)
        channel.tick(today + rest * DAY, history)
    for period, told in channel.told.items():
        verdict = BUDGET.judge(history, period)
        if told.verdicts[-1] is not N and verdict is not N and period.start > today - 5 * DAY:
            assert told.verdicts[-1] is verdict


def last_of_month(period: Period, told: Mapping[Period, Told]) -> Told | None:
    """What was told last of the month: with milestones a running month is not told of every day."""
    return next((told[one] for one in sorted(told, reverse=True) if one.start == period.start), None)


class TestNotify:
    """How much a channel wants to hear."""

    def test_every_check_tells_the_newest_period_every_time(self) -> None:
        """And the older ones as ever: a correction once. Repeating is not correcting."""
        channel = Channel(Watch(BUDGET, notify=Notify.EVERY_CHECK))
        for _ in range(3):
            [report] = channel.tick(MONDAY, on(MONDAY, "1", "90"))
            assert not report.corrects
        assert channel.told[report.period].verdicts == (W,)
        tuesday = MONDAY + DAY
        assert channel.hears(tuesday, on(tuesday, "1", "120", "5")) == [("2026-11-22", E), ("2026-11-23", W)]
        assert channel.hears(tuesday, on(tuesday, "1", "120", "5")) == [("2026-11-23", W)]

    def test_only_when_exceeded_is_silent_within_budget_and_without_figures(self) -> None:
        """Green is no news to this channel."""
        channel = Channel(Watch(BUDGET, notify=Notify.ONLY_EXCEEDED))
        assert channel.hears(MONDAY, on(MONDAY, "1", None)) == []
        assert channel.hears(MONDAY, on(MONDAY, "1", "100")) == []
        tuesday = MONDAY + DAY
        assert channel.hears(tuesday, on(tuesday, "1", "100", "101")) == [("2026-11-23", E)]
        assert channel.hears(tuesday, on(tuesday, "1", "100", "101")) == []

    def test_a_breach_that_shows_later_is_told_although_nothing_was_said_before(self) -> None:
        """From the first check on, silence does not mean blindness; what was before it stays unsaid."""
        channel = Channel(Watch(BUDGET, notify=Notify.ONLY_EXCEEDED))
        channel.tick(MONDAY, on(MONDAY, "1", "90"))
        tuesday = MONDAY + DAY
        heard = channel.hears(tuesday, on(tuesday, "500", "120", "5"))
        assert heard == [("2026-11-22", E), ("2026-11-23", W)]  # and the way back

    def test_a_breach_that_was_told_is_taken_back_in_words(self) -> None:
        """A figure is never wrong without saying so."""
        channel = Channel(Watch(BUDGET, notify=Notify.ONLY_EXCEEDED))
        channel.tick(MONDAY, on(MONDAY, "1", "120"))
        assert channel.hears(MONDAY, on(MONDAY, "1", "90")) == [("2026-11-22", W)]


class TestSpikes:
    """A day far above its weekday's usual is reported even within budget."""

    WATCH = Watch(BUDGET, notify=Notify.ONLY_EXCEEDED, spike_rule=read_spike_rule("40% and 20"))

    def test_a_spike_within_budget_is_told_once(self) -> None:
        """Also to a channel that hears of nothing else within budget."""
        channel = Channel(self.WATCH)
        spiky = on(MONDAY, *["50"] * 30, "80")
        [report] = channel.tick(MONDAY, spiky)
        assert (report.verdict, report.spike) == (W, True)
        assert channel.tick(MONDAY, spiky) == []

    def test_a_usual_day_is_no_spike(self) -> None:
        """Not 40 % above."""
        assert Channel(self.WATCH).tick(MONDAY, on(MONDAY, *["50"] * 30, "69")) == []

    def test_a_spike_that_late_data_shows_is_told(self) -> None:
        """The day was told already, the spike was not."""
        channel = Channel(Watch(BUDGET, spike_rule=read_spike_rule("40% and 20")))
        channel.tick(MONDAY, on(MONDAY, *["50"] * 30, "51"))
        [report] = channel.tick(MONDAY, on(MONDAY, *["50"] * 30, "90"))
        assert report.spike
        assert not report.corrects

    def test_old_spikes_are_not_told_at_the_first_check(self) -> None:
        """Like old breaches."""
        assert Channel(self.WATCH).tick(MONDAY, on(MONDAY, *["50"] * 30, "90", "50")) == []


class TestMonthToDate:
    """A month that is running, and the month that has just closed."""

    def test_each_day_has_its_report(self) -> None:
        """With no milestones, once a day."""
        channel = Channel(Watch(BUDGET, Frequency.MONTH_TO_DATE))
        third, fourth = date(2026, 11, 3), date(2026, 11, 4)
        assert channel.hears(third, on(third, "10", "10")) == [("2026-11-01 to 2026-11-02", W)]
        assert channel.hears(fourth, on(fourth, "10", "10", "95")) == [("2026-11-01 to 2026-11-03", E)]

    def test_a_missing_last_day_leaves_the_month_judged_so_far(self) -> None:
        """Else a check at midnight would never have a verdict; the figure says up to when it counts."""
        channel = Channel(Watch(BUDGET, Frequency.MONTH_TO_DATE))
        third = date(2026, 11, 3)
        assert channel.hears(third, on(third, "10", None)) == [("2026-11-01 to 2026-11-02", W)]
        second = date(2026, 11, 2)
        assert Channel(channel.watch).hears(second, on(second, "10", None)) == [("2026-11-01", N)]

    def test_on_the_first_the_closed_month_is_told(self) -> None:
        """Whole, and only when it is published to its end; then a day later."""
        channel = Channel(Watch(BUDGET, Frequency.MONTH_TO_DATE))
        first, second = date(2026, 11, 1), date(2026, 11, 2)
        assert channel.hears(first, on(first, *["3"] * 30, None)) == [("October 2026", N)]
        assert channel.hears(second, on(second, *["3"] * 32)) == [("October 2026", W), ("2026-11-01", W)]


class TestMilestones:
    """With milestones a running month is told of when it reaches one."""

    WATCH = Watch(BUDGET, Frequency.MONTH_TO_DATE, milestones=read_milestones("50, 80, 120"))

    def milestones(self, watch: Watch, *totals: str | None) -> list[tuple[int, str | None, Verdict]]:
        """The day, milestone and verdict of each report, for the month's totals day by day."""
        channel = Channel(watch)
        said = []
        for n in range(1, len(totals) + 1):
            today = date(2026, 11, 1) + n * DAY
            spent = [Decimal(total) for total in totals[:n] if total is not None]
            costs = [str(now - before) for before, now in pairwise([Decimal(), *spent])]
            for report in channel.tick(today, on(today, *costs)):
                milestone = f"{report.milestone:f}" if report.milestone else None
                said.append((report.period.last_day.day, milestone, report.verdict))
        return said

    def test_each_is_told_once(self) -> None:
        """Reached exactly counts; a day that reaches two tells the higher; a breach is told in any case."""
        said = self.milestones(self.WATCH, "10", "50", "60", "79.99", "99", "101", "110", "125", "300")
        assert said == [(2, "50", W), (5, "80", W), (6, None, E), (8, "120", E)]

    def test_two_at_once_are_one_report(self) -> None:
        """The higher says it all."""
        assert self.milestones(self.WATCH, "90", "91") == [(1, "80", W)]

    def test_one_that_a_credit_took_back_is_not_told_again(self) -> None:
        """Once a month is once."""
        assert self.milestones(self.WATCH, "60", "40", "60", "85") == [(1, "50", W), (4, "80", W)]

    def test_coming_back_within_budget_is_told(self) -> None:
        """The last word was that the month is over."""
        said = self.milestones(self.WATCH, "60", "110", "95", "96")
        assert said == [(1, "50", W), (2, "80", E), (3, None, W)]

    def test_the_closed_month_is_told_on_the_first(self) -> None:
        """Whatever was said on the way."""
        channel = Channel(self.WATCH)
        last, first = date(2026, 11, 30), date(2026, 12, 1)
        assert channel.hears(last, on(last, *["1"] * 29)) == []
        assert channel.hears(first, on(first, *["1"] * 30)) == [("November 2026", W)]

    def test_a_new_month_has_them_again(self) -> None:
        """Each once a month."""
        channel = Channel(self.WATCH)
        for today in (date(2026, 10, 3), date(2026, 11, 10)):
            [report] = channel.tick(today, on(today, "30", "25"))
            assert report.milestone == Decimal(50)

    def test_other_frequencies_have_no_use_for_them(self) -> None:
        """A closed day is told as ever."""
        channel = Channel(Watch(BUDGET, milestones=read_milestones("50")))
        [report] = channel.tick(MONDAY, on(MONDAY, "90"))
        assert report.milestone is None

    def test_there_is_no_percent_of_nothing(self) -> None:
        """A threshold of zero has no milestones, and is exceeded by any spend."""
        said = self.milestones(
            Watch(Threshold(Decimal(0)), Frequency.MONTH_TO_DATE, milestones=read_milestones("50")), "1"
        )
        assert said == [(1, None, E)]


def test_every_report_that_is_told_has_its_figures() -> None:
    """The analysis comes with the news."""
    [report] = news(DAILY, MONDAY, on(MONDAY, "7", "9"), {})
    assert report.analysis is not None
    assert report.analysis.spend_before == Money(Decimal(7))
