"""Questions whose answers are too long are asked in less detail, so that the verdict always comes."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta

from application.aws_errors import AnswerTooLong, AwsError, AwsUnavailable
from application.credentials import AccessKey
from application.errors import StorageUnavailable
from application.ports.cost_source import MOST_PAGES, CostAnswer, CostQuery, CostSource
from application.ports.store import Store
from application.ports.vault import Vault

KEPT = timedelta(days=7)
"""How long it is remembered that an answer is too long: what cannot succeed is not paid for every day."""


class NarrowedCosts(CostSource):
    """Asks by one thing when the answer by two has too many pages, and for the sums alone after that.

    A question for pairs is no use in less detail: it fails.

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
        if query.in_pairs:
            return await self._cost_source.costs(credentials, query, since)
        key = self._key(query)
        details = int(await self._store.get(key) or len(query.group_by))
        paid = 0
        while True:
            try:
                answer = await self._cost_source.costs(credentials, in_detail(query, details), since)
            except AnswerTooLong as too_long:
                paid += too_long.paid_requests
                if details == 0:
                    failure = AwsUnavailable("Cost Explorer's answer has no last page.")
                    failure.paid_requests = paid
                    raise failure from too_long
                details -= 1
                with suppress(StorageUnavailable):
                    await self._store.put(key, b"%d" % details, KEPT)
            except AwsError as error:
                error.paid_requests += paid
                raise
            else:
                return replace(answer, paid_requests=paid + answer.paid_requests) if paid else answer

    def _key(self, query: CostQuery) -> str:
        """The question whatever its days."""
        about = (query.account_id, query.granularity, query.metric, str(query.scope), repr(query.group_by))
        return f"long.{self._vault.fingerprint('long', *about, *query.excluded_record_types)}"


def in_detail(query: CostQuery, details: int) -> CostQuery:
    """The question divided by so many of the things that it is divided by."""
    if details >= len(query.group_by):
        return query
    return replace(query, group_by=query.group_by[:details], most_pages=MOST_PAGES)
