"""The port to the costs."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from types import MappingProxyType
from typing import Protocol

from application.credentials import AccessKey
from domain.charges import Metric
from domain.costs import CostHistory
from domain.periods import Period
from domain.scope import WHOLE_BILL, Scope


class Granularity(StrEnum):
    """The length of a cost entry, in Cost Explorer's words."""

    DAILY = "DAILY"
    MONTHLY = "MONTHLY"


class GroupType(StrEnum):
    """The kinds of keys to divide by, in Cost Explorer's words."""

    DIMENSION = "DIMENSION"
    TAG = "TAG"
    COST_CATEGORY = "COST_CATEGORY"
    PRODUCT_ATTRIBUTE = "PRODUCT_ATTRIBUTE"


@dataclass(frozen=True, slots=True)
class GroupBy:
    """What a cost entry is divided by, in Cost Explorer's words.

    Args:
        key: A dimension, or the name of a tag, cost category or product attribute.
        type: Which of them.
    """

    key: str
    type: GroupType = GroupType.DIMENSION


BY_SERVICE = GroupBy("SERVICE")
BY_ACCOUNT = GroupBy("LINKED_ACCOUNT")
BY_USAGE_TYPE = GroupBy("USAGE_TYPE")
BY_REGION = GroupBy("REGION")
BY_MODEL = GroupBy("model", GroupType.PRODUCT_ATTRIBUTE)
BY_TOKEN = GroupBy("inferenceType", GroupType.PRODUCT_ATTRIBUTE)

DOLLARS_PER_REQUEST = Decimal("0.01")
"""What AWS takes for each page of an answer."""

MOST_PAGES = 5
"""Each costs a cent; 35 days by service are one page as a rule."""


@dataclass(frozen=True, slots=True)
class CostQuery:
    """One question to Cost Explorer.

    Args:
        account_id: The account that pays for the question: 12 digits.
        window: The UTC days asked for, end exclusive. By month it starts on a 1st; the last month may be
            asked for in part.
        granularity: Per day or per month.
        metric: How costs are counted.
        scope: The part of the bill. Values of one key are alternatives, different keys must all fit:
            ``Dimensions`` LINKED_ACCOUNT, SERVICE, REGION and ``Tags``, with ``And`` around two or more.
        excluded_record_types: Charges left out: ``Not`` around ``Dimensions`` RECORD_TYPE.
        group_by: What each entry is divided by: nothing (one sum a day or month), one thing or two.
        most_pages: How many pages, at a cent each, the answer is worth.
        in_pairs: Whether what each pair of the two cost is wanted, too.
    """

    account_id: str
    window: Period
    granularity: Granularity
    metric: Metric = Metric.AMORTIZED
    scope: Scope = WHOLE_BILL
    excluded_record_types: tuple[str, ...] = ()
    group_by: tuple[GroupBy, ...] = (BY_SERVICE,)
    most_pages: int = MOST_PAGES
    in_pairs: bool = False


@dataclass(frozen=True, slots=True)
class CostAnswer:
    """What AWS answered.

    Args:
        history: An entry for each day or month of the window, oldest first, unrounded, in the account's
            currency. One that AWS shows no costs for is empty. Divided by the first of the query's
            ``group_by``. Where that takes too many pages, the answer is of sums alone.
        paid_requests: How many requests this answer cost just now, at $0.01 each; 0 when it was at hand.
        names: What the keys of the history's entries are called, where AWS says so: for linked accounts
            the name by account id. Text from outside. Source: ``DimensionValueAttributes``.
        asked_at: When AWS gave it (UTC); None: just now.
        second: The same costs divided by the second of ``group_by``; None: not asked for, or too long.
        pairs: The same divided by both, if they were asked for; ``domain.costs.apart`` takes a name apart.
    """

    history: CostHistory
    paid_requests: int
    names: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    asked_at: datetime | None = None
    second: CostHistory | None = None
    pairs: CostHistory | None = None


class CostSource(Protocol):
    """Where spend comes from."""

    @abstractmethod
    async def costs(
        self, credentials: AccessKey, query: CostQuery, since: datetime | None = None
    ) -> CostAnswer:
        """Return the costs of every published day or month in the query's window, divided as asked for.

        Args:
            credentials: Who asks.
            query: What is asked.
            since: An answer that AWS gave from then on will do, and no older one; None: what a source that
                remembers answers takes for fresh.

        Raises:
            AwsRefused: AWS says no; the subclass says why.
            AnswerTooLong: It has more pages than are worth their price.
            AwsUnavailable: Throttled, timed out or broken; worth trying later.
            AwsBusy: Not asked just now; come back soon.

        Source: AWS Cost Explorer ``GetCostAndUsage``, every page.
        """

    async def at_hand(self, credentials: AccessKey, query: CostQuery) -> CostAnswer | None:  # noqa: ARG002  # whoever remembers needs them
        """Return the answer if it is known already: this asks nothing and costs nothing."""
        return None


def nothing_of(key: str) -> str:
    """What costs without a tag, or in no cost category, are called where they are divided by it."""
    return f"no {key}"
