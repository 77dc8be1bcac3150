"""What a channel has been told."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from domain.money import Money
from domain.thresholds import Verdict


@dataclass(frozen=True, slots=True)
class Told:
    """What a channel has been told about one period.

    Args:
        verdicts: Every verdict told, oldest first; at least one.
        spend: The published figure told last, or None when there was none to tell.
        first_spend: The figure told with the first verdict on published costs.
        spike: Whether it was told that the day is far above its weekday's usual.
        milestone: The highest milestone told with it, in percent of the threshold.
        corrected_on: The UTC day on which a verdict was last taken back.
        forecast: The percent of a month's threshold that it was said to head for; zero: for none any more.
        of_parts: What was told of parts of the bill: which is over its budget, at a milestone, or new.
    """

    verdicts: tuple[Verdict, ...]
    spend: Money | None
    first_spend: Money | None = None
    spike: bool = False
    milestone: Decimal | None = None
    corrected_on: date | None = None
    of_parts: tuple[str, ...] = ()
    forecast: Decimal | None = None

    def is_changed_by(self, verdict: Verdict) -> bool:
        """Whether the verdict is another than the last one told. That nothing is published is none."""
        return verdict not in (self.verdicts[-1], Verdict.NOT_PUBLISHED)

    def is_corrected_by(self, verdict: Verdict) -> bool:
        """Whether the verdict takes back what was told of published costs."""
        return self.verdicts[-1] is not Verdict.NOT_PUBLISHED and self.is_changed_by(verdict)

    def allows(self, verdict: Verdict, today: date) -> bool:
        """Whether a changed verdict is told: figures that go to and fro correct it once a day at most."""
        if self.is_corrected_by(verdict):
            return self.corrected_on is None or self.corrected_on < today
        return self.is_changed_by(verdict)
