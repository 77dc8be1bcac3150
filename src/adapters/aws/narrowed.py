"""Questions whose answers are too long are asked in less detail, so that the verdict always comes."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta

from adapters.state.store import Store
from application.credentials import AccessKey
from application.errors import AnswerTooLong, AwsError, AwsUnavailable, StorageUnavailable
from application.ports.cost_source import CostAnswer, CostQuery, CostSource, GroupBy
from application.ports.vault import Vault

KEPT = timedelta(days=7)
"""How long it is remembered that an answer is too long: what cannot succeed is not paid for every day."""

TOO_LONG = b"too long"


class NarrowedCosts(CostSource):
    """Asks for the sums alone when the answer by service has too many pages.

    Args:
        cost_source: Whom to ask.
        store: Remembers which questions were too long, for all processes.
        vault: Names questions without telling them.
    """

    def __init__(self, cost_source: CostSource, store: Store, vault: Vault) -> None:
        self._cost_source = cost_source
        self._store = store
        self._vault = vault

    async def costs(
        self, credentials: AccessKey, query: CostQuery, since: datetime | None = None
    ) -> CostAnswer:
        """See the port."""
        if query.group_by is not GroupBy.SERVICE:
            return await self._cost_source.costs(credentials, query, since)
        key = self._key(query)
        if await self._store.get(key):
            return await self._sums(credentials, query, 0)
        try:
            return await self._cost_source.costs(credentials, query, since)
        except AnswerTooLong as too_long:
            with suppress(StorageUnavailable):
                await self._store.put(key, TOO_LONG, KEPT)
            return await self._sums(credentials, query, too_long.paid_requests)

    async def _sums(self, credentials: AccessKey, query: CostQuery, paid: int) -> CostAnswer:
        try:
            answer = await self._cost_source.costs(credentials, replace(query, group_by=None))
        except AnswerTooLong as too_long:
            failure = AwsUnavailable("Cost Explorer's answer has no last page.")
            failure.paid_requests = paid + too_long.paid_requests
            raise failure from too_long
        except AwsError as error:
            error.paid_requests += paid
            raise
        return replace(answer, paid_requests=paid + answer.paid_requests)

    def _key(self, query: CostQuery) -> str:
        """The question whatever its days."""
        about = (query.account_id, query.granularity, query.metric, str(query.scope))
        return f"long.{self._vault.fingerprint('long', *about, *query.excluded_record_types)}"
