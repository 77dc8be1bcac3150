"""Roles: temporary credentials, in memory until shortly before they end, and nowhere else."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial

from adapters.aws.assuming import Way
from adapters.aws.flights import Flights
from adapters.aws.recall import Recall
from adapters.aws.trials import Keys, TokenBucket
from application.aws_errors import AwsRefused, CostExplorerAbsent
from application.credentials import AccessKey, Role
from application.ports.clock import Clock
from application.ports.store import Store
from application.ports.vault import Vault
from application.role_errors import RoleElsewhere, RoleOpen, RoleRefused

SPARE = timedelta(minutes=5)
"""So long before its end a temporary key is used no more."""

CLOSED_KEPT = timedelta(days=1)
REFUSAL_KEPT = timedelta(seconds=2)
"""A burst of ticks asks AWS once; whoever has just mended a trust policy is served at once."""


@dataclass(frozen=True, slots=True)
class Session:
    """A role that was assumed.

    Args:
        key: Its temporary access key.
        ends: When AWS ends it (UTC).
    """

    key: AccessKey = field(repr=False)
    ends: datetime


class Roles:
    """Assumes roles: one call for all who wait for one, and then none until the key is about to end.

    Args:
        way: How.
        store: Where refusals are remembered for seconds, and for a day that a role is closed to others.
        vault: Seals them.
        clock: What time it is.
        on_open: Is told the ARN of an operator's own role that is open.
    """

    def __init__(
        self,
        way: Way,
        store: Store,
        vault: Vault,
        clock: Clock,
        on_open: Callable[[str], None],
    ) -> None:
        self._way = way
        self._clock = clock
        self._on_open = on_open
        self._closed = Recall(store, vault, "role-closed", bool)
        self._refused = Recall(store, vault, "role-refused", bool)
        self._sessions: dict[Role, Session] = {}
        self._bucket = TokenBucket(clock)
        self._known = Keys()
        self._flights = Flights[AccessKey]()

    async def key(self, role: Role) -> AccessKey:
        """Return a key that is good for five minutes at least.

        Raises:
            RoleRefused: AWS does not let this service in, or lets everybody in; the subclass says which.
            AwsUnavailable: Worth trying later.
        """
        session = self._sessions.get(role)
        if session and session.ends - SPARE > self._clock.now():
            return session.key
        flight = f"{role.is_strangers} {role.external_id} {role.arn}"
        return (await self._flights.board(flight, partial(self._open, role))).answer

    async def _open(self, role: Role) -> AccessKey:
        refused = self._refused.key(role.arn, role.external_id, str(role.is_strangers))
        await self._refused.get(refused)
        try:
            await self._check_partition(role)
            if role not in self._known:
                self._bucket.wait_for_turn()
            session = Session(*await self._way.assume(role.arn, role.external_id))
            await self._check_closed(role)
        except AwsRefused as refusal:
            self._bucket.refused()
            await self._refused.keep_refusal(refused, refusal, REFUSAL_KEPT)
            raise
        self._known.add(role)
        self._keep(role, session)
        return session.key

    async def _check_partition(self, role: Role) -> None:
        if role.partition == "aws-us-gov":
            raise CostExplorerAbsent
        if role.partition != await self._way.partition():
            raise RoleElsewhere

    async def _check_closed(self, role: Role) -> None:
        """Come without the id too. AWS asks third parties to refuse the role when that works.

        Source: IAM User Guide, "Access to AWS accounts owned by third parties".
        """
        closed = self._closed.key(role.arn)
        if await self._closed.get(closed):
            return
        try:
            await self._way.assume(role.arn, None)
        except RoleRefused:
            self._closed.keep(closed, answer=True, ttl=CLOSED_KEPT)
            return
        if role.is_strangers:
            raise RoleOpen
        self._on_open(role.arn)

    def _keep(self, role: Role, session: Session) -> None:
        now = self._clock.now()
        self._sessions.pop(role, None)
        self._sessions[role] = session
        # The oldest come first: as many as are useless go, and memory stays flat.
        for other in [*self._sessions]:
            if self._sessions[other].ends - SPARE > now:
                break
            del self._sessions[other]
