"""Find out what works with some credentials, and how to mend what does not."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from application.aws_errors import AwsError
from application.credentials import Credentials
from application.monitor import Monitor
from application.ports.access import Access
from application.ports.cost_source import CostSource
from application.ports.identity import Identity
from application.question import query_for
from domain.periods import DAY
from domain.thresholds import Threshold


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of a diagnosis.

    Args:
        subject: What was tried.
        works: Whether it worked.
        detail: What was found, or what is wrong.
        remedy: What to do about it; empty when it works.
        failure: Why it does not, if AWS has said so.
    """

    subject: str
    works: bool
    detail: str
    remedy: str = ""
    failure: AwsError | None = None


@dataclass(frozen=True, slots=True)
class Diagnose:
    """Try credentials and permissions one by one, and stop at the first that fails."""

    access: Access
    identity: Identity
    cost_source: CostSource

    async def execute(self, credentials: Credentials, today: date) -> list[Finding]:
        """Return what was found; at most one paid request is made."""
        findings = []
        subject = "AWS credentials"
        try:
            key = await self.access.key(credentials)
            account_id = await self.identity.account_id(key)
            findings.append(Finding(subject, works=True, detail=f"valid, for account {account_id}"))
            subject = "Cost Explorer"
            query = query_for(Monitor(credentials, Threshold(Decimal())), account_id, today)
            answer = await self.cost_source.costs(key, query)
        except AwsError as failure:
            remedy = failure.remedy_at_hand
            findings.append(
                Finding(subject, works=False, detail=str(failure), remedy=remedy, failure=failure)
            )
            return findings
        published = answer.history.published_until
        findings.append(Finding(subject, works=True, detail="enabled, and ce:GetCostAndUsage is allowed"))
        findings.append(
            Finding("Cost data", works=True, detail=f"published up to and with {published - DAY}")
            if published
            else Finding(
                "Cost data",
                works=True,
                detail="none published in the last 35 days: a new account has data after about 24 hours",
            )
        )
        return findings
