"""What makes two reports about one period the same report."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from adapters.settings.amounts import read_milestones, read_spike_rule
from application.credentials import AccessKey
from application.monitor import Monitor
from domain.charges import Metric
from domain.milestones import Milestones
from domain.notify import Notify
from domain.parts import Budgets, Dimension, PartBy
from domain.periods import Frequency
from domain.scope import Scope
from domain.thresholds import Threshold
from domain.usual import SpikeRule
from domain.watch import Watch

MONITOR = Monitor(AccessKey("AKIA", "secret"), Threshold(Decimal("99.50")))


@pytest.mark.parametrize("threshold", ["99.5", "99.50", "9950e-2"])
def test_the_topic_is_account_frequency_and_threshold(threshold: str) -> None:
    """However the threshold is written; a channel's pages from before the later settings go on counting."""
    monitor = replace(MONITOR, threshold=Threshold(Decimal(threshold)))
    assert monitor.topic("123456789012") == "123456789012/daily/99.5"


def test_another_view_of_the_bill_is_another_topic() -> None:
    """Two monitors of one channel with one threshold do not silence each other."""
    views: list[dict[str, Any]] = [
        {},
        {"frequency": Frequency.WEEKLY},
        {"threshold": Threshold(Decimal(100))},
        {"metric": Metric.UNBLENDED},
        {"scope": Scope(regions=("eu-west-1",))},
        {"scope": Scope(services=("eu-west-1",))},
        {"excluded_record_types": ("Tax",)},
        {"excluded_record_types": ("Credit", "Tax")},
    ]
    topics = {replace(MONITOR, **view).topic("123456789012") for view in views}
    assert len(topics) == len(views)
    assert all(len(topic) < 60 and topic.isascii() for topic in topics)


def test_when_to_speak_is_no_part_of_it() -> None:
    """Whoever changes that is not told everything again."""
    louder = replace(
        MONITOR,
        notify=Notify.EVERY_CHECK,
        milestones=read_milestones("50"),
        spike_rule=read_spike_rule("40% and 20"),
    )
    assert louder.topic("123456789012") == MONITOR.topic("123456789012")
    assert louder.watch == Watch(
        MONITOR.threshold,
        notify=Notify.EVERY_CHECK,
        milestones=Milestones((Decimal(50),)),
        spike_rule=SpikeRule(Decimal(40), Decimal(20)),
    )


@pytest.mark.parametrize(
    ("frequency", "idle"),
    [
        (Frequency.DAILY, ("milestones",)),
        (Frequency.MONTH_TO_DATE, ("spike_alert",)),
        (Frequency.MONTHLY, ("milestones", "spike_alert")),
    ],
)
def test_settings_that_do_nothing_with_a_frequency_are_known(
    frequency: Frequency, idle: tuple[str, ...]
) -> None:
    """So that whoever filled them in can be told."""
    monitor = Monitor(
        AccessKey("AKIA", "secret"),
        Threshold(Decimal(1)),
        frequency,
        milestones=read_milestones("50"),
        spike_rule=read_spike_rule("40% and 20"),
    )
    assert monitor.idle == idle


def test_parts_and_their_budgets_are_part_of_the_question() -> None:
    """Another division is another report; a plain monitor's topic is what it was."""
    plain = Monitor(AccessKey("AKIA", "secret"), Threshold(Decimal(1)))
    by_account = replace(plain, by=PartBy(Dimension.ACCOUNT))
    with_budgets = replace(by_account, budgets=Budgets((("*", Threshold(Decimal(1))),)))
    assert len({monitor.topic("1") for monitor in (plain, by_account, with_budgets)}) == 3
