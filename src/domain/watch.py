"""What a channel watches."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from domain.milestones import NO_MILESTONES, Milestones
from domain.muting import NOT_MUTED, Mute
from domain.notify import Notify
from domain.parts import NO_BUDGETS, Budgets
from domain.periods import Frequency, Period
from domain.thresholds import Threshold
from domain.usual import SpikeRule

ALL = Decimal(100)


@dataclass(frozen=True, slots=True)
class Watch:
    """What a channel watches, and when it wants to hear of it.

    Args:
        threshold: What a period may cost.
        frequency: Which periods.
        notify: How much to say at all.
        milestones: Percents of the threshold, each told once a month. With any, a running month is only told
            of when it reaches one, exceeds its threshold or comes back, and once it has closed. Frequencies
            other than month-to-date have no use for them.
        spike_rule: When a day is worth a word even within budget; None: never.
        budgets: What each part of the bill may cost, where it is divided.
        mute: What is known, and need not ring.
    """

    threshold: Threshold
    frequency: Frequency = Frequency.DAILY
    notify: Notify = Notify.ONCE
    milestones: Milestones = NO_MILESTONES
    spike_rule: SpikeRule | None = None
    budgets: Budgets = NO_BUDGETS
    mute: Mute = NOT_MUTED

    @property
    def warns_of(self) -> tuple[Decimal, ...]:
        """The percents of its month's threshold that it is told to be heading for.

        A month-to-date channel that says nothing of milestones is warned before all is spent.
        """
        if self.frequency is Frequency.MONTH_TO_DATE and not self.milestones:
            return (ALL,)
        return self.milestones.forecasts

    def is_running(self, period: Period) -> bool:
        """Whether the period is a month that has not closed: it can be judged so far only."""
        return self.frequency is Frequency.MONTH_TO_DATE and not period.is_whole_month

    def hears_when_whole(self, period: Period) -> bool:
        """Whether a period of which a part was told is told of again when all of it is there, and within."""
        if self.notify is Notify.EVERY_CHECK:
            return True
        marks_only = bool(self.milestones) and self.is_running(period)
        return self.notify is not Notify.ONLY_EXCEEDED and not marks_only
