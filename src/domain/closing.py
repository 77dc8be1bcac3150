"""What the month that has just closed cost."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from domain.costs import CostHistory
from domain.money import Money
from domain.periods import Period, first_of_previous_month

SAID_UNTIL_DAY = 7
"""Of the next month: by then a channel with a week's reports has had its first."""


@dataclass(frozen=True, slots=True)
class Closing:
    """A closed calendar month beside the one before it.

    Args:
        month: The one that has closed.
        spend: What it cost, as far as AWS has said by now.
        month_before: The one before it.
        spend_before: What that cost.
    """

    month: Period
    spend: Money
    month_before: Period
    spend_before: Money


def closing_on(history: CostHistory, today: date) -> Closing | None:
    """The month that closed before ``today``, or None when the costs do not reach back far enough."""
    end = today.replace(day=1)
    month = Period(first_of_previous_month(end), end)
    month_before = Period(first_of_previous_month(month.start), month.start)
    spend, spend_before = history.spend(month), history.spend(month_before)
    known_from = history.published_from
    if spend is None or spend_before is None or known_from is None or known_from > month_before.start:
        return None
    return Closing(month, spend, month_before, spend_before)
