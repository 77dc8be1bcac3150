"""What a channel has been told."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise

from domain.money import Money
from domain.thresholds import Verdict


@dataclass(frozen=True, slots=True)
class Told:
    """What a channel has been told about one period.

    Args:
        verdicts: Every verdict told, oldest first; at least one.
        spend: The figure told last, or None when there was none to tell.
        first_spend: The figure told with the first verdict on published costs.
        spike: Whether it was told that the day is far above its weekday's usual.
        milestone: The highest milestone told with it, in percent of the threshold.
    """

    verdicts: tuple[Verdict, ...]
    spend: Money | None
    first_spend: Money | None = None
    spike: bool = False
    milestone: Decimal | None = None

    def allows(self, verdict: Verdict) -> bool:
        """Whether the verdict is news: a change, and not one that the channel has been told before."""
        last = self.verdicts[-1]
        if verdict in (last, Verdict.NOT_PUBLISHED):
            return False
        return (last, verdict) not in pairwise(self.verdicts)

    def is_corrected_by(self, verdict: Verdict) -> bool:
        """Whether the verdict is news that takes back what was told of published costs."""
        return self.verdicts[-1] is not Verdict.NOT_PUBLISHED and self.allows(verdict)
