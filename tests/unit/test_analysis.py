"""The figures behind a report: comparisons, shape, trust and episodes."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.analysis import Analysis, Episode, analyse, compared_with, counted_part, shape_of
from domain.costs import CostHistory
from domain.money import Money
from domain.periods import DAY, Frequency, Period
from domain.thresholds import Threshold, Verdict
from domain.told import Told
from domain.trust import LaterChange, is_provisional, later_change
from tests.doubles.fakes.histories import by_period, daily, day, month

TODAY = date(2026, 11, 23)
NEWEST = day("2026-11-22")


def analysis_of(
    history: CostHistory,
    frequency: Frequency = Frequency.DAILY,
    threshold: str = "100",
    period: Period | None = None,
    today: date = TODAY,
) -> Analysis:
    """Analyse the newest period, or another."""
    period = period or frequency.period_on(today)
    return analyse(frequency, today, history, Threshold(Decimal(threshold)), period, {})


class TestComparison:
    """A period is compared with its like, or not at all."""

    def test_a_day_is_compared_with_the_day_before(self) -> None:
        """And its parts too."""
        analysis = analysis_of(daily("2026-11-23", "7", "9"))
        assert (analysis.before, analysis.spend_before) == (day("2026-11-21"), Money(Decimal(7)))
        assert [part.change for part in analysis.parts] == [Decimal(2)]

    @pytest.mark.parametrize("before", [[], [None]])
    def test_an_unknown_day_before_is_no_zero(self, before: list[None]) -> None:
        """There is nothing to compare with on an account's first day."""
        analysis = analysis_of(daily("2026-11-23", *before, "9"))
        assert (analysis.before, analysis.spend_before) == (None, None)
        assert [part.change for part in analysis.parts] == [None]

    def test_a_week_is_not_compared_with_part_of_a_week(self) -> None:
        """Neither when it is published in part, nor when the week before is known in part."""
        week = Frequency.WEEKLY.period_on(TODAY)
        in_part = daily("2026-11-23", *["1"] * 13, None)
        assert counted_part(in_part, week) == Period(week.start, week.end - DAY)
        assert compared_with(Frequency.WEEKLY, in_part, week, counted_part(in_part, week)) is None
        known_late = daily("2026-11-23", *["1"] * 13)
        assert compared_with(Frequency.WEEKLY, known_late, week, week) is None
        assert compared_with(Frequency.WEEKLY, daily("2026-11-23", *["1"] * 14), week, week) == Period(
            date(2026, 11, 9), date(2026, 11, 16)
        )

    def test_a_month_to_date_is_compared_with_as_many_published_days(self) -> None:
        """Twenty-one days of November, since the 22nd is missing, with twenty-one of October."""
        analysis = analysis_of(daily("2026-11-23", *["1"] * 60, None), Frequency.MONTH_TO_DATE)
        assert analysis.counted == Period(date(2026, 11, 1), date(2026, 11, 22))
        assert analysis.before == Period(date(2026, 10, 1), date(2026, 10, 22))
        assert analysis.spend_before == Money(Decimal(21))

    def test_a_month_is_compared_with_the_month_before(self) -> None:
        """By month, and the running month does not get in between."""
        history = by_period(
            {
                month("2026-09-01"): "90",
                month("2026-10-01"): "95",
                Period(date(2026, 11, 1), TODAY): "50",
            }
        )
        analysis = analysis_of(history, Frequency.MONTHLY)
        assert (analysis.before, analysis.spend_before) == (month("2026-09-01"), Money(Decimal(90)))
        assert analysis.outlook is not None
        assert analysis.outlook.spend == Money(Decimal(50))
        assert analysis.outlook.threshold == Threshold(Decimal(100))


class TestShape:
    """The last 14 days, or 12 months."""

    def test_fourteen_days_up_to_the_period_end(self) -> None:
        """What is not published is a gap, not a zero."""
        drawn = shape_of(daily("2026-11-23", *["1"] * 20, "3", None), NEWEST)
        assert [period.start for period, _ in drawn] == [NEWEST.start - n * DAY for n in range(13, -1, -1)]
        assert [spend and spend.amount for _, spend in drawn[-3:]] == [Decimal(1), Decimal(3), None]

    def test_twelve_months(self) -> None:
        """Across a year's end."""
        months = [month(f"2025-{n:02}-01") for n in (10, 11, 12)]
        months += [month(f"2026-{n:02}-01") for n in range(1, 11)]
        history = by_period({**dict.fromkeys(months), months[2]: "5", months[-1]: "6"})
        drawn = shape_of(history, month("2026-10-01"), by_day=False)
        assert [str(period) for period, _ in (drawn[0], drawn[-1])] == ["November 2025", "October 2026"]
        assert [spend and spend.amount for _, spend in drawn] == [None, 5, *[0] * 9, 6]


class TestEpisodes:
    """The first period back within budget says for how long it was over, and how much."""

    def test_days_over_budget_are_counted_and_summed(self) -> None:
        """From the last day within budget on."""
        analysis = analysis_of(daily("2026-11-23", "500", "100", "130", "101", "110.5", "99"))
        assert analysis.episode == Episode(date(2026, 11, 19), 3, Money(Decimal("41.5")), is_older=False)

    @pytest.mark.parametrize(
        "costs",
        [
            ("150", "100", "99"),
            ("150", None, "99"),
            ("150", "101"),
            ("150", None),
            ("150", None, None),
            ("99",),
            ("150", {"EC2": "0"}, "9"),
        ],
    )
    def test_there_is_none_unless_the_day_before_was_over_and_this_one_is_not(
        self, costs: tuple[str | None, ...]
    ) -> None:
        """A day that cost nothing ends the run as well; one without data does not end it: nobody knows."""
        assert analysis_of(daily("2026-11-23", *costs)).episode is None

    @given(st.lists(st.sampled_from([None, "0", "50", "150"]), max_size=20))
    def test_nothing_is_back_within_budget_from_the_absence_of_data(self, costs: list[str | None]) -> None:
        """The day that ends an episode is published, and so is every day of it."""
        history = daily("2026-11-23", *costs)
        episode = analysis_of(history).episode
        if episode:
            spend = history.spend(NEWEST)
            assert spend is not None
            assert spend.amount <= 100
            days = Period(episode.since, NEWEST.start)
            known = [history.spend(Period(day, day + DAY)) for day in days.days()]
            assert all(one is not None and one.amount > 100 for one in known)

    def test_a_run_as_long_as_the_history_may_be_longer(self) -> None:
        """It is said as at least."""
        episode = analysis_of(daily("2026-11-23", "150", "150", "50")).episode
        assert episode == Episode(date(2026, 11, 20), 2, Money(Decimal(100)), is_older=True)

    def test_weeks_and_months_have_episodes_too(self) -> None:
        """Each against its own threshold."""
        weekly = analysis_of(daily("2026-11-23", *["1"] * 7, *["3"] * 14, *["1"] * 7), Frequency.WEEKLY, "10")
        assert weekly.episode == Episode(date(2026, 11, 2), 2, Money(Decimal(22)), is_older=False)
        months = by_period({month("2026-08-01"): "9", month("2026-09-01"): "12", month("2026-10-01"): "9"})
        monthly = analysis_of(months, Frequency.MONTHLY, "10")
        assert monthly.episode == Episode(date(2026, 9, 1), 1, Money(Decimal(2)), is_older=False)

    def test_a_week_that_is_not_complete_has_not_ended_it(self) -> None:
        """Its missing day may still take it over."""
        week = [*["3"] * 7, *["1"] * 6, None]
        assert analysis_of(daily("2026-11-23", *week), Frequency.WEEKLY, "10").episode is None

    def test_a_month_to_date_has_none(self) -> None:
        """Part of a month has no period before it with a budget of its own."""
        history = daily("2026-11-23", *["10"] * 31, *["1"] * 22)
        assert analysis_of(history, Frequency.MONTH_TO_DATE).episode is None


class TestTrust:
    """What AWS may still add, and how much it usually is."""

    @pytest.mark.parametrize(
        ("period", "last_provisional_day"),
        [
            (day("2026-11-20"), date(2026, 11, 22)),
            (Period(date(2026, 11, 9), date(2026, 11, 16)), date(2026, 11, 17)),
            (Period(date(2026, 11, 1), date(2026, 11, 20)), date(2026, 11, 21)),
            (month("2026-10-01"), date(2026, 11, 5)),
            (month("2026-02-01"), date(2026, 3, 5)),
        ],
    )
    def test_a_period_is_provisional_for_two_days_a_month_until_its_bill_is_final(
        self, period: Period, last_provisional_day: date
    ) -> None:
        """After that AWS seldom changes it."""
        assert is_provisional(period, last_provisional_day)
        assert not is_provisional(period, last_provisional_day + DAY)

    def test_the_usual_later_change_is_the_median_of_what_was_told_first(self) -> None:
        """Of periods that have settled; what is still provisional does not count."""
        history = daily("2026-11-23", "110", "120", "100", "103", "900", "900")
        told = {
            NEWEST_BUT: Told((Verdict.WITHIN,), None, Money(Decimal(100)))
            for NEWEST_BUT in list_of_days("2026-11-17", 6)
        }
        assert later_change(history, told, TODAY) == LaterChange(Decimal("6.5"), 4)

    def test_a_few_changes_show_nothing(self) -> None:
        """Two days are no rule, nor are days that were told without a figure or with nothing."""
        history = daily("2026-11-23", *["110"] * 6)
        figures = [Money(Decimal(100)), Money(Decimal(100)), None, Money(Decimal(0))]
        told = {
            period: Told((Verdict.WITHIN,), figure, figure)
            for period, figure in zip(list_of_days("2026-11-17", 4), figures, strict=True)
        }
        assert later_change(history, told, TODAY) is None

    def test_what_the_answer_no_longer_holds_is_not_compared(self) -> None:
        """A month told earlier is not set against the half of it that is known."""
        history = daily("2026-11-23", *["1"] * 10)
        months = {
            month(f"2026-{n:02}-01"): Told((Verdict.WITHIN,), None, Money(Decimal(30))) for n in (9, 10, 11)
        }
        assert later_change(history, months, date(2026, 12, 20)) is None


class TestOlderPeriods:
    """A correction speaks of its own day."""

    def test_only_the_newest_period_looks_ahead(self) -> None:
        """Where the month is heading belongs to today's report."""
        history = daily("2026-11-23", *["1"] * 30)
        assert analysis_of(history).outlook is not None
        assert analysis_of(history, period=day("2026-11-20")).outlook is None

    def test_a_daily_threshold_is_none_for_the_month(self) -> None:
        """The month so far is told, not measured against a day's budget."""
        outlook = analysis_of(daily("2026-11-23", *["1"] * 30)).outlook
        assert outlook is not None
        assert (outlook.threshold, outlook.reached_on) == (None, None)


def list_of_days(first: str, count: int) -> list[Period]:
    """Consecutive days."""
    start = day(first).start
    return [Period(start + n * DAY, start + (n + 1) * DAY) for n in range(count)]
