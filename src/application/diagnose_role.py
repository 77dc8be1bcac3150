"""Find out, line by line, whether a role is as it should be."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from application.aws_errors import AwsError
from application.credentials import AccessKey, Role
from application.diagnose import Finding
from application.let_in import LetIn
from application.monitor import Monitor
from application.ports.access import RoleTrials
from application.ports.cost_source import CostSource
from application.question import query_for
from domain.thresholds import Threshold

SOMEBODY_ELSE = "somebody else"
"""A destination that is none."""


@dataclass(frozen=True, slots=True)
class DiagnoseRole:
    """Try a role as a check does, and then what must not work."""

    trials: RoleTrials
    cost_source: CostSource
    let_in: LetIn

    async def execute(self, role: Role, today: date) -> list[Finding]:
        """Return what was found; at most one paid request is made.

        Args:
            role: With the id that its trust policy must ask for.
            today: The UTC day.
        """
        return [finding async for finding in self._findings(role, today)]

    async def _findings(self, role: Role, today: date) -> AsyncIterator[Finding]:
        subject = "Our identity"
        try:
            yield Finding(subject, works=True, detail=await self.trials.trusted())
            subject = "The role with our id"
            key = await self.trials.assume(role)
            yield Finding(
                subject, works=True, detail=f"lets us in, for {self.let_in.access.id_name} {role.external_id}"
            )
            subject = "The role without it"
            yield await self._closed(subject, role, "", "no id")
            subject = "The role with another id"
            other = self.let_in.external_id(SOMEBODY_ELSE)
            yield await self._closed(subject, role, other, "any id")
            subject = "ce:GetCostAndUsage"
            query = query_for(Monitor(key, Threshold(Decimal())), role.account_id, today)
            await self.cost_source.costs(key, query)
            yield Finding(subject, works=True, detail="allowed")
            subject = "Anything else"
            yield await self._limited(subject, key)
        except AwsError as failure:
            remedy = failure.remedy_at_hand
            if way_in := self.let_in.way_in(Monitor(role, Threshold(Decimal())), failure):
                remedy = f"{remedy} It must hold {way_in.condition}"
            yield Finding(subject, works=False, detail=str(failure), remedy=remedy)

    async def _closed(self, subject: str, role: Role, external_id: str, how: str) -> Finding:
        if await self.trials.lets_in(replace(role, external_id=external_id)):
            condition = self.let_in.condition(role)
            return Finding(
                subject,
                works=False,
                detail=f"lets us in with {how}: any channel of this service could use it",
                remedy=f"Add to the role's trust policy: {condition}",
            )
        return Finding(subject, works=True, detail="is refused, as it should be")

    async def _limited(self, subject: str, key: AccessKey) -> Finding:
        match await self.trials.can_do_more(key):
            case False:
                return Finding(subject, works=True, detail="is refused: our session can do nothing else")
            case True:
                return Finding(
                    subject,
                    works=False,
                    detail="is possible: AWS has not applied the policy of our session",
                    remedy="Report this as a security defect; meanwhile keep the role's own policy least.",
                )
            case None:
                detail = "AWS does not say; the policy of our session forbids it"
                return Finding(subject, works=True, detail=detail)
