"""What a channel wants watched."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256

from application.credentials import Credentials
from domain.charges import Metric
from domain.milestones import NO_MILESTONES, Milestones
from domain.notify import Notify
from domain.periods import Frequency
from domain.scope import WHOLE_BILL, Scope
from domain.thresholds import Threshold
from domain.usual import SpikeRule
from domain.watch import Watch


@dataclass(frozen=True, slots=True)
class Monitor:
    """One channel's settings, read and checked.

    Args:
        credentials: Whose account.
        threshold: The most that a period may cost.
        frequency: Which periods.
        notify: When to speak.
        metric: How costs are counted.
        excluded_record_types: The kinds of charges that are left out, in Cost Explorer's words.
        scope: The part of the bill that is counted.
        milestones: Percents of the threshold that are told of on the way; month-to-date only.
        spike_rule: When a day within budget is reported all the same; daily only.
    """

    credentials: Credentials
    threshold: Threshold
    frequency: Frequency = Frequency.DAILY
    notify: Notify = Notify.ONCE
    metric: Metric = Metric.AMORTIZED
    excluded_record_types: tuple[str, ...] = ()
    scope: Scope = WHOLE_BILL
    milestones: Milestones = NO_MILESTONES
    spike_rule: SpikeRule | None = None

    @property
    def watch(self) -> Watch:
        """What to look for, whatever account and part of the bill it is looked for in."""
        return Watch(self.threshold, self.frequency, self.notify, self.milestones, self.spike_rule)

    def topic(self, account_id: str) -> str:
        """What makes two reports about one period the same report: whose spend, counted how, against what."""
        topic = f"{account_id}/{self.frequency}/{self.threshold.amount.normalize():f}"
        if self.metric is Metric.AMORTIZED and not self.excluded_record_types and not self.scope:
            return topic
        view = "\n".join((self.metric, str(self.scope), *self.excluded_record_types))
        return f"{topic}/{sha256(view.encode()).hexdigest()[:16]}"
