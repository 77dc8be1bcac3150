"""Notices that try a chat: longer than it allows, and with what it might take for orders."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from application.notice import SpendNotice
from domain.movers import Part
from tests.doubles.fakes.histories import daily
from tests.doubles.fakes.notices import spend_notice

HOSTILE = "<!channel> @everyone <users/all> <at>all</at> [click](https://evil.example) *b* `c` <script>"


def overfull(name: str) -> SpendNotice:
    """500 services and 50 accounts of one long name, and a failure of everything that can be left out."""
    services = {f"{name} {n}": Decimal(1000 - n) for n in range(500)}
    notice = spend_notice(daily("2026-11-23", *[services] * 30))
    assert notice.report.analysis
    accounts = tuple(Part(f"{name} {n}", Decimal(n), Decimal(n), is_new=True) for n in range(50))
    return replace(
        notice, report=replace(notice.report, analysis=replace(notice.report.analysis, accounts=accounts))
    )
