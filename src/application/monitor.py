"""What a channel wants watched."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256

from application.credentials import Credentials
from domain.charges import Metric
from domain.milestones import NO_MILESTONES, Milestones
from domain.muting import NOT_MUTED, Mute
from domain.notify import Notify
from domain.parts import NO_BUDGETS, Budgets, PartBy
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
        name: What the account is called in messages; empty: only its number is known.
        by: What the bill is divided by into parts.
        budgets: What each of the parts may cost.
        mute: What is not to be told of for a while.
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
    name: str = ""
    by: PartBy | None = None
    budgets: Budgets = NO_BUDGETS
    mute: Mute = NOT_MUTED

    @property
    def watch(self) -> Watch:
        """What to look for, whatever account and part of the bill it is looked for in."""
        return Watch(
            self.threshold,
            self.frequency,
            self.notify,
            self.milestones,
            self.spike_rule,
            self.budgets,
            self.mute,
        )

    @property
    def idle(self) -> tuple[str, ...]:
        """The names of the settings that were filled in, but do nothing with this frequency."""
        running = self.frequency is Frequency.MONTH_TO_DATE
        has_outlook = running or self.frequency is Frequency.DAILY
        idle_milestones = (self.milestones.percents and not running) or (
            self.milestones.forecasts and not has_outlook
        )
        idle_spikes = self.spike_rule and self.frequency is not Frequency.DAILY
        return (*(["milestones"] if idle_milestones else []), *(["spike_alert"] if idle_spikes else []))

    def topic(self, account_id: str) -> str:
        """What makes two reports about one period the same report: whose spend, counted how, against what."""
        topic = f"{account_id}/{self.frequency}/{self.threshold.amount.normalize():f}"
        parts = (f"by {self.by}: {self.budgets}",) if self.by else ()
        is_plain = self.metric is Metric.AMORTIZED and not self.excluded_record_types and not self.scope
        if is_plain and not parts:
            return topic
        view = "\n".join((self.metric, str(self.scope), *self.excluded_record_types, *parts))
        return f"{topic}/{sha256(view.encode()).hexdigest()[:16]}"
