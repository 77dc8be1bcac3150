"""A pretended AWS with accounts and bills, and the two ports on it."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from math import ceil

from adapters.aws.cost_explorer import divided
from application.aws_errors import (
    AccessKeyUnknown,
    AnswerTooLong,
    AwsError,
    CredentialsMissing,
    SecretKeyWrong,
)
from application.credentials import AccessKey, Credentials, Role
from application.ports.access import Access, RoleTrials
from application.ports.cost_source import (
    BY_ACCOUNT,
    BY_MODEL,
    BY_REGION,
    BY_SERVICE,
    BY_TOKEN,
    BY_USAGE_TYPE,
    CostAnswer,
    CostQuery,
    CostSource,
    Granularity,
    GroupBy,
    GroupType,
)
from application.ports.identity import Identity
from application.role_errors import RoleAccessOff
from domain.costs import BETWEEN, UNDIVIDED, CostEntry, CostHistory
from domain.periods import DAY, Period, first_of_next_month
from domain.scope import WHOLE_BILL, Scope

Bill = Mapping[date, Mapping[str, str]]
"""What each day cost: decimal strings by service. One that is missing is empty in the answer."""


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a bill.

    Args:
        service: As Cost Explorer calls it.
        amount: A decimal string.
        account: The linked account that it arose in; empty: the payer's own.
        usage_type: As Cost Explorer calls it.
        region: Likewise.
        team: The value of the tag ``team``; empty: not tagged.
        model: Of Bedrock.
        token: Of Bedrock: what it charges for.
    """

    service: str
    amount: str
    account: str = ""
    usage_type: str = "Usage"
    region: str = "us-east-1"
    team: str = ""
    model: str = ""
    token: str = ""

    def key(self, group: GroupBy, payer: str) -> str:
        """What the line stands under, divided so."""
        if group.type in {GroupType.TAG, GroupType.COST_CATEGORY}:
            return self.team or f"no {group.key}"
        return {
            BY_SERVICE: self.service,
            BY_ACCOUNT: self.account or payer,
            BY_USAGE_TYPE: self.usage_type,
            BY_REGION: self.region,
            BY_MODEL: self.model,
            BY_TOKEN: self.token,
        }[group]

    def fits(self, scope: Scope) -> bool:
        """Whether it is in the scope, as far as that names services, accounts or teams."""
        return (
            (not scope.services or self.service in scope.services)
            and (not scope.accounts or self.account in scope.accounts)
            and all(self.team in teams for _, teams in (*scope.tags, *scope.categories))
        )


@dataclass(slots=True)
class Account:
    """An AWS account as a test sets it up.

    Args:
        id: 12 digits.
        bill: What its days cost.
        currency: USD, or CNY in China.
        page_size: Days (or months) per answer, each answer a paid request.
        accounts: The same bill by linked account, as it is when only that is asked for.
        lines: The bill line by line, in place of the two.
        names: Of the linked accounts, by id.
        unit_of_zeros: What stands beside an amount of "0" in place of the currency; empty: the currency.
    """

    id: str
    bill: Bill = field(default_factory=dict)
    currency: str = "USD"
    page_size: int = 1000
    accounts: Bill = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)
    unit_of_zeros: str = ""
    lines: Mapping[date, Sequence[Line]] = field(default_factory=dict)

    def history(
        self,
        window: Period,
        granularity: Granularity,
        group_by: Sequence[GroupBy] = (BY_SERVICE,),
        scope: Scope = WHOLE_BILL,
    ) -> CostHistory:
        """Add the bill up: an entry for every day or month of the window."""
        costs: dict[Period, dict[str, Decimal]] = {
            _period_of(day, granularity, window): defaultdict(Decimal) for day in window.days()
        }
        for day, lines in self._lines(group_by).items():
            if window.start <= day < window.end:
                entry = costs[_period_of(day, granularity, window)]
                for line in lines:
                    if not self.lines or line.fits(scope):
                        key = BETWEEN.join(line.key(group, self.id) for group in group_by)
                        entry[key] += Decimal(line.amount)
        if not group_by:
            costs = {period: _in_one(amounts) for period, amounts in costs.items()}
        entries = [CostEntry(period, dict(amounts)) for period, amounts in sorted(costs.items())]
        return CostHistory(tuple(entries), self.currency if any(e.services for e in entries) else "USD")

    def _lines(self, group_by: Sequence[GroupBy]) -> Mapping[date, Sequence[Line]]:
        if self.lines:
            return self.lines
        if tuple(group_by) == (BY_ACCOUNT,):
            return {
                day: [Line("", amount, account) for account, amount in amounts.items()]
                for day, amounts in self.accounts.items()
            }
        return {
            day: [Line(service, amount) for service, amount in amounts.items()]
            for day, amounts in self.bill.items()
        }


class FakeAws:
    """Accounts by credentials, and what goes wrong.

    Attributes:
        identified: Who asked whose credentials these are, in order.
        asked: Every question about costs that was answered or refused, in order.
        since: From when on an answer would have done, for each of these.
        gate: Held by a test, it keeps every call waiting.
    """

    def __init__(self) -> None:
        self._accounts: dict[AccessKey, Account] = {}
        self._failures: dict[AccessKey, AwsError] = {}
        self.identified: list[AccessKey] = []
        self.asked: list[tuple[AccessKey, CostQuery]] = []
        self.since: list[datetime | None] = []
        self.gate: asyncio.Lock | None = None

    def add(self, credentials: AccessKey, account: Account) -> None:
        """Let these credentials belong to the account."""
        self._accounts[credentials] = account

    def fail(self, credentials: AccessKey, error: AwsError | None) -> None:
        """Answer these credentials with the error, or with None rightly again."""
        if error is None:
            self._failures.pop(credentials, None)
        else:
            self._failures[credentials] = error

    def account(self, credentials: AccessKey) -> Account:
        """Return the account, or fail as AWS would."""
        if failure := self._failures.get(credentials):
            raise failure.again()
        if account := self._accounts.get(credentials):
            return account
        if credentials.access_key_id in {known.access_key_id for known in self._accounts}:
            raise SecretKeyWrong
        raise AccessKeyUnknown

    def passage(self) -> AbstractAsyncContextManager[object]:
        """Where a call waits while a test holds the gate."""
        return self.gate or nullcontext()


class FakeAccess(Access):
    """What lets credentials in, as a test sets it up.

    Attributes:
        own: The process's own access key, if it has one.
        keys: By role, as it is named with its external id, its temporary credentials.
        refusal: What a role that is not there is answered.
        asked: Every role that was tried, in order.
    """

    def __init__(self) -> None:
        self.own: AccessKey | None = None
        self.keys: dict[Role, AccessKey] = {}
        self.refusal: AwsError = RoleAccessOff()
        self.asked: list[Role] = []

    async def key(self, credentials: Credentials) -> AccessKey:
        """Look the key up."""
        match credentials:
            case AccessKey():
                return credentials
            case Role():
                self.asked.append(credentials)
                if key := self.keys.get(credentials):
                    return key
                raise self.refusal.again()
        if self.own is None:
            raise CredentialsMissing
        return self.own


class FakeRoleTrials(RoleTrials):
    """Roles that let one id in and no other.

    Args:
        access: Where the roles are.
    """

    def __init__(self, access: FakeAccess) -> None:
        self._access = access

    async def trusted(self) -> str:
        """Somebody."""
        return "arn:aws:iam::999988887777:role/service"

    async def assume(self, role: Role) -> AccessKey:
        """As a check does."""
        return await self._access.key(role)

    async def lets_in(self, role: Role) -> bool:
        """As it is set up."""
        return role in self._access.keys

    async def can_do_more(self, key: AccessKey) -> bool | None:
        """It cannot."""
        return key.who == ("nobody",)


class FakeIdentity(Identity):
    """STS of the pretended AWS."""

    def __init__(self, aws: FakeAws) -> None:
        self._aws = aws

    async def account_id(self, credentials: AccessKey) -> str:
        """Look the account up."""
        self._aws.identified.append(credentials)
        async with self._aws.passage():
            return self._aws.account(credentials).id


class FakeCostSource(CostSource):
    """Cost Explorer of the pretended AWS."""

    def __init__(self, aws: FakeAws) -> None:
        self._aws = aws

    async def costs(
        self,
        credentials: AccessKey,
        query: CostQuery,
        since: datetime | None = None,
    ) -> CostAnswer:
        """Add the account's bill up, for as many cents as it has pages."""
        self._aws.asked.append((credentials, query))
        self._aws.since.append(since)
        async with self._aws.passage():
            try:
                account = self._aws.account(credentials)
            except AwsError as error:
                error.paid_requests = 1
                raise
        both = account.history(query.window, query.granularity, query.group_by, query.scope)
        names = account.names if BY_ACCOUNT in query.group_by else {}
        pages = ceil(len(both.entries) / account.page_size) if query.group_by else 1
        if pages > query.most_pages:
            too_long = AnswerTooLong()
            too_long.paid_requests = query.most_pages
            raise too_long
        if len(query.group_by) < 2 or both.is_empty:  # two things
            return CostAnswer(both, pages, names)
        pairs = both if query.in_pairs else None
        return CostAnswer(divided(both, 0), pages, names, second=divided(both, 1), pairs=pairs)


def _in_one(amounts: Mapping[str, Decimal]) -> dict[str, Decimal]:
    """A sum as an answer by nothing has it: zero is what AWS says of everything that it does not know."""
    total = sum(amounts.values(), Decimal())
    return {UNDIVIDED: total} if total else {}


def _period_of(day: date, granularity: Granularity, window: Period) -> Period:
    if granularity is Granularity.DAILY:
        return Period(day, day + DAY)
    return Period(max(day.replace(day=1), window.start), min(first_of_next_month(day), window.end))
