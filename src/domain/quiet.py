"""When an alert is known already, and stays unsaid."""

from __future__ import annotations

from collections.abc import Mapping

from domain.costs import CostHistory
from domain.periods import Period
from domain.thresholds import Verdict
from domain.told import Told
from domain.usual import usual_for
from domain.watch import Watch


def would_ring(watch: Watch, period: Period, history: CostHistory) -> bool:
    """Whether the period is over its threshold, or a spike."""
    spend = history.spend(period)
    if spend is None:
        return False
    usual = usual_for(history, period) if watch.spike_rule else None
    is_spike = watch.spike_rule is not None and usual is not None and watch.spike_rule.is_spike(spend, usual)
    return is_spike or spend.amount > watch.threshold.amount


def is_muted(watch: Watch, period: Period, history: CostHistory, told: Mapping[Period, Told]) -> bool:
    """Whether an alert about the period is due to what is known alone, and no news at that.

    Known is what the muted services cost when the channel was last alerted. So the first alert is told, and
    then one that exceeds it by half again. What other services have done rings as ever.
    """
    mute = watch.mute
    if not mute.holds_on(period.last_day) or would_ring(watch, period, mute.without(history)):
        return False
    alerts = [
        mute.of(history, earlier).amount
        for earlier, one in told.items()
        if earlier.start < period.start and (one.spike or Verdict.EXCEEDED in one.verdicts)
    ]
    return bool(alerts) and not mute.exceeds(mute.of(history, period).amount, max(alerts))
