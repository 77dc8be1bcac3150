"""Find out what an account cost and what there is to say about it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from application.monitor import Monitor
from application.ports.cost_source import CostQuery, CostSource, Granularity
from application.ports.identity import Identity
from application.ports.ledger import Ledger, Page
from domain.costs import CostHistory
from domain.periods import DAY, Frequency, Period, first_of_previous_month
from domain.reports import Report, news

DAYS_ASKED = 35
MONTHS_ASKED = 13


@dataclass(frozen=True, slots=True)
class SpendChecked:
    """What a check found.

    Args:
        account_id: Whose costs.
        history: All that AWS answered.
        reports: What the channel has not been told yet, oldest period first; may be empty.
        page: What the channel had been told before.
        paid_requests: Cost Explorer requests made for this check, at $0.01 each.
    """

    account_id: str
    history: CostHistory
    reports: list[Report]
    page: Page
    paid_requests: int


@dataclass(frozen=True, slots=True)
class CheckSpend:
    """Whose account, what it cost, over or not, and was it said already."""

    identity: Identity
    cost_source: CostSource
    ledger: Ledger

    async def execute(self, monitor: Monitor, today: date, channel: str | None = None) -> SpendChecked:
        """Check a monitor's newest period, and for daily ones the trailing week.

        Args:
            monitor: Whose account, which periods, which threshold.
            today: The UTC day that the periods are counted from.
            channel: Whose ledger to consult; None (the command line) has been told nothing.

        Raises:
            AwsRefused: AWS says no; the subclass says why.
            AwsUnavailable: Worth trying later.
            StorageUnavailable: Worth trying later.
        """
        account_id = await self.identity.account_id(monitor.credentials)
        answer = await self.cost_source.costs(monitor.credentials, query_for(monitor, account_id, today))
        page = await self.ledger.read(channel, monitor.topic(account_id)) if channel else Page()
        reports = news(monitor.frequency, today, answer.history, monitor.threshold, page.told)
        return SpendChecked(account_id, answer.history, reports, page, answer.paid_requests)


def query_for(monitor: Monitor, account_id: str, today: date) -> CostQuery:
    """The one question whose answer holds the period and enough before it to compare with.

    35 days by day: the window, late changes, the same weekdays. For monthly checks 13 months by month, as
    far back as Cost Explorer goes.
    """
    if monitor.frequency is Frequency.MONTHLY:
        end = start = today.replace(day=1)
        for _ in range(MONTHS_ASKED):
            start = first_of_previous_month(start)
        return CostQuery(account_id, Period(start, end), Granularity.MONTHLY)
    return CostQuery(account_id, Period(today - DAYS_ASKED * DAY, today), Granularity.DAILY)
