"""The port to the costs."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from application.credentials import Credentials
from domain.costs import CostHistory
from domain.periods import Period


class Granularity(StrEnum):
    """The length of a cost entry, in Cost Explorer's words."""

    DAILY = "DAILY"
    MONTHLY = "MONTHLY"


@dataclass(frozen=True, slots=True)
class CostQuery:
    """One question to Cost Explorer: costs by service.

    Args:
        account_id: The account that pays for the question: 12 digits.
        window: The UTC days asked for, end exclusive; whole months when monthly.
        granularity: Per day or per month.
        metric: One of Cost Explorer's cost metrics.
    """

    account_id: str
    window: Period
    granularity: Granularity
    metric: str = "AmortizedCost"


@dataclass(frozen=True, slots=True)
class CostAnswer:
    """What AWS answered.

    Args:
        history: Oldest first, unrounded, in the account's currency. Unpublished periods are absent.
        paid_requests: How many requests this answer cost just now, at $0.01 each; 0 when it was at hand.
    """

    history: CostHistory
    paid_requests: int


class CostSource(Protocol):
    """Where spend comes from."""

    @abstractmethod
    async def costs(self, credentials: Credentials, query: CostQuery) -> CostAnswer:
        """Return the costs of every published day or month in the query's window.

        Raises:
            AwsRefused: AWS says no; the subclass says why.
            AwsUnavailable: Throttled, timed out or broken; worth trying later.

        Source: AWS Cost Explorer ``GetCostAndUsage``, every page.
        """
