"""How often a channel hears of what is no news by itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal

from domain.milestones import Milestones
from domain.money import Money
from domain.notify import Notify
from domain.periods import DAY, Frequency, Period
from domain.reports import Report, news
from domain.thresholds import Threshold, Verdict
from domain.told import Told
from domain.watch import Watch
from tests.doubles.fakes.histories import daily

BEGIN = date(2026, 11, 2)
"""A Monday."""

DAILY = Watch(Threshold(Decimal(100)))
MONTH = Watch(Threshold(Decimal(1000)), Frequency.MONTH_TO_DATE)


def live(watch: Watch, costs: Sequence[str], begin: date = BEGIN, usual: str = "60") -> Mapping[date, Report]:
    """Look once a day, remember what was said; return the reports on the newest period, by their day."""
    told: dict[Period, Told] = {}
    since, said = None, {}
    for number in range(len(costs)):
        today = begin + (number + 1) * DAY
        history = daily(today.isoformat(), *[usual] * 40, *costs[: number + 1])
        for report in news(watch, today, history, told, since):
            told[report.period] = report.told()
            if report.period == watch.frequency.period_on(today):
                said[today - DAY] = report
        since = since or watch.frequency.period_on(today).start
    return said


def weekdays(said: Mapping[date, Report]) -> list[str]:
    """Of the days that were told of."""
    return [f"{day:%a}" for day in said]


class TestAlertsAndAWeeklySummary:
    """A breach and its end at once, and each week in one message."""

    WATCH = replace(DAILY, notify=Notify.WEEKLY_SUMMARY)

    def test_the_first_look_and_then_every_sunday(self) -> None:
        """Who has just asked is answered."""
        said = live(self.WATCH, ["60"] * 21)
        assert weekdays(said) == ["Mon", "Sun", "Sun", "Sun"]
        week = said[date(2026, 11, 15)].week
        assert week
        assert (week.days.start, week.spend, week.before) == (
            date(2026, 11, 9),
            Money(Decimal(420)),
            Money(Decimal(420)),
        )
        assert (week.over, week.still_watching) == (0, False)

    def test_a_breach_and_the_way_back_come_at_once(self) -> None:
        """And the week still has its summary."""
        said = live(self.WATCH, ["60", "60", "130", "140", "60", "60", "60"])
        assert weekdays(said) == ["Mon", "Wed", "Thu", "Fri", "Sun"]
        sunday = said[date(2026, 11, 8)].week
        assert sunday
        assert sunday.over == 2

    def test_a_sunday_that_is_over_is_both(self) -> None:
        """One message."""
        said = live(self.WATCH, ["60"] * 6 + ["130", "60"])
        assert weekdays(said) == ["Mon", "Sun", "Mon"]
        assert said[date(2026, 11, 8)].week

    def test_a_summary_that_was_missed_comes_on_monday(self) -> None:
        """Nobody looked on Sunday."""
        told = {day: Told((Verdict.WITHIN,), Money(Decimal(60))) for day in [Period(BEGIN, BEGIN + DAY)]}
        [report] = news(self.WATCH, date(2026, 11, 10), daily("2026-11-10", *["60"] * 40), told, BEGIN)
        assert report.week
        assert report.week.days.end == date(2026, 11, 10)

    def test_a_month_that_runs_is_summed_up_too(self) -> None:
        """Its weeks, not its days."""
        said = live(
            replace(MONTH, threshold=Threshold(Decimal(9000)), notify=Notify.WEEKLY_SUMMARY), ["60"] * 15
        )
        assert weekdays(said) == ["Mon", "Sun", "Sun"]
        assert all(said[day].week for day in list(said)[1:])


class TestOnlyWhenExceeded:
    """Silence must not be death."""

    WATCH = replace(DAILY, notify=Notify.ONLY_EXCEEDED)

    def test_a_week_without_a_word_ends_with_one(self) -> None:
        """Seven days after the first look, then every seven."""
        said = live(self.WATCH, ["60"] * 21)
        assert weekdays(said) == ["Sun", "Sun", "Sun"]
        week = said[date(2026, 11, 8)].week
        assert week
        assert (week.spend, week.still_watching) == (Money(Decimal(420)), True)

    def test_the_way_back_is_told(self) -> None:
        """Once; and the silence counts from there."""
        said = live(self.WATCH, ["60", "130", "60", "60", "60", "60", "60", "60", "60", "60"])
        assert weekdays(said) == ["Tue", "Wed", "Wed"]
        assert [report.verdict for report in said.values()] == [
            Verdict.EXCEEDED,
            Verdict.WITHIN,
            Verdict.WITHIN,
        ]


class TestAMonthThatIsOver:
    """The money is gone: it is told at each further tenth, not daily."""

    def test_each_further_ten_percent(self) -> None:
        """$60 a day are 6 % of $1,000: exceeded on the 17th, then 110, 120 and so on."""
        said = live(MONTH, ["60"] * 28, begin=date(2026, 11, 1))
        over = [report for report in said.values() if report.verdict is Verdict.EXCEEDED]
        assert [int(report.spend.amount) for report in over if report.spend] == [
            1020, 1140, 1200, 1320, 1440, 1500, 1620,
        ]  # fmt: skip

    def test_it_is_warned_of_before(self) -> None:
        """Once, though no milestone is set: $60 a day lead to $1,800."""
        said = live(MONTH, ["30"] * 8 + ["60"] * 8, begin=date(2026, 11, 1), usual="30")
        [warning] = [report.forecast for report in said.values() if report.forecast]
        assert warning.by_month_end.amount > 1000

    def test_a_new_month_begins_anew(self) -> None:
        """December's first day is told as within budget."""
        said = live(MONTH, ["60"] * 34, begin=date(2026, 11, 1))
        assert said[date(2026, 12, 2)].verdict is Verdict.WITHIN

    def test_milestones_say_when_instead(self) -> None:
        """Whoever has set them."""
        watch = replace(MONTH, milestones=Milestones((Decimal(50), Decimal(100), Decimal(120))))
        said = live(watch, ["60"] * 28, begin=date(2026, 11, 1))
        assert [report.milestone for report in said.values()] == [Decimal(50), Decimal(100), Decimal(120)]
