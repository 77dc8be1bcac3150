"""What is known does not ring daily; what is not, does."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest

from adapters.settings.amounts import read_spike_rule
from domain.muting import Mute
from domain.notify import Notify
from domain.periods import DAY
from domain.thresholds import Threshold, Verdict
from domain.watch import Watch
from tests.doubles.fakes.histories import Amounts
from tests.unit.test_reports import Channel, on

MONDAY = date(2026, 11, 23)
UNTIL = MONDAY + timedelta(days=30)
BUDGET = Threshold(Decimal(100))
E = Verdict.EXCEEDED


def ec2(amount: str, **others: str) -> Amounts:
    """A day's bill."""
    return {"Amazon EC2": amount, **others}


def alerts(watch: Watch, *days: Amounts | str) -> list[bool]:
    """Whether each further day rings, after thirty of $10."""
    channel = Channel(watch)
    rings = []
    for n in range(1, len(days) + 1):
        today = MONDAY + n * DAY
        history = on(today, *["10"] * 30, *days[:n])
        rings.append(any(report.rings for report in channel.tick(today, history)))
    return rings


def test_a_known_migration_rings_once() -> None:
    """And again when it exceeds what was known by half again, or when that grows by half again."""
    watch = Watch(BUDGET, mute=Mute((), UNTIL))
    days = ("200", "250", "300", "301", "450", "452")
    assert alerts(watch, *days) == [True, False, False, True, False, True]


def test_without_it_every_day_rings() -> None:
    """As ever."""
    assert alerts(Watch(BUDGET), "200", "250") == [True, True]


def test_when_it_is_over_everything_is_told_again() -> None:
    """The days within are not made up for."""
    watch = Watch(BUDGET, mute=Mute((), MONDAY + 2 * DAY))
    assert alerts(watch, "200", "250", "250") == [True, False, True]


def test_other_services_ring_as_ever() -> None:
    """Only EC2 is known."""
    watch = Watch(BUDGET, mute=Mute(("Amazon EC2",), UNTIL))
    assert alerts(watch, ec2("200"), ec2("210"), ec2("210", SageMaker="101"), ec2("210", SageMaker="99")) == [
        True,
        False,
        True,
        False,
    ]


def test_a_known_spike_is_quiet_too() -> None:
    """Within budget, measured without what is known."""
    rule = read_spike_rule("40% and 20")
    watch = Watch(Threshold(Decimal(1000)), spike_rule=rule, mute=Mute(("amazon ec2",), UNTIL))
    assert alerts(watch, ec2("200"), ec2("210"), ec2("210", S3="60")) == [True, False, True]


@pytest.mark.parametrize("notify", list(Notify))
def test_it_is_quiet_however_much_is_wanted_to_be_heard(notify: Notify) -> None:
    """Who hears of every check is spared what is known."""
    assert alerts(Watch(BUDGET, notify=notify, mute=Mute((), UNTIL)), "200", "201") == [True, False]


def test_what_is_told_nevertheless_says_so() -> None:
    """The report knows what is muted."""
    channel = Channel(Watch(BUDGET, mute=Mute((), UNTIL)))
    [report] = channel.tick(MONDAY, on(MONDAY, "200"))
    assert (report.verdict, report.despite) == (E, Mute((), UNTIL))
    [report] = Channel(Watch(BUDGET, mute=Mute((), UNTIL))).tick(MONDAY, on(MONDAY, "20"))
    assert report.despite is None
