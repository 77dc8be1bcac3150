"""A ledger page as JSON."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

import msgspec

from application.errors import StorageUnavailable
from application.ports.ledger import Claim, Page
from domain.money import Money
from domain.periods import Period
from domain.reports import Told
from domain.thresholds import Verdict


class _ToldRow(msgspec.Struct, array_like=True):
    start: date
    end: date
    verdicts: tuple[Verdict, ...]
    amount: Decimal | None = None
    currency: str = ""


class _Claim(msgspec.Struct):
    tick_id: str
    until: datetime


class _Page(msgspec.Struct, omit_defaults=True):
    told: list[_ToldRow] = []
    failures: dict[str, str] = {}
    claim: _Claim | None = None


_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(_Page)


def encode_page(page: Page) -> bytes:
    """Return the page without its revision, which is the adapter's own to keep."""
    told = [
        _ToldRow(period.start, period.end, told.verdicts, told.spend.amount, told.spend.currency)
        if told.spend
        else _ToldRow(period.start, period.end, told.verdicts)
        for period, told in page.told.items()
    ]
    claim = _Claim(page.claim.tick_id, page.claim.until) if page.claim else None
    return _encoder.encode(_Page(told, dict(page.failures), claim))


def decode_page(content: bytes, revision: int) -> Page:
    """Return what ``encode_page`` was given, with this revision.

    Raises:
        StorageUnavailable: It is no page of this version.
    """
    try:
        page = _decoder.decode(content)
        told = {
            Period(row.start, row.end): Told(
                row.verdicts, Money(row.amount, row.currency) if row.amount is not None else None
            )
            for row in page.told
        }
    except ValueError as exc:  # msgspec's errors are ValueErrors, and so are the domain's
        raise StorageUnavailable("a page of the ledger is damaged") from exc
    claim = Claim(page.claim.tick_id, page.claim.until) if page.claim else None
    return Page(told, page.failures, claim, revision)
