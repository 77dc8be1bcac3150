"""The two ports with a memory: nothing is asked twice while the first answer is good."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import lru_cache, partial

import msgspec

from adapters.aws.flights import Flights
from adapters.aws.recall import Recall
from application.aws_errors import AwsError, AwsRefused, PaidRequestsCapped
from application.credentials import AccessKey
from application.errors import StorageUnavailable
from application.ports.clock import Clock
from application.ports.cost_source import CostAnswer, CostQuery, CostSource
from application.ports.identity import Identity
from application.ports.store import Store
from application.ports.vault import Vault
from domain.costs import CostEntry, CostHistory
from domain.periods import Period

IDENTITY_KEPT = timedelta(days=90)
"""A key's account never changes, and the question about costs proves the key anyway: a daily tick asks STS
once a quarter. It ends at all so that keys that are gone leave nothing behind."""

UNPUBLISHED_KEPT = timedelta(hours=1)
"""At most: an answer whose last day AWS has not published is asked for again sooner."""

RETRIES_KEPT = timedelta(hours=26)
"""For the look that it was given to: a channel that is away is tried for a day, and pays once."""


_period = lru_cache(maxsize=1000)(Period)
"""All tenants ask for the same days."""


class RememberedIdentity(Identity):
    """Asks once a quarter whose credentials these are; refusals are remembered for minutes.

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
        if known := await self._recall.get(key):  # nearly always
            return known
        return (await self._flights.board(key, partial(self._ask, key, credentials))).answer

    async def _ask(self, key: str, credentials: AccessKey) -> str:
        try:
            account_id = await self._identity.account_id(credentials)
        except AwsRefused as refusal:
            await self._recall.keep_refusal(key, refusal)
            raise
        self._recall.keep(key, account_id, IDENTITY_KEPT)
        return account_id


class KeptHistory(msgspec.Struct, array_like=True, gc=False):
    """Costs as they are kept: every name once, so that they take a third of the room.

    Args:
        currency: Of all amounts.
        services: Names.
        amounts: Of each period, the services' in their order; None: not there.
    """

    currency: str
    services: list[str]
    amounts: list[list[Decimal | None]]


class KeptCosts(msgspec.Struct, array_like=True, gc=False):
    """What of a CostAnswer is kept.

    Args:
        periods: Start and end (exclusive), of all that follows.
        history: Divided by the first thing.
        names: What its keys are called.
        second: Divided by the second.
        pairs: Divided by both.
        asked_at: When AWS was asked.
        whole: Whether all that was asked for was published.
    """

    periods: list[tuple[date, date]]
    history: KeptHistory
    names: dict[str, str]
    second: KeptHistory | None = None
    pairs: KeptHistory | None = None
    asked_at: datetime | None = None
    whole: bool = True


def pack(answer: CostAnswer, asked_at: datetime | None = None, *, whole: bool = True) -> KeptCosts:
    """Write an answer as it is kept."""
    second = _pack(answer.second) if answer.second else None
    pairs = _pack(answer.pairs) if answer.pairs else None
    periods = [(entry.period.start, entry.period.end) for entry in answer.history.entries]
    return KeptCosts(periods, _pack(answer.history), dict(answer.names), second, pairs, asked_at, whole)


def unpack(kept: KeptCosts) -> CostAnswer:
    """The answer; it costs nothing."""
    periods = [_period(start, end) for start, end in kept.periods]
    second = _unpack(kept.second, periods) if kept.second else None
    pairs = _unpack(kept.pairs, periods) if kept.pairs else None
    return CostAnswer(_unpack(kept.history, periods), 0, kept.names, kept.asked_at, second, pairs)


def _pack(history: CostHistory) -> KeptHistory:
    services = list({name: None for entry in history.entries for name in entry.services})
    amounts = [[*map(entry.services.get, services)] for entry in history.entries]
    return KeptHistory(history.currency, services, amounts)


def _unpack(kept: KeptHistory, periods: Sequence[Period]) -> CostHistory:
    services = kept.services
    entries = [
        CostEntry(
            period,
            {name: amount for name, amount in zip(services, amounts, strict=True) if amount is not None},
        )
        for period, amounts in zip(periods, kept.amounts, strict=True)
    ]
    return CostHistory(tuple(entries), kept.currency)


class RememberedCosts(CostSource):
    """Reuses answers: everybody who asks the same gets one answer for one price, in any process.

    Args:
        cost_source: Whom to ask.
        store: Where the answers are kept.
        vault: Seals them.
        clock: What time it is.
        ttl: How long an answer is reused; zero turns that off, but refusals are remembered nevertheless, and
            an answer for the look that it was given to.
        on_hit: Is told of every answer that cost nothing.
    """

    def __init__(
        self,
        cost_source: CostSource,
        store: Store,
        vault: Vault,
        clock: Clock,
        ttl: timedelta,
        on_hit: Callable[[], None],
    ) -> None:
        self._cost_source = cost_source
        self._recall = Recall(store, vault, "costs", KeptCosts)
        self._flights = Flights[CostAnswer]()
        self._clock = clock
        self._ttl = ttl
        self._on_hit = on_hit

    async def costs(
        self, credentials: AccessKey, query: CostQuery, since: datetime | None = None
    ) -> CostAnswer:
        """See the port."""
        key = self._recall.key(*credentials.who, repr(query))
        # Whoever joined a flight that wants less would get an answer that is too old for him.
        flight = f"{key} {since or ''}"
        landed = await self._flights.board(flight, partial(self._find, key, credentials, query, since))
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

    async def _find(
        self, key: str, credentials: AccessKey, query: CostQuery, since: datetime | None
    ) -> CostAnswer:
        asked_at, announced = self._clock.now(), None
        if self._ttl or since:
            kept, announced = await self._recall.begin(key, partial(self._is_fresh, since, asked_at))
            if kept:
                return unpack(kept)
        else:
            await self._recall.get(key)  # a refusal
        try:
            with self._recall.under_way(announced) if announced else nullcontext():
                answer = await self._cost_source.costs(credentials, query, since)
        except PaidRequestsCapped:
            await self._forget(announced)
            raise
        except AwsRefused as refusal:
            await self._recall.keep_refusal(key, refusal)
            raise
        except BaseException:
            await self._forget(announced)
            raise
        kept = pack(answer, asked_at, whole=answer.history.covers(query.window))
        self._recall.keep(key, kept, max(self._ttl, RETRIES_KEPT))
        return replace(answer, asked_at=asked_at)

    async def _forget(self, announced: str | None) -> None:
        if announced:
            await self._recall.forget(announced)

    def _is_fresh(self, since: datetime | None, now: datetime, kept: KeptCosts) -> bool:
        if kept.asked_at is None:
            return since is None
        if since:
            return kept.asked_at >= since
        ttl = self._ttl if kept.whole else min(self._ttl / 6, UNPUBLISHED_KEPT)
        return now - kept.asked_at < ttl
