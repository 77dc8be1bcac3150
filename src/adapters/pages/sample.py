"""The message that the landing page shows: what a channel would really be told of a made-up month."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from functools import cache

from adapters.chats.telex import message_of
from application.credentials import OwnCredentials
from application.monitor import Monitor
from application.notice import Account, SpendNotice
from application.question import query_for
from domain.costs import CostEntry, CostHistory
from domain.periods import DAY, Period
from domain.reports import news
from domain.thresholds import Threshold

ACCOUNT = "123456789012"
TODAY = date(2026, 11, 23)
DAYS = 35
SATURDAY = 5
USUAL = {
    "Amazon Elastic Compute Cloud - Compute": Decimal("34.74"),
    "Amazon Relational Database Service": Decimal("13.86"),
    "AWS Lambda": Decimal("0.05"),
}
LEFT_RUNNING = {"Amazon SageMaker": Decimal("118.33")}


@cache
def sample_message() -> str:
    """The words of a breach, on the day after it."""
    entries = [_entry(TODAY - n * DAY) for n in range(DAYS, 1, -1)]
    newest = _entry(TODAY - DAY)
    entries.append(CostEntry(newest.period, {**newest.services, **LEFT_RUNNING}))
    history, monitor = CostHistory(tuple(entries)), Monitor(OwnCredentials(), Threshold(Decimal(100)))
    notice = SpendNotice(
        id="sample",
        made_at=datetime(TODAY.year, TODAY.month, TODAY.day, 12, tzinfo=UTC),
        account=Account(ACCOUNT),
        frequency=monitor.frequency,
        report=news(monitor.watch, TODAY, history, {})[-1],
        question=query_for(monitor, ACCOUNT, TODAY),
        history=history,
        page="https://…/reports/…",
    )
    return message_of(notice).text


def _entry(day: date) -> CostEntry:
    """A quiet weekend, or a working day."""
    factor = Decimal("0.6") if day.weekday() >= SATURDAY else Decimal(1)
    return CostEntry(Period(day, day + DAY), {name: amount * factor for name, amount in USUAL.items()})
