"""Find out what an account cost and what there is to say about it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from types import MappingProxyType

from application.aws_errors import AnswerTooLong, AwsError
from application.credentials import AccessKey
from application.drill_down import DrillDown
from application.monitor import Monitor
from application.ports.access import Access
from application.ports.cost_source import (
    BY_ACCOUNT,
    MOST_PAGES,
    CostQuery,
    CostSource,
    GroupBy,
)
from application.ports.identity import Identity
from application.ports.ledger import Page
from application.question import group_of, known_from, query_for
from domain.analysis import Misfit
from domain.costs import CostHistory
from domain.movers import Part, parts_of, with_rest
from domain.near import near
from domain.notify import Notify
from domain.part_reports import PartCosts
from domain.parts import Dimension, PartBy
from domain.periods import Period
from domain.reports import Report, news
from domain.scope import WHOLE_BILL
from domain.settling import Settling
from domain.thresholds import Verdict

BY_SERVICES = PartBy(Dimension.SERVICE)
DAYS_ASKED_BEYOND = timedelta(days=7)
"""An older question is asked as it was on that day, or the days before it would fall out of the answer."""


class LinkedAccounts(StrEnum):
    """When a report on an exceeded threshold names the accounts that moved: that takes a second request."""

    NEVER = "never"
    SCOPED = "scoped"
    """When the scope names several accounts: then they are what the channel watches."""
    ALWAYS = "always"


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asks AWS: what signs the question, and whose account answers.

    Args:
        key: Good for minutes at least.
        account_id: 12 digits.
    """

    key: AccessKey
    account_id: str


@dataclass(frozen=True, slots=True)
class Costs:
    """What AWS has answered.

    Args:
        account_id: Whose costs.
        query: What AWS was asked.
        history: All that it answered.
        today: The UTC day that periods are counted from.
        asked_at: When it answered (UTC).
        paid_requests: Cost Explorer requests made for this, at $0.01 each.
        second: The same costs divided by the second thing of the query, if they are known.
        names: What accounts are called.
        parts: What the parts cost that have budgets of their own.
    """

    account_id: str
    query: CostQuery
    history: CostHistory
    today: date
    asked_at: datetime
    paid_requests: int
    second: CostHistory | None = None
    names: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    parts: PartCosts | None = None


@dataclass(frozen=True, slots=True)
class SpendChecked:
    """What a check found.

    Args:
        account_id: Whose costs.
        query: What AWS was asked.
        history: All that AWS answered.
        reports: What the channel has not been told yet, oldest period first; may be empty. Each holds its
            analysis.
        paid_requests: Cost Explorer requests made for this check, at $0.01 each.
        further: What was asked for the cause, if anything.
    """

    account_id: str
    query: CostQuery
    history: CostHistory
    reports: list[Report]
    paid_requests: int
    further: CostQuery | None = None


@dataclass(frozen=True, slots=True)
class CheckSpend:
    """By whose leave, whose account, what it cost, over or not, and was it said already."""

    access: Access
    identity: Identity
    cost_source: CostSource
    linked_accounts: LinkedAccounts = LinkedAccounts.SCOPED
    drill_down: DrillDown | None = None

    async def execute(
        self,
        monitor: Monitor,
        now: datetime,
        today: date | None = None,
        by: tuple[GroupBy, ...] = (),
    ) -> SpendChecked:
        """Check now, for somebody who has been told nothing and is told of the newest period in any case.

        Args:
            monitor: What is watched.
            now: The moment (UTC).
            today: The UTC day that periods are counted from; None: now's.
            by: What the costs are to be divided by; nothing: services and accounts, and down to the cause.

        Raises:
            AwsRefused: AWS says no; the subclass says why.
            AwsUnavailable: Worth trying later.
        """
        everything = replace(monitor, notify=Notify.EVERY_CHECK)
        asker = await self.asker(monitor)
        costs = await self.costs(monitor, asker, today or now.date(), now, by=by)
        within = replace(self, drill_down=None) if by else self
        checked = await within.reports(everything, asker, costs, Page(), Settling(timedelta(), now))
        if by == (BY_ACCOUNT,):
            checked = replace(checked, reports=[_call(report, costs.names) for report in checked.reports])
        return checked

    async def asker(self, monitor: Monitor) -> Asker:
        """Find out whose account it is; that is free.

        Raises:
            AwsRefused, AwsUnavailable: As of ``execute``.
        """
        key = await self.access.key(monitor.credentials)
        return Asker(key, await self.identity.account_id(key))

    async def costs(
        self,
        monitor: Monitor,
        asker: Asker,
        today: date,
        now: datetime,
        since: datetime | None = None,
        by: tuple[GroupBy, ...] = (),
    ) -> Costs:
        """Ask what the account cost.

        Args:
            monitor: Which part of the bill, which periods.
            asker: Who asks.
            today: The UTC day whose question this is: periods are counted from it.
            now: The moment (UTC): costs are asked for up to that day.
            since: An answer of AWS's from then on will do; None: how old it may be is the source's business.
            by: What they are to be divided by; nothing: as reports need it.

        Raises:
            AwsRefused, AwsUnavailable: As of ``execute``.
        """
        as_of = min(now.date(), today + DAYS_ASKED_BEYOND)
        query = query_for(monitor, asker.account_id, today, as_of)
        if query.window.start < (oldest := known_from(now.date())):
            query = replace(query, window=Period(oldest, query.window.end))
        if by:
            query = replace(query, group_by=by, most_pages=MOST_PAGES)
        try:
            answer = await self.cost_source.costs(asker.key, query, since)
        except AwsError as failure:
            failure.account_id = asker.account_id
            raise
        costs = Costs(
            account_id=asker.account_id,
            query=query,
            history=answer.history,
            today=today,
            asked_at=answer.asked_at or now,
            paid_requests=answer.paid_requests,
            second=answer.second,
            names=answer.names,
        )
        return await self._with_parts(monitor, asker, costs, since)

    async def _with_parts(
        self, monitor: Monitor, asker: Asker, costs: Costs, since: datetime | None
    ) -> Costs:
        """What the parts cost: as a rule it is in the same answer; else for one request of its own."""
        if monitor.by is None:
            return costs
        if monitor.by == BY_SERVICES:
            return replace(costs, parts=_parts_known(costs.history, {}, costs))
        if costs.second:
            return replace(costs, parts=PartCosts(costs.second, costs.names))
        query = replace(costs.query, group_by=(group_of(monitor.by),), most_pages=MOST_PAGES)
        try:
            answer = await self.cost_source.costs(asker.key, query, since)
        except AwsError as failure:
            failure.account_id = asker.account_id
            failure.paid_requests += costs.paid_requests
            raise
        costs = replace(costs, paid_requests=costs.paid_requests + answer.paid_requests)
        return replace(costs, parts=_parts_known(answer.history, answer.names, costs))

    async def reports(
        self,
        monitor: Monitor,
        asker: Asker,
        costs: Costs,
        page: Page,
        settling: Settling,
        *,
        at_once: bool = True,
    ) -> SpendChecked:
        """Say what there is to say of the newest period, and of those that late data may still change.

        Args:
            monitor: What to look for.
            asker: Who may ask for what is behind a breach.
            costs: What AWS has answered.
            page: What the channel has been told before.
            settling: How long good news waits.
            at_once: Whether to speak of the newest period even if it is not settled.
        """
        history, query = costs.history, costs.query
        reports = news(
            monitor.watch,
            costs.today,
            history,
            page.told,
            page.since,
            settling,
            costs.parts,
            at_once=at_once,
        )
        paid, further = costs.paid_requests, None
        if costs.second and query.group_by[1] == BY_ACCOUNT and not costs.parts:
            reports = [_name_accounts(report, costs.second, costs.names) for report in reports]
        elif not costs.parts and self._accounts_matter(query, reports):
            reports, more_paid = await self._with_accounts(asker.key, costs, reports)
            paid += more_paid
        if history.is_empty and query.scope:
            misfit = await self._misfit(asker.key, query)
            reports = [_say_misfit(report, misfit) for report in reports]
        if reports and self.drill_down:
            dug = await self.drill_down.execute(
                asker.key, query, reports[-1], monitor.by, since=costs.asked_at
            )
            reports, further = [*reports[:-1], dug.report], dug.query
            paid += dug.paid_requests
        return SpendChecked(costs.account_id, query, history, reports, paid, further)

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
        self, key: AccessKey, costs: Costs, reports: Sequence[Report]
    ) -> tuple[list[Report], int]:
        try:
            by_account = replace(costs.query, group_by=(BY_ACCOUNT,), most_pages=MOST_PAGES)
            answer = await self.cost_source.costs(key, by_account, costs.asked_at)
        except AwsError as failure:
            # The breach is known: it is reported without the accounts rather than late.
            return list(reports), failure.paid_requests
        named = [
            _name_accounts(report, answer.history, answer.names)
            if report.verdict is Verdict.EXCEEDED
            else report
            for report in reports
        ]
        return named, answer.paid_requests


def _parts_known(history: CostHistory, names: Mapping[str, str], costs: Costs) -> PartCosts:
    """The parts; that they are not known is no all-clear."""
    if not history.is_divided:
        failure = AnswerTooLong()
        failure.account_id, failure.paid_requests = costs.account_id, costs.paid_requests
        raise failure
    return PartCosts(history, names)


def _call(report: Report, names: Mapping[str, str]) -> Report:
    """The parts are accounts."""
    if report.analysis is None:
        return report
    parts = tuple(_called(part, names) for part in report.analysis.parts)
    return replace(report, analysis=replace(report.analysis, parts=parts))


def _called(account: Part, names: Mapping[str, str]) -> Part:
    name = names.get(account.name)
    return replace(account, name=f"{name} ({account.name})") if name else account


def _name_accounts(report: Report, by_account: CostHistory, names: Mapping[str, str]) -> Report:
    if report.analysis is None:
        return report

    analysis = report.analysis
    parts = parts_of(by_account, analysis.counted, analysis.before)
    accounts = tuple(_called(part, names) for part in parts)
    if report.spend:
        # They were asked for at another moment than the spend, and AWS may have added to it meanwhile.
        spend_before = analysis.spend_before.amount if analysis.before and analysis.spend_before else None
        accounts = with_rest(accounts, report.spend.amount, spend_before)
    return replace(report, analysis=replace(analysis, accounts=accounts))


def _say_misfit(report: Report, misfit: Misfit) -> Report:
    return replace(report, analysis=replace(report.analysis, misfit=misfit)) if report.analysis else report
