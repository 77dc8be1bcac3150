"""Where a month is heading, and when it reaches its threshold."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.costs import CostHistory
from domain.money import Money
from domain.outlook import Outlook, outlook_on
from domain.periods import DAY, Period
from domain.reports import news
from domain.settling import Settling
from domain.thresholds import Threshold
from domain.watch import Watch
from tests.doubles.fakes.histories import Amounts, by_period, daily, month

TODAY = date(2026, 11, 23)


def look(history: CostHistory, threshold: str | Decimal | None = None, today: date = TODAY) -> Outlook:
    """The outlook, which must be there."""
    outlook = outlook_on(today, history, Threshold(Decimal(threshold)) if threshold is not None else None)
    assert outlook is not None
    return outlook


def test_the_pace_is_that_of_the_trailing_seven_published_days() -> None:
    """Neither the weeks before nor the day that AWS has not published yet."""
    outlook = look(daily("2026-11-23", *["500"] * 20, *["10"] * 7, None))
    assert outlook.until == date(2026, 11, 22)
    assert outlook.pace == Money(Decimal(10))


def test_the_pace_reaches_into_the_month_before() -> None:
    """On the 3rd there are seven days to go by all the same."""
    outlook = look(daily("2026-11-03", *["10"] * 5, "24", "31"), today=date(2026, 11, 3))
    assert outlook.spend == Money(Decimal(55))
    assert outlook.pace == Money(Decimal(15))


def test_a_young_account_has_the_pace_of_the_days_it_has() -> None:
    """Two days are not averaged over seven."""
    assert look(daily("2026-11-23", None, None, "10", "20")).pace == Money(Decimal(15))


def test_by_the_month_end_the_pace_goes_on() -> None:
    """Eight days of November are left after the 22nd."""
    outlook = look(daily("2026-11-23", *["10"] * 30))
    assert outlook.month == month("2026-11-01")
    assert outlook.spend == Money(Decimal(220))
    assert outlook.by_month_end == Money(Decimal(300))


@pytest.mark.parametrize(
    ("usual", "published", "lacking", "by_month_end"),
    [("10", "4", "6", "300"), ("10", "25", None, "315"), ("-10", "-4", "-6", "-300")],
)
def test_a_part_of_a_day_counts_as_the_usual_day_that_it_will_be(
    usual: str, published: str, lacking: str | None, by_month_end: str
) -> None:
    """At midnight half of the newest day is there: it neither slows the pace nor misses in the month."""
    [report] = news(
        Watch(Threshold(Decimal(1000))),
        TODAY,
        daily("2026-11-23", *[usual] * 29, published),
        {},
        settling=Settling(DAY, datetime(2026, 11, 23, tzinfo=UTC), lag=DAY),
    )
    assert report.analysis is not None
    outlook = report.analysis.outlook
    assert outlook is not None
    assert outlook.spend == Money(21 * Decimal(usual) + Decimal(published))
    assert outlook.pace == Money(Decimal(usual))
    assert outlook.lacking == (Money(Decimal(lacking)) if lacking else None)
    assert outlook.by_month_end == Money(Decimal(by_month_end))


@pytest.mark.parametrize(
    ("threshold", "reached_on"),
    [
        ("300", date(2026, 11, 30)),
        ("300.01", None),
        ("221", date(2026, 11, 23)),
        ("230", date(2026, 11, 23)),
        ("230.01", date(2026, 11, 24)),
        ("220", date(2026, 11, 22)),
        ("215", date(2026, 11, 22)),
        ("10", date(2026, 11, 1)),
        ("0", date(2026, 11, 1)),
    ],
)
def test_the_day_on_which_the_threshold_is_reached(threshold: str, reached_on: date | None) -> None:
    """Counted on from the last published day, looked up when it has passed, None when not this month."""
    assert look(daily("2026-11-23", *["10"] * 30), threshold).reached_on == reached_on


@pytest.mark.parametrize("costs", [["0"] * 30, ["-5"] * 30])
def test_what_does_not_grow_reaches_nothing(costs: list[str]) -> None:
    """A pace of nothing, or of credits."""
    assert look(daily("2026-11-23", *costs), "100").reached_on is None


def test_after_a_credit_the_threshold_is_ahead_again() -> None:
    """What was reached once and taken back is not reached."""
    outlook = look(daily("2026-11-23", *["10"] * 21, {"EC2": "10", "Credit": "-180"}), "121")
    assert outlook.spend == Money(Decimal(40))
    assert outlook.reached_on is None


DAYS = st.lists(st.decimals(-500, 2000, places=4), min_size=22, max_size=40)


@given(DAYS, st.decimals(0, 30_000, places=2))
def test_the_day_lies_in_the_month(days: list[Decimal], threshold: Decimal) -> None:
    """It has passed exactly when the threshold is reached by now."""
    outlook = look(daily("2026-11-23", *[str(cost) for cost in days]), threshold)
    if outlook.reached_on:
        assert outlook.month.start <= outlook.reached_on < outlook.month.end
        assert (outlook.reached_on < outlook.until) == (outlook.spend.amount >= threshold)


def test_on_the_first_there_is_no_month_to_look_at() -> None:
    """No day of it has closed."""
    assert outlook_on(date(2026, 12, 1), daily("2026-12-01", "10", "10")) is None


@pytest.mark.parametrize("costs", [[], ["1", None, None]])
def test_without_figures_of_the_month_nothing_is_said(costs: list[str | None]) -> None:
    """Nothing published is not a month of $0."""
    assert outlook_on(date(2026, 11, 3), daily("2026-11-03", *costs)) is None


def test_by_month_the_spend_is_known_and_no_pace() -> None:
    """A monthly answer holds one figure for the days of the month so far."""
    history = by_period({month("2026-10-01"): "900", Period(date(2026, 11, 1), TODAY): "400"})
    outlook = outlook_on(TODAY, history, Threshold(Decimal(1000)), by_day=False)
    assert outlook is not None
    assert (outlook.spend, outlook.pace, outlook.by_month_end) == (Money(Decimal(400)), None, None)
    assert outlook.reached_on is None


class TestOneOffs:
    """What falls on one day is no pace: tax, support, a subscription, a refund."""

    def test_a_charge_on_the_first_is_not_projected(self) -> None:
        """3 a day and 119 on the 1st are 206 by the end of November, and 300 are never reached."""
        costs: list[Amounts | str] = [
            *["3"] * 5,
            {"EC2": "3", "Tax": "90", "AWS Support (Business)": "26"},
            *["3"] * 6,
        ]
        outlook = look(daily("2026-11-08", *costs), "300", date(2026, 11, 8))
        assert (outlook.pace, outlook.by_month_end) == (Money(Decimal(3)), Money(Decimal(206)))
        assert outlook.reached_on is None

    @pytest.mark.parametrize("services", [{"EC2": "119"}, {"EC2": "3", "Tax": "116"}])
    def test_by_the_first_alone_the_usual_days_are_those_before(self, services: dict[str, str]) -> None:
        """Whether the charge is a service's of its own, or stands among the daily ones."""
        outlook = look(daily("2026-11-02", *["3"] * 20, services), today=date(2026, 11, 2))
        assert outlook.by_month_end == Money(Decimal(206))

    def test_a_refund_does_not_go_on(self) -> None:
        """530 are spent after a refund of 280: the month will not end at less."""
        costs: list[Amounts | str] = [*["10"] * 20, "620", {"EC2": "10", "Refund": "-280"}]
        outlook = look(daily("2026-11-23", *costs))
        assert (outlook.spend, outlook.pace) == (Money(Decimal(550)), Money(Decimal(10)))
        assert outlook.by_month_end == Money(Decimal(630))

    def test_a_credit_of_every_day_does(self) -> None:
        """Then the month may end at less than is spent."""
        outlook = look(daily("2026-11-23", "620", *[{"EC2": "10", "Credit": "-15"}] * 20))
        assert outlook.pace == Money(Decimal(-5))

    def test_a_job_of_every_week_is_part_of_the_pace(self) -> None:
        """Each Sunday 70: that is 10 a day."""
        week: list[Amounts | str] = [*["1"] * 6, {"EC2": "1", "AWS Batch": "70"}]
        assert look(daily("2026-11-23", *week * 4)).pace == Money(Decimal(11))

    def test_a_new_level_is_part_of_the_pace_once_it_is_seen_twice(self) -> None:
        """Whoever has left a machine running sees where that leads."""
        assert look(daily("2026-11-23", *["10"] * 20, "80")).pace == Money(Decimal(10))
        assert look(daily("2026-11-23", *["10"] * 19, "80", "80")).pace == Money(Decimal(30))

    def test_a_monthly_charge_that_is_late_is_counted_in(self) -> None:
        """Tax fell on October 1st, and is missing in November so far; EC2 of that day is no such charge."""
        october: list[Amounts | str] = [{"EC2": "3", "Tax": "90"}, *["3"] * 30]
        late = look(daily("2026-11-08", *october, *["3"] * 7), "150", date(2026, 11, 8))
        assert (late.to_come, late.by_month_end) == (Money(Decimal(90)), Money(Decimal(180)))
        assert late.reached_on == date(2026, 11, 20)
        there = look(daily("2026-11-08", *october, {"EC2": "3", "Tax": "100"}, *["3"] * 6), "150")
        assert (there.to_come, there.by_month_end) == (Money(Decimal()), Money(Decimal(190)))

    def test_without_the_month_before_nothing_is_counted_in(self) -> None:
        """What is not known is not expected."""
        assert look(daily("2026-11-23", *["3"] * 22)).to_come == Money(Decimal())


@given(DAYS, st.decimals(0, 30_000, places=2))
def test_the_outlook_does_not_contradict_what_is_spent(days: list[Decimal], threshold: Decimal) -> None:
    """The month ends at less only at a pace of credits, and the day agrees with where it ends."""
    outlook = look(daily("2026-11-23", *[str(cost) for cost in days]), threshold)
    assert outlook.pace is not None
    assert outlook.by_month_end is not None
    assert outlook.pace.amount < 0 or outlook.by_month_end.amount >= outlook.spend.amount
    if outlook.spend.amount < threshold:
        assert (outlook.reached_on is not None) == (outlook.by_month_end.amount >= threshold)


@given(st.lists(st.decimals(1, 100, places=2), min_size=22, max_size=40), st.decimals(-5000, 5000, places=2))
def test_one_strange_day_hardly_moves_the_pace(days: list[Decimal], charge: Decimal) -> None:
    """A charge of its own changes the forecast by itself, not by a share for every day left."""
    costs: list[dict[str, Decimal]] = [{"EC2": cost} for cost in days]
    plain = look(daily("2026-11-23", *costs)).pace
    costs[-2] = {**costs[-2], "Tax": charge}
    assert look(daily("2026-11-23", *costs)).pace == plain
