"""A channel hears before the money is gone, once, and hears when there is no danger any more."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from adapters.chats.telex import message_of
from adapters.settings.amounts import read_milestones
from adapters.state.ledger_pages import decode_page, encode_page
from application.monitor import Monitor
from application.notice import Tone
from application.ports.ledger import Page
from domain.costs import CostHistory
from domain.money import Money
from domain.notify import Notify
from domain.periods import DAY, Frequency, Period
from domain.reports import Report, news
from domain.settling import Settling
from domain.thresholds import Threshold, Verdict
from domain.told import Told
from tests.doubles.fakes.histories import daily
from tests.doubles.fakes.notices import spend_notice
from tests.doubles.fakes.world import KEY

FIRST = date(2026, 11, 1)


def monitor(threshold: str, frequency: Frequency = Frequency.MONTH_TO_DATE) -> Monitor:
    """A channel that hears of breaches, and of what is ahead."""
    limit, milestones = Threshold(Decimal(threshold)), read_milestones("forecast 100, forecast 150")
    return Monitor(KEY, limit, frequency, Notify.ONLY_EXCEEDED, milestones=milestones)


def known_on(today: date, spends: list[str]) -> CostHistory:
    """A quiet October, and the days of November up to, without, today."""
    return daily(today.isoformat(), *["10"] * 31, *spends[: (today - FIRST).days])


def heard(watcher: Monitor, spends: list[str]) -> list[tuple[int, str]]:
    """On which day of November the channel was told of which percent."""
    told: dict[Period, Told] = {}
    said = []
    for n in range(2, len(spends) + 2):
        today = FIRST + (n - 1) * DAY
        for report in news(watcher.watch, today, known_on(today, spends), told):
            told[report.period] = report.told()
            if report.forecast:
                said.append((n, f"{report.forecast.percent:f}"))
    return said


def test_a_month_that_heads_over_its_threshold_is_told_of_once() -> None:
    """When its outlook has been over for two days, and long before it is; and again at the next mark."""
    dear = ["10"] * 9 + ["20"] * 21
    ((day, percent), *others) = heard(monitor("400"), dear)
    assert percent == "100"
    assert 10 < day < 27, "on the 27th 400 are spent"
    assert others == []


def test_one_dear_day_does_not_turn_a_month() -> None:
    """A pace is what a usual day costs."""
    assert heard(monitor("400"), [*["10"] * 9, "60", *["10"] * 20]) == []


def test_a_warning_is_taken_back() -> None:
    """When the outlook has been below it for two days: somebody has mended something."""
    mended = ["10"] * 5 + ["20"] * 9 + ["2"] * 16
    said = heard(monitor("400"), mended)
    assert [percent for _, percent in said] == ["100", "0"]


def test_an_outlook_around_the_threshold_is_told_of_once() -> None:
    """$312, $296 and $302 by the end are no warning, all-clear and warning."""
    around = ["10.4"] * 10 + ["9.6"] * 8 + ["10.4"] * 12
    assert [percent for _, percent in heard(monitor("300"), around)] == ["100"]


@pytest.mark.parametrize("frequency", [Frequency.WEEKLY, Frequency.MONTHLY])
def test_weeks_and_closed_months_have_no_forecast(frequency: Frequency) -> None:
    """There is no running month to warn of."""
    assert heard(monitor("1", frequency), ["10"] * 28) == []


def test_a_closed_month_is_not_told_again_for_the_next_ones_sake() -> None:
    """Its bill is looked at once more on the 6th, when the running month is heading for too much."""
    watcher, october = monitor("400"), Frequency.MONTH_TO_DATE.period_on(FIRST)
    told = {october: Told((Verdict.WITHIN,), Money(Decimal(310)))}
    sixth = datetime(2026, 11, 6, 12, tzinfo=UTC)
    history = known_on(sixth.date(), ["20"] * 5)
    assert news(watcher.watch, FIRST, history, told, settling=Settling(DAY, sixth)) == []


def test_a_daily_channel_is_warned_of_all_its_days_together() -> None:
    """Thirty days at $15 are $450, though no day has been over yet."""
    said = heard(monitor("15", Frequency.DAILY), ["10"] * 3 + ["14.99"] * 12)
    assert said == []
    said = heard(monitor("15", Frequency.DAILY), ["15"] * 2 + ["100"] + ["15"] * 12)
    assert [percent for _, percent in said] == ["100"]


def warned() -> Report:
    """The report that warns."""
    spends = ["10"] * 9 + ["20"] * 21
    watcher, told = monitor("400"), dict[Period, Told]()
    for n in range(2, 30):
        today = FIRST + (n - 1) * DAY
        for report in news(watcher.watch, today, known_on(today, spends), told):
            told[report.period] = report.told()
            if report.forecast:
                return report
    raise AssertionError("nobody was warned")


def test_a_warning_is_neither_green_nor_a_breach() -> None:
    """Its second line says where the month is heading."""
    notice = spend_notice(known_on(date(2026, 11, 20), ["10"] * 20), monitor("400"), report=warned())
    lines = message_of(notice).text.splitlines()
    assert notice.tone is Tone.CARE
    assert lines[0].startswith("📈")
    assert "November is heading for about $" in lines[1]
    assert "more than its $400.00, two days in a row." in lines[1]


def test_the_ledger_remembers_what_was_forecast() -> None:
    """Or it would be told every day."""
    report = warned()
    page = decode_page(encode_page(Page({report.period: report.told()})))
    assert page.told[report.period].forecast == Decimal(100)
