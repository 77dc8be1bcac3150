"""How fast one access key asks, and how often in a day one account is asked."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta

from adapters.aws.trials import OF_THE_KEY, Keys
from application.aws_errors import AwsBusy, AwsError, AwsRefused, PaidRequestsCapped
from application.credentials import AccessKey
from application.errors import StorageUnavailable
from application.ports.clock import Clock
from application.ports.cost_source import CostAnswer, CostQuery, CostSource
from application.ports.store import Store
from application.ports.vault import Vault

PER_SECOND = 5
"""Requests with one access key; every further process may add one. Cost Explorer's own limit is not
published; this is a careful guess."""

PACE_KEPT = timedelta(seconds=10)
COUNTED_FOR = timedelta(days=2)


class PacedCosts(CostSource):
    """Keeps under Cost Explorer's throttle: so many requests with one key or role in each second.

    Who would have to wait is sent away until then, and holds nothing meanwhile. Most keys ask one question a
    day, so the first request of a second is let through without a look at the store; the next ones are
    counted there, for all processes together.

    Args:
        cost_source: Whom to ask.
        store: Where requests are counted.
        vault: Names access keys without telling them.
        clock: Which second it is.
    """

    def __init__(self, cost_source: CostSource, store: Store, vault: Vault, clock: Clock) -> None:
        self._cost_source = cost_source
        self._store = store
        self._vault = vault
        self._clock = clock
        self._second = 0
        self._asked: set[int] = set()  # by hash: a key lives in memory only while it is used

    async def costs(
        self, credentials: AccessKey, query: CostQuery, since: datetime | None = None
    ) -> CostAnswer:
        """See the port."""
        await self._take_turn(credentials.role_arn or credentials.access_key_id)
        return await self._cost_source.costs(credentials, query, since)

    async def _take_turn(self, name: str) -> None:
        now = self._clock.now().timestamp()
        second = int(now)
        if second != self._second:
            self._second, self._asked = second, set()
        if (hashed := hash(name)) not in self._asked:
            self._asked.add(hashed)
            return
        key = f"pace.{second}.{self._vault.fingerprint('pace', name)}"
        seconds_early = await self._store.count(key, 1, PACE_KEPT) // PER_SECOND
        if seconds_early:
            wait = second + seconds_early - now
            raise AwsBusy("This access key has asked Cost Explorer enough for now.", retry_after=wait)


class MeteredCosts(CostSource):
    """Counts the paid requests of every account and UTC day, and stops at a cap.

    Args:
        cost_source: Whom to ask.
        store: Where they are counted, for all processes.
        vault: Names accounts without telling them.
        clock: What day it is.
        cap: Requests an account and day; 0 is no cap, and nothing is counted in the store then.
        on_paid: Is told how many requests AWS has charged for.
    """

    def __init__(
        self,
        cost_source: CostSource,
        store: Store,
        vault: Vault,
        clock: Clock,
        cap: int,
        on_paid: Callable[[int], None],
    ) -> None:
        self._cost_source = cost_source
        self._store = store
        self._vault = vault
        self._clock = clock
        self._cap = cap
        self._on_paid = on_paid
        self._let_in = Keys()

    async def costs(
        self, credentials: AccessKey, query: CostQuery, since: datetime | None = None
    ) -> CostAnswer:
        """See the port. What a key takes counts once it has shown that it may use Cost Explorer.

        With such a key one request is counted before it is made, and what it took in truth afterwards. Any
        other could use up the account's requests by being refused.
        """
        account = self._vault.fingerprint("account", query.account_id)
        key = f"paid.{self._clock.now().date().isoformat()}.{account}"
        reserved = int(credentials in self._let_in)
        await self._reserve(key, reserved)
        paid = counted = 1
        try:
            answer = await self._cost_source.costs(credentials, query, since)
            paid = counted = answer.paid_requests
            self._let_in.add(credentials)
        except AwsRefused as error:
            paid, counted = error.paid_requests, 0
            if isinstance(error, OF_THE_KEY):
                self._let_in.discard(credentials)
            raise
        except AwsError as error:
            paid = counted = error.paid_requests
            raise
        finally:
            await self._settle(key, paid, counted - reserved)
        return answer

    async def _reserve(self, key: str, count: int) -> None:
        if self._cap and await self._store.count(key, count, COUNTED_FOR) >= self._cap + count:
            if count:
                await self._store.count(key, -count, COUNTED_FOR)
            raise PaidRequestsCapped

    async def _settle(self, key: str, paid: int, uncounted: int) -> None:
        self._on_paid(paid)
        if self._cap and uncounted:
            with suppress(StorageUnavailable):
                await self._store.count(key, uncounted, COUNTED_FOR)
