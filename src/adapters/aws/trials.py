"""Keys that AWS does not let in: how seldom they are tried, whoever makes them up."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime, timedelta

from application.aws_errors import (
    AccessKeyUnknown,
    AwsBusy,
    AwsRefused,
    CostExplorerOff,
    CredentialsExpired,
    PermissionMissing,
    SecretKeyWrong,
)
from application.credentials import AccessKey
from application.ports.clock import Clock
from application.ports.cost_source import CostAnswer, CostQuery, CostSource
from application.ports.identity import Identity

REFUSALS_AT_ONCE = 50
REFUSALS_PER_SECOND = 5.0
"""Of STS, for keys that it has never accepted, in one process: beyond these they wait for their turn."""

NEXT_TRY = timedelta(minutes=1)
LONGEST_UNTIL_NEXT_TRY = timedelta(hours=1)
"""A key without rights is asked about again after a minute for each refusal in a row."""

REMEMBERED = 10_000

OF_THE_KEY = (AccessKeyUnknown, SecretKeyWrong, CredentialsExpired, PermissionMissing, CostExplorerOff)
"""Refusals that another question of the same key would get too."""


class Keys:
    """Access keys or roles, by hash: a key itself lives in memory only while it is used."""

    def __init__(self) -> None:
        self._hashes: OrderedDict[int, None] = OrderedDict()

    def __contains__(self, value: object) -> bool:
        """Whether it was added, and is not forgotten."""
        return hash(value) in self._hashes

    def add(self, value: object) -> None:
        """Remember it; the one added longest ago is forgotten first."""
        self._hashes[hash(value)] = None
        self._hashes.move_to_end(hash(value))
        if len(self._hashes) > REMEMBERED:
            self._hashes.popitem(last=False)

    def discard(self, value: object) -> None:
        """Forget it."""
        self._hashes.pop(hash(value), None)


class TokenBucket:
    """How fast STS may refuse what it has never accepted: as long as few are refused, nobody waits.

    Args:
        clock: How long ago it was.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._left = float(REFUSALS_AT_ONCE)
        self._filled_at = clock.now()

    def refused(self) -> None:
        """One more was."""
        self._left -= 1

    def wait_for_turn(self) -> None:
        """Let one more through.

        Raises:
            AwsBusy: Not now.
        """
        now = self._clock.now()
        passed = max((now - self._filled_at).total_seconds(), 0)
        self._left = min(self._left + passed * REFUSALS_PER_SECOND, REFUSALS_AT_ONCE)
        self._filled_at = now
        if self._left < 0:
            wait = -self._left / REFUSALS_PER_SECOND
            raise AwsBusy("AWS refuses many new keys and roles: they wait for their turn.", retry_after=wait)


class IdentityOnTrial(Identity):
    """Asks STS about keys that it has never accepted at the pace at which it refuses them.

    As long as few are refused, nobody waits; keys that were accepted never do.

    Args:
        identity: Whom to ask.
        clock: How long ago it was.
    """

    def __init__(self, identity: Identity, clock: Clock) -> None:
        self._identity = identity
        self._accepted = Keys()
        self._bucket = TokenBucket(clock)

    async def account_id(self, credentials: AccessKey) -> str:
        """See the port."""
        if credentials not in self._accepted:
            self._bucket.wait_for_turn()
        try:
            account_id = await self._identity.account_id(credentials)
        except AwsRefused:
            self._bucket.refused()
            self._accepted.discard(credentials)
            raise
        self._accepted.add(credentials)
        return account_id


@dataclass(slots=True)
class Trial:
    """What became of a key so far.

    Args:
        refusals: In a row.
        last: What AWS said last.
        until: When it is asked again.
    """

    refusals: int
    last: AwsRefused
    until: datetime


class CostsOnTrial(CostSource):
    """Asks Cost Explorer ever more seldom with a key that may not use it, whatever the questions are.

    Args:
        cost_source: Whom to ask.
        clock: How long ago it was.
    """

    def __init__(self, cost_source: CostSource, clock: Clock) -> None:
        self._cost_source = cost_source
        self._clock = clock
        self._trials: OrderedDict[int, Trial] = OrderedDict()

    async def costs(
        self, credentials: AccessKey, query: CostQuery, since: datetime | None = None
    ) -> CostAnswer:
        """See the port. In between, the key hears once more what AWS said last, for nothing."""
        trial = self._trials.get(hash(credentials))
        if trial and self._clock.now() < trial.until:
            raise trial.last.again()
        try:
            answer = await self._cost_source.costs(credentials, query, since)
        except OF_THE_KEY as refusal:
            self._note(credentials, refusal)
            raise
        self._trials.pop(hash(credentials), None)
        return answer

    def _note(self, credentials: AccessKey, refusal: AwsRefused) -> None:
        trial = self._trials.pop(hash(credentials), None)
        refusals = trial.refusals + 1 if trial else 1
        until = self._clock.now() + min(refusals * NEXT_TRY, LONGEST_UNTIL_NEXT_TRY)
        self._trials[hash(credentials)] = Trial(refusals, refusal.again(), until)
        if len(self._trials) > REMEMBERED:
            self._trials.popitem(last=False)
