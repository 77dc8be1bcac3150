"""Which service stands out, for how long, and what that comes to."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.analysis import Analysis, analyse
from domain.costs import CostHistory
from domain.culprit import Culprit, culprit_of
from domain.money import Money
from domain.periods import DAY, Frequency, Period
from domain.thresholds import Threshold
from tests.doubles.fakes.histories import by_period, daily, month

USUAL = {"EC2": "60", "RDS": "20", "S3": "5"}
WITH_SAGEMAKER = {**USUAL, "SageMaker": "64"}
QUIET = {"EC2": "20", "RDS": "10", "S3": "5"}
MONDAY = date(2026, 11, 23)


def newest(frequency: Frequency, history: CostHistory, today: date = MONDAY) -> Culprit | None:
    """The culprit of the newest period."""
    return culprit_of(frequency, history, frequency.period_on(today))


def analysis(history: CostHistory, today: date = MONDAY, frequency: Frequency = Frequency.DAILY) -> Analysis:
    """The analysis of the newest period."""
    return analyse(frequency, today, history, Threshold(Decimal(100)), frequency.period_on(today), {})


@pytest.mark.parametrize("days", [1, 2, 3, 9])
def test_it_does_not_vanish_on_the_second_day(days: int) -> None:
    """The day is measured against the usual, not against the day before."""
    culprit = newest(Frequency.DAILY, daily("2026-11-23", *[USUAL] * 40, *[WITH_SAGEMAKER] * days))
    assert culprit
    assert (culprit.name, culprit.lasts, culprit.is_older) == ("SageMaker", days, False)
    assert (culprit.amount, culprit.usual) == (Money(Decimal(64)), Money(Decimal(0)))
    assert culprit.over == Money(Decimal(64 * days))


def test_a_quiet_saturday_is_nothing_to_tell() -> None:
    """Neither down on Saturday nor up on Monday."""
    weeks = [*[USUAL] * 5, QUIET, QUIET] * 6
    history = daily("2026-11-23", *weeks)
    for back in range(7):
        assert newest(Frequency.DAILY, history, MONDAY - back * DAY) is None


@pytest.mark.parametrize(("extra", "named"), [("8", False), ("9", True), ("90", True)])
def test_less_than_a_tenth_of_the_whole_names_nobody(extra: str, *, named: bool) -> None:
    """$85 are usual."""
    day = {**USUAL, "Glue": extra}
    assert bool(newest(Frequency.DAILY, daily("2026-11-23", *[USUAL] * 40, day))) is named


def test_what_another_service_makes_up_for_is_no_incident() -> None:
    """A move from one service to another costs no more."""
    moved = {"EC2": "0", "RDS": "20", "S3": "5", "Fargate": "60"}
    assert newest(Frequency.DAILY, daily("2026-11-23", *[USUAL] * 40, moved)) is None


def test_what_falls_on_every_1st_is_usual() -> None:
    """It is named as that, and blamed for nothing."""
    first = {**USUAL, "Tax": "119", "Support": "29"}
    days = [USUAL] * 10 + [first] + [USUAL] * 29 + [first]
    found = analysis(daily("2026-12-02", *days), date(2026, 12, 2))
    assert found.culprit is None
    assert {one.name for one in found.of_the_first} == {"Tax", "Support"}
    higher = [*days[:-1], {**first, "Tax": "300"}]
    culprit = analysis(daily("2026-12-02", *higher), date(2026, 12, 2)).culprit
    assert culprit
    assert (culprit.name, culprit.usual) == ("Tax", Money(Decimal(119)))


def test_a_week_is_measured_against_weeks() -> None:
    """And the 1st inside it is not blamed."""
    weeks = [USUAL] * 35
    assert newest(Frequency.WEEKLY, daily("2026-11-23", *weeks)) is None
    weeks[-3:] = [WITH_SAGEMAKER] * 3
    culprit = newest(Frequency.WEEKLY, daily("2026-11-23", *weeks))
    assert culprit
    assert (culprit.name, culprit.lasts, culprit.over) == ("SageMaker", 1, Money(Decimal(192)))
    with_first = [USUAL] * 35
    with_first[-2] = with_first[2] = {**USUAL, "Tax": "119"}  # Saturday 1 August, and Wednesday 1 July
    assert newest(Frequency.WEEKLY, daily("2026-08-03", *with_first), date(2026, 8, 3)) is None
    assert newest(Frequency.WEEKLY, daily("2026-08-03", *with_first[7:]), date(2026, 8, 3)) is None


def test_a_month_is_measured_against_months() -> None:
    """Four of them."""
    months = {month(f"2026-{n:02}-01"): USUAL for n in range(1, 10)}
    culprit = newest(Frequency.MONTHLY, by_period({**months, month("2026-10-01"): WITH_SAGEMAKER}))
    assert culprit
    assert (culprit.name, culprit.period) == ("SageMaker", month("2026-10-01"))


def test_a_running_month_is_measured_by_its_newest_day() -> None:
    """That is what has happened since the last word."""
    found = analysis(daily("2026-11-23", *[USUAL] * 60, WITH_SAGEMAKER), frequency=Frequency.MONTH_TO_DATE)
    assert found.culprit
    assert found.culprit.period == Period(date(2026, 11, 22), MONDAY)


def test_the_month_with_it_and_without() -> None:
    """22 days at $85, three of them $64 dearer; eight are left."""
    culprit = analysis(daily("2026-11-23", *[USUAL] * 40, *[WITH_SAGEMAKER] * 3)).culprit
    assert culprit
    assert culprit.month_without == Money(Decimal(22 * 85 + 3 * 64 + 8 * 85))
    assert culprit.month_with == Money(Decimal(22 * 85 + 3 * 64 + 8 * (85 + 64)))


def test_a_young_account_is_measured_by_its_last_days() -> None:
    """Three are enough, fewer are not."""
    assert newest(Frequency.DAILY, daily("2026-11-23", *[USUAL] * 2, WITH_SAGEMAKER)) is None
    culprit = newest(Frequency.DAILY, daily("2026-11-23", *[USUAL] * 3, WITH_SAGEMAKER))
    assert culprit
    assert culprit.lasts == 1


def test_the_parts_that_are_furthest_from_their_usual_come_first() -> None:
    """Whatever they did since the day before."""
    parts = analysis(daily("2026-11-23", *[USUAL] * 40, *[WITH_SAGEMAKER] * 2)).parts
    assert [(part.name, part.usual) for part in parts][:2] == [
        ("SageMaker", Decimal(0)),
        ("EC2", Decimal(60)),
    ]


@given(st.lists(st.dictionaries(st.sampled_from("abcd"), st.decimals(-50, 500, places=2)), max_size=45))
def test_whatever_the_days_cost_a_culprit_is_above_its_usual(days: list[dict[str, Decimal]]) -> None:
    """And it never lasts longer than there are days."""
    culprit = newest(Frequency.DAILY, daily("2026-11-23", *days))
    if culprit:
        assert culprit.amount.amount > culprit.usual.amount
        assert 1 <= culprit.lasts <= len(days)
        assert culprit.over.amount > 0
