"""Find out what an account cost and what there is to say about it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum

from application.credentials import AccessKey
from application.errors import AwsError
from application.monitor import Monitor
from application.ports.access import Access
from application.ports.cost_source import CostAnswer, CostQuery, CostSource, Granularity, GroupBy
from application.ports.identity import Identity
from application.ports.ledger import Ledger, Page
from domain.analysis import Misfit
from domain.costs import CostHistory
from domain.movers import Part, parts_of, with_rest
from domain.near import near
from domain.notify import Notify
from domain.periods import DAY, Frequency, Period, first_of_previous_month
from domain.reports import Report, news
from domain.scope import WHOLE_BILL
from domain.thresholds import Verdict

DAYS_ASKED = 35
MONTHS_ASKED = 13


class LinkedAccounts(StrEnum):
    """When a report on an exceeded threshold names the accounts that moved: that takes a second request."""

    NEVER = "never"
    SCOPED = "scoped"
    """When the scope names several accounts: then they are what the channel watches."""
    ALWAYS = "always"


@dataclass(frozen=True, slots=True)
class SpendChecked:
    """What a check found.

    Args:
        account_id: Whose costs.
        query: What AWS was asked.
        history: All that AWS answered.
        reports: What the channel has not been told yet, oldest period first; may be empty. Each holds its
            analysis.
        page: What the channel had been told before.
        paid_requests: Cost Explorer requests made for this check, at $0.01 each.
    """

    account_id: str
    query: CostQuery
    history: CostHistory
    reports: list[Report]
    page: Page
    paid_requests: int


@dataclass(frozen=True, slots=True)
class CheckSpend:
    """By whose leave, whose account, what it cost, over or not, and was it said already."""

    access: Access
    identity: Identity
    cost_source: CostSource
    ledger: Ledger
    linked_accounts: LinkedAccounts = LinkedAccounts.SCOPED

    async def execute(self, monitor: Monitor, today: date, channel: str | None = None) -> SpendChecked:
        """Check a monitor's newest period, and those that late data may still change.

        Args:
            monitor: Whose account, which part of the bill, which periods, which threshold.
            today: The UTC day that the periods are counted from.
            channel: Whose ledger to consult; None (the command line) has been told nothing, and is told of
                the newest period in any case.

        Raises:
            AwsRefused: AWS says no; the subclass says why.
            AwsUnavailable: Worth trying later.
            StorageUnavailable: Worth trying later.
        """
        key = await self.access.key(monitor.credentials)
        account_id = await self.identity.account_id(key)
        query = query_for(monitor, account_id, today)
        try:
            answer = await self.cost_source.costs(key, query)
        except AwsError as failure:
            failure.account_id = account_id
            raise
        page = await self.ledger.read(channel, monitor.topic(account_id)) if channel else Page()
        watch = monitor.watch if channel else replace(monitor.watch, notify=Notify.EVERY_CHECK)
        reports = news(watch, today, answer.history, page.told, page.since)
        paid = answer.paid_requests
        if self._accounts_matter(query, reports):
            reports, more_paid = await self._with_accounts(key, query, reports)
            paid += more_paid
        if answer.history.is_empty and query.scope:
            misfit = await self._misfit(key, query)
            reports = [_say_misfit(report, misfit) for report in reports]
        return SpendChecked(account_id, query, answer.history, reports, page, paid)

    async def _misfit(self, key: AccessKey, query: CostQuery) -> Misfit:
        """What of the whole bill was meant, perhaps; only if it is at hand."""
        whole_bill = await self.cost_source.at_hand(key, replace(query, scope=WHOLE_BILL))
        if whole_bill is None:
            return Misfit()
        services = whole_bill.history.services(query.window)
        return Misfit(near(query.scope.services, services))

    def _accounts_matter(self, query: CostQuery, reports: Sequence[Report]) -> bool:
        wanted = self.linked_accounts is LinkedAccounts.ALWAYS or (
            self.linked_accounts is LinkedAccounts.SCOPED and len(query.scope.accounts) > 1
        )
        return wanted and any(report.verdict is Verdict.EXCEEDED for report in reports)

    async def _with_accounts(
        self, key: AccessKey, query: CostQuery, reports: Sequence[Report]
    ) -> tuple[list[Report], int]:
        try:
            answer = await self.cost_source.costs(key, replace(query, group_by=GroupBy.LINKED_ACCOUNT))
        except AwsError as failure:
            # The breach is known: it is reported without the accounts rather than late.
            return list(reports), failure.paid_requests
        return [_name_accounts(report, answer) for report in reports], answer.paid_requests


def query_for(monitor: Monitor, account_id: str, today: date) -> CostQuery:
    """The one question whose answer holds the period and enough before it to compare with.

    35 days by day: the window, late changes, the same weekdays; for a month to date also the month before.
    For monthly checks 13 months and the running one by month, as far back as Cost Explorer goes.
    """
    frequency = monitor.frequency
    first = today.replace(day=1)
    if frequency is Frequency.MONTHLY:
        start = first
        for _ in range(MONTHS_ASKED):
            start = first_of_previous_month(start)
        window, granularity = Period(start, today), Granularity.MONTHLY
    else:
        compared_with = frequency.period_before(frequency.period_on(today))
        window = Period(min(today - DAYS_ASKED * DAY, compared_with.start), today)
        granularity = Granularity.DAILY
    return CostQuery(
        account_id, window, granularity, monitor.metric, monitor.scope, monitor.excluded_record_types
    )


def _name_accounts(report: Report, answer: CostAnswer) -> Report:
    if report.analysis is None or report.verdict is not Verdict.EXCEEDED:
        return report

    def named(part: Part) -> Part:
        name = answer.names.get(part.name)
        return replace(part, name=f"{name} ({part.name})" if name else part.name)

    analysis = report.analysis
    accounts = tuple(map(named, parts_of(answer.history, analysis.counted, analysis.before)))
    if report.spend:
        # They were asked for at another moment than the spend, and AWS may have added to it meanwhile.
        spend_before = analysis.spend_before.amount if analysis.before and analysis.spend_before else None
        accounts = with_rest(accounts, report.spend.amount, spend_before)
    return replace(report, analysis=replace(analysis, accounts=accounts))


def _say_misfit(report: Report, misfit: Misfit) -> Report:
    return replace(report, analysis=replace(report.analysis, misfit=misfit)) if report.analysis else report
