"""What the ledger keeps of what was said."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime

from application.errors import ChannelGone
from application.notice import SpendNotice
from application.ports.intake import SealedTick
from application.ports.ledger import Page
from domain.periods import Period

KEPT_PERIODS = 40
"""Per page: more than any check reads again."""

KEPT_SETTINGS = 5
"""Per page: several settings may ask about one account and threshold."""

KEPT_ANSWERED = 8
"""Ticks per page: more than can be between their record and their acknowledgement at one time."""


def note_told(notice: SpendNotice, tick: SealedTick, looks: int, as_of: datetime, page: Page) -> Page:
    """The notice was told, from AWS's answer of that moment.

    What is too old to be read again goes, so that a page does not grow for ever.
    """
    restated = {
        one.period: replace(page.told[one.period], spend=one.now)
        for one in notice.restated
        if one.period in page.told
    }
    reported = {report.period: report.told() for report in (*notice.also, notice.report)}
    told = sorted({**page.told, **restated, **reported}.items())
    answered = {other: count for other, count in page.answered.items() if other != tick.id}
    answered[tick.id] = looks
    asks = dict.fromkeys((tick.asks, *page.asks) if tick.asks else page.asks)
    return replace(
        page,
        told=dict(told[-KEPT_PERIODS:]),
        answered=dict([*answered.items()][-KEPT_ANSWERED:]),
        asks=tuple(asks)[:KEPT_SETTINGS],
        as_of=max(as_of, page.as_of or as_of),
    )


def note_since(since: date, page: Page) -> Page:
    """From then on a breach that shows only later is one to tell of."""
    return page if page.told or page.since else replace(page, since=since)


def note_gone(day: date, page: Page) -> Page:
    """The channel has said that it is gone for good."""
    return replace(page, failures={ChannelGone.code: day.isoformat()})


def note_tried_again(page: Page) -> Page:
    """The operator wants a channel that was gone to be called once more."""
    return replace(page, failures={})


def note_failure(code: str, period: Period, page: Page) -> Page:
    """The cause was told for the period."""
    return replace(page, failures={**page.failures, code: period.start.isoformat()})
