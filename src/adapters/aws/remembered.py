"""The two ports with a memory: nothing is asked twice while the first answer is good."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from functools import partial

import msgspec

from adapters.aws.flights import Flights
from adapters.aws.recall import Recall
from adapters.state.store import Store
from application.credentials import AccessKey
from application.errors import AwsError, AwsRefused, PaidRequestsCapped, StorageUnavailable
from application.ports.cost_source import CostAnswer, CostQuery, CostSource
from application.ports.identity import Identity
from application.ports.vault import Vault
from domain.costs import CostEntry, CostHistory
from domain.periods import Period

IDENTITY_KEPT = timedelta(days=1)
UNPUBLISHED_KEPT = timedelta(hours=1)
"""At most: an answer whose last day AWS has not published is asked for again sooner."""


class RememberedIdentity(Identity):
    """Asks once a day whose credentials these are; refusals are remembered for minutes.

    Args:
        identity: Whom to ask.
        store: Where the answers are kept.
        vault: Seals them.
    """

    def __init__(self, identity: Identity, store: Store, vault: Vault) -> None:
        self._identity = identity
        self._recall = Recall(store, vault, "identity", str)
        self._flights = Flights[str]()

    async def account_id(self, credentials: AccessKey) -> str:
        """See the port."""
        key = self._recall.key(*credentials.who)
        return (await self._flights.board(key, partial(self._find, key, credentials))).answer

    async def _find(self, key: str, credentials: AccessKey) -> str:
        if known := await self._recall.get(key):
            return known
        try:
            account_id = await self._identity.account_id(credentials)
        except AwsRefused as refusal:
            await self._recall.keep_refusal(key, refusal)
            raise
        self._recall.keep(key, account_id, IDENTITY_KEPT)
        return account_id


class KeptCosts(msgspec.Struct, array_like=True, gc=False):
    """What of a CostAnswer is kept: every service's name once, so that it takes a third of the room.

    Args:
        currency: Of all amounts.
        services: Names.
        entries: Start, end (exclusive), and the services' amounts in their order; None: not there.
        names: What the services are called.
    """

    currency: str
    services: list[str]
    entries: list[tuple[date, date, list[Decimal | None]]]
    names: dict[str, str]


def pack(answer: CostAnswer) -> KeptCosts:
    """Write an answer as it is kept."""
    history = answer.history
    services = list({name: None for entry in history.entries for name in entry.services})
    entries = [
        (entry.period.start, entry.period.end, [*map(entry.services.get, services)])
        for entry in history.entries
    ]
    return KeptCosts(history.currency, services, entries, dict(answer.names))


def unpack(kept: KeptCosts) -> CostAnswer:
    """The answer; it costs nothing."""
    entries = [
        CostEntry(
            Period(start, end),
            {name: amount for name, amount in zip(kept.services, amounts, strict=True) if amount is not None},
        )
        for start, end, amounts in kept.entries
    ]
    return CostAnswer(CostHistory(tuple(entries), kept.currency), 0, kept.names)


class RememberedCosts(CostSource):
    """Reuses answers: everybody who asks the same gets one answer for one price, in any process.

    Args:
        cost_source: Whom to ask.
        store: Where the answers are kept.
        vault: Seals them.
        ttl: How long an answer is reused; zero turns that off, but refusals are remembered nevertheless.
        on_hit: Is told of every answer that cost nothing.
    """

    def __init__(
        self,
        cost_source: CostSource,
        store: Store,
        vault: Vault,
        ttl: timedelta,
        on_hit: Callable[[], None],
    ) -> None:
        self._cost_source = cost_source
        self._recall = Recall(store, vault, "costs", KeptCosts)
        self._flights = Flights[CostAnswer]()
        self._ttl = ttl
        self._on_hit = on_hit

    async def costs(self, credentials: AccessKey, query: CostQuery) -> CostAnswer:
        """See the port."""
        key = self._recall.key(*credentials.who, repr(query))
        landed = await self._flights.board(key, partial(self._find, key, credentials, query))
        answer = landed.answer if landed.led else replace(landed.answer, paid_requests=0)
        if answer.paid_requests == 0:
            self._on_hit()
        return answer

    async def at_hand(self, credentials: AccessKey, query: CostQuery) -> CostAnswer | None:
        """See the port."""
        try:
            kept = await self._recall.get(self._recall.key(*credentials.who, repr(query)))
        except (AwsError, StorageUnavailable):
            return None
        return unpack(kept) if kept else None

    async def _find(self, key: str, credentials: AccessKey, query: CostQuery) -> CostAnswer:
        if not self._ttl:
            await self._recall.get(key)  # a refusal
        elif kept := await self._recall.begin(key):
            return unpack(kept)
        try:
            with self._recall.under_way(key) if self._ttl else nullcontext():
                answer = await self._cost_source.costs(credentials, query)
        except PaidRequestsCapped:
            await self._recall.forget(key)
            raise
        except AwsRefused as refusal:
            await self._recall.keep_refusal(key, refusal)
            raise
        except BaseException:
            await self._recall.forget(key)
            raise
        if self._ttl:
            is_whole = answer.history.covers(query.window)
            ttl = self._ttl if is_whole else min(self._ttl / 6, UNPUBLISHED_KEPT)
            self._recall.keep(key, pack(answer), ttl)
        return answer
