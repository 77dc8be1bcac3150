"""A ledger page as JSON."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import IntEnum

import msgspec

from application.errors import StorageUnavailable
from application.ports.ledger import Claim, Page
from domain.money import Money
from domain.periods import Period
from domain.reports import Told
from domain.thresholds import Verdict


class Worth(IntEnum):
    """What a page says, and so for how long it is kept."""

    CLAIM = 0
    """Somebody is about to say something; perhaps nobody can be told anything there."""
    SINCE = 1
    """Nothing was said, but what is to be told of from now on."""
    FAILURES = 2
    """That a check failed."""
    TOLD = 3
    """What was told of costs."""


DELIVERED = Worth.FAILURES
"""From this one on, the channel was told something."""

PAGES_KEPT = timedelta(days=400)
"""Longer than the thirteen months that Cost Explorer looks back."""

KEPT = {
    Worth.CLAIM: timedelta(hours=1),  # far longer than a claim holds
    Worth.SINCE: PAGES_KEPT,
    Worth.FAILURES: timedelta(days=40),  # longer than a month, in which a failure is told once
    Worth.TOLD: PAGES_KEPT,
}
"""After it was last written."""


def worth(page: Page) -> Worth:
    """Judge a page by what it says."""
    if page.told:
        return Worth.TOLD
    if page.failures:
        return Worth.FAILURES
    return Worth.SINCE if page.since or page.fired or page.lags else Worth.CLAIM


_Amount = tuple[Decimal, str] | None


class _ToldRow(msgspec.Struct, array_like=True, omit_defaults=True):
    """A page holds up to forty of these, so they are kept short; new fields go to the end."""

    start: date
    end: date
    verdicts: tuple[Verdict, ...]
    spend: _Amount
    first_spend: _Amount = None
    spike: bool = False
    milestone: Decimal | None = None
    corrected_on: date | None = None
    of_parts: tuple[str, ...] = ()
    forecast: Decimal | None = None


class _Page(msgspec.Struct, omit_defaults=True):
    told: list[_ToldRow] = []
    failures: dict[str, str] = {}
    claim: Claim | None = None
    since: date | None = None
    fired: datetime | None = None
    asks: tuple[str, ...] = ()
    answered: dict[str, int] = {}
    lags: dict[date, int] = {}
    as_of: datetime | None = None


_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(_Page)


def encode_page(page: Page) -> bytes:
    """Return the page as JSON."""
    told = [_row(period, told) for period, told in page.told.items()]
    more = page.fired, page.asks, dict(page.answered), dict(page.lags), page.as_of
    return _encoder.encode(_Page(told, dict(page.failures), page.claim, page.since, *more))


def decode_page(content: bytes) -> Page:
    """Return what ``encode_page`` was given.

    Raises:
        StorageUnavailable: It is no page of this version.
    """
    try:
        page = _decoder.decode(content)
        told = {Period(row.start, row.end): _told(row) for row in page.told}
    except ValueError as exc:  # msgspec's errors are ValueErrors, and so are the domain's
        raise StorageUnavailable("a page of the ledger is damaged") from exc
    more = page.fired, page.asks, page.answered, page.lags, page.as_of
    return Page(told, page.failures, page.claim, page.since, *more)


def _row(period: Period, told: Told) -> _ToldRow:
    spend, first = _amount(told.spend), _amount(told.first_spend)
    more = told.spike, told.milestone, told.corrected_on, told.of_parts, told.forecast
    return _ToldRow(period.start, period.end, told.verdicts, spend, first, *more)


def _told(row: _ToldRow) -> Told:
    spend, first = _money(row.spend), _money(row.first_spend)
    more = row.spike, row.milestone, row.corrected_on, row.of_parts, row.forecast
    return Told(row.verdicts, spend, first, *more)


def _amount(money: Money | None) -> _Amount:
    return (money.amount, money.currency) if money else None


def _money(amount: _Amount) -> Money | None:
    return Money(*amount) if amount else None
