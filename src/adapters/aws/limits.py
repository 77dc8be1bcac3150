"""How fast one access key asks, and how often in a day one account is asked."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta

from adapters.state.store import Store
from application.credentials import Credentials
from application.errors import AwsBusy, AwsError, PaidRequestsCapped, StorageUnavailable
from application.ports.clock import Clock
from application.ports.cost_source import CostAnswer, CostQuery, CostSource
from application.ports.vault import Vault

PER_SECOND = 5
"""Requests with one access key. Cost Explorer's own limit is not published; this is a careful guess."""

BURST_SECONDS = 1.001
"""A second's worth at once; the thousandth is for rounding."""

KEYS_KEPT = 10_000
COUNTED_FOR = timedelta(days=2)


class PacedCosts(CostSource):
    """Keeps under Cost Explorer's throttle: a burst of a second's worth, then one request after the other.

    Who would have to wait is sent away until then, and holds nothing meanwhile.

    Args:
        cost_source: Whom to ask.
        per_second: Requests with one access key, in this process.
        monotonic: Seconds that only grow.
    """

    def __init__(
        self,
        cost_source: CostSource,
        per_second: float = PER_SECOND,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._cost_source = cost_source
        self._interval = 1 / per_second
        self._monotonic = monotonic
        self._empty_at: dict[int, float] = {}  # by hash: a key lives in memory only while it is used

    async def costs(self, credentials: Credentials, query: CostQuery) -> CostAnswer:
        """See the port."""
        self._take_turn(hash(credentials.access_key_id))
        return await self._cost_source.costs(credentials, query)

    def _take_turn(self, key: int) -> None:
        """A leaky bucket, kept as the moment at which it will be empty."""
        now = self._monotonic()
        if len(self._empty_at) >= KEYS_KEPT:
            self._empty_at = {each: moment for each, moment in self._empty_at.items() if moment > now}
        empty_at = max(self._empty_at.get(key, now), now) + self._interval
        wait = empty_at - now - BURST_SECONDS
        if wait > 0:
            raise AwsBusy("This access key has asked Cost Explorer enough for now.", retry_after=wait)
        self._empty_at[key] = empty_at


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

    async def costs(self, credentials: Credentials, query: CostQuery) -> CostAnswer:
        """See the port. One request is counted before it is made, and what it took in truth afterwards."""
        account = self._vault.fingerprint("account", query.account_id)
        key = f"paid.{self._clock.now():%Y-%m-%d}.{account}"
        await self._reserve(key)
        paid = 1
        try:
            answer = await self._cost_source.costs(credentials, query)
            paid = answer.paid_requests
        except AwsError as error:
            paid = error.paid_requests
            raise
        finally:
            await self._settle(key, paid)
        return answer

    async def _reserve(self, key: str) -> None:
        if self._cap and await self._store.count(key, 1, COUNTED_FOR) > self._cap:
            await self._store.count(key, -1, COUNTED_FOR)
            raise PaidRequestsCapped

    async def _settle(self, key: str, paid: int) -> None:
        self._on_paid(paid)
        if self._cap and paid != 1:
            with suppress(StorageUnavailable):
                await self._store.count(key, paid - 1, COUNTED_FOR)
