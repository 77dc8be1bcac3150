"""``check --suggest``: what the threshold would have said lately, and one that would say less."""

from __future__ import annotations

from adapters.chats.advice import coaching_in_words
from adapters.chats.amounts import unit
from application.notice import SpendNotice


def suggestion(notice: SpendNotice) -> str:
    """A sentence or two."""
    report = notice.report
    coaching = report.analysis.coaching if report.analysis else None
    if coaching is None:
        return (
            "There is no advice on this threshold: that takes two weeks of published days, or six months; "
            "weeks, months to date and budgets of parts are not looked at."
        )
    said = coaching_in_words(coaching, unit(report.period))
    return said if coaching.suggestion else f"{said} Nothing better to suggest."
