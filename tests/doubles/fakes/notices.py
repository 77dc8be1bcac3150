"""Notices as tests write them down."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal

from application.aws_errors import AwsError, PermissionMissing
from application.credentials import AccessKey
from application.errors import SettingsRejected
from application.monitor import Monitor
from application.notice import Account, FailureNotice, SpendNotice
from application.question import query_for
from domain.costs import CostHistory
from domain.notify import Notify
from domain.periods import DAY, Period
from domain.reports import Report, news
from domain.thresholds import Threshold
from domain.told import Told
from tests.doubles.fakes.histories import Amounts, daily, day

ACCOUNT = "123456789012"
TODAY = date(2026, 11, 23)
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
NEWEST = day("2026-11-22")
MONITOR = Monitor(AccessKey("AKIA", "secret"), Threshold(Decimal(100)), notify=Notify.EVERY_CHECK)


def spend_notice(
    history: CostHistory,
    monitor: Monitor = MONITOR,
    told: Mapping[Period, Told] | None = None,
    report: Report | None = None,
) -> SpendNotice:
    """The notice on the newest period, or on the report given."""
    return SpendNotice(
        id="tick-1",
        made_at=NOON,
        account=Account(ACCOUNT),
        frequency=monitor.frequency,
        report=report or news(monitor.watch, TODAY, history, told or {})[-1],
        question=query_for(monitor, ACCOUNT, TODAY),
        history=history,
    )


def failure_notice(failure: SettingsRejected | AwsError | None = None) -> FailureNotice:
    """The notice on a check that failed."""
    return FailureNotice.of("tick-1", NOON, failure or PermissionMissing(), NEWEST)


def days(*costs: Amounts | str | None) -> CostHistory:
    """The days up to yesterday."""
    return daily((NEWEST.start + DAY).isoformat(), *costs)


def on_days(*costs: Amounts | str | None) -> SpendNotice:
    """The notice on yesterday."""
    return spend_notice(days(*costs))


WITHIN = on_days(*["10"] * 35)
EXCEEDED = on_days(*["10"] * 34, "142.02")
UNPUBLISHED = on_days(*["10"] * 34, None)
FAILED = failure_notice()
EVERY_KIND: Sequence[SpendNotice | FailureNotice] = (WITHIN, EXCEEDED, UNPUBLISHED, FAILED)
