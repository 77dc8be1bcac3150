"""``check --explain``: what was asked of AWS, and how each figure was derived from the answer."""

from __future__ import annotations

import msgspec

from adapters.aws.cost_explorer import request_for
from adapters.pages.derivation import derivation_of
from application.notice import SpendNotice


def _further(notice: SpendNotice) -> list[str]:
    if notice.further is None:
        return []
    found = "" if notice.report.analysis and notice.report.analysis.causes else " (no answer that helps)"
    return [
        f"Asked further, for the cause{found}:",
        f"  {msgspec.json.encode(request_for(notice.further)).decode()}",
    ]


def explanation(notice: SpendNotice) -> str:
    """Plain sentences, one per figure of the report."""
    lines = [
        "",
        "Asked of Cost Explorer (GetCostAndUsage, every page):",
        f"  {msgspec.json.encode(request_for(notice.question)).decode()}",
        *_further(notice),
        "Derived from the answer:",
        *(f"  {line}" for line in derivation_of(notice)),
    ]
    return "\n".join(lines)
