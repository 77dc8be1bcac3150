"""When a tick looks again, from what is known of its account."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import partial
from hashlib import sha256

from application.check_spend import Costs
from application.monitor import Monitor
from application.ports.ledger import Ledger, Page
from application.ports.work_queue import Progress
from domain.periods import Period
from domain.settling import (
    DAYS_REMEMBERED,
    FEWEST_DAYS,
    LATEST_LOOK,
    Pending,
    Settling,
    bill_is_final,
    end_of,
    lag_of,
    looks_whole,
    seen_of,
)
from domain.thresholds import Verdict
from domain.told import Told
from domain.usual import Usual

PUBLICATION = "publication"
"""The ledger's pages of accounts, not of channels, are under this name."""

SPREAD_SECONDS = 300
SAME_LAG = timedelta(minutes=15)
"""Nothing is written anew for less."""

MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Plan:
    """How a tick goes on after a look.

    Args:
        settling: How long good news waits, with what is known of the account.
        next_look: When to look again, or None: this look was the last.
        settled: Whether the newest period has its verdict.
    """

    settling: Settling
    next_look: datetime | None
    settled: bool

    def pending(self, period: Period, usual: Usual | None) -> Pending | None:
        """What there is to say of the period while it waits; nothing when it has its verdict."""
        if self.next_look is None or self.settled:
            return None
        return replace(self.settling.pending(self.next_look, period), usual=usual.median if usual else None)

    def reason(self, period: Period) -> str:
        """What the tick waits for, and until when at the latest, for whoever lists the inbox."""
        if self.settled:
            return f"looks at {period} again until its bill is final, on {bill_is_final(period):%Y-%m-%d}"
        latest = self.settling.at_the_latest(period)
        return f"AWS has not published all of {period} yet; told at the latest on {latest:%Y-%m-%d %H:%M} UTC"


@dataclass(frozen=True, slots=True)
class PlanLooks:
    """Plans the looks at a period, and learns when accounts publish.

    Args:
        ledger: Keeps what is learned.
        settle: How long after its end a period may wait for AWS before "within budget" is said.
    """

    ledger: Ledger
    settle: timedelta

    async def after(self, monitor: Monitor, costs: Costs, progress: Progress, now: datetime) -> Plan:
        """Plan how to go on after a look.

        Args:
            monitor: What is watched.
            costs: What AWS answered.
            progress: Of the tick, before this look.
            now: The moment (UTC).
        """
        frequency, period = monitor.frequency, monitor.frequency.period_on(costs.today)
        settling = self._settling(costs.account_id, now)
        exceeded = monitor.threshold.judge(costs.history, period) is Verdict.EXCEEDED
        if self.settle and not period.is_whole_month:
            settling = await self._learned(settling, costs, period, progress, is_noted=not exceeded)
        settled = exceeded or (costs.history.covers(period) and settling.is_settled(costs.history, period))
        if costs.history.is_empty and costs.query.scope:
            return Plan(settling, None, settled)  # nothing fits the scope: there is nothing to wait for
        looks = progress.looked(now, now).planned
        return Plan(settling, settling.next_look(frequency, period, looks, settled=settled), settled)

    def as_told(
        self,
        monitor: Monitor,
        account_id: str,
        period: Period,
        told: Told | None,
        progress: Progress,
        now: datetime,
    ) -> Plan:
        """Plan how to go on after a look of which only is known what was said then."""
        settled = told is not None and told.verdicts[-1] is not Verdict.NOT_PUBLISHED
        settling, looks = self._settling(account_id, now), progress.looked(now, now).planned
        return Plan(settling, settling.next_look(monitor.frequency, period, looks, settled=settled), settled)

    def _settling(self, account_id: str, now: datetime) -> Settling:
        seconds = int.from_bytes(sha256(account_id.encode()).digest()[:4]) % SPREAD_SECONDS
        return Settling(self.settle, now, spread=timedelta(seconds=seconds))

    async def _learned(
        self, settling: Settling, costs: Costs, period: Period, progress: Progress, *, is_noted: bool
    ) -> Settling:
        """What is known of how late the account is; when this period was, or will be, there is noted."""
        now, end, day = settling.now, end_of(period), period.last_day
        is_whole = looks_whole(costs.history, period)
        if now >= end + LATEST_LOOK and not progress.seen and (is_whole or not is_noted):
            return settling  # nothing hangs on it
        known = await self.ledger.read(PUBLICATION, costs.account_id)
        known_lag = known.lags[day] * MINUTE if day in known.lags else None
        usually = _usual_lag({other: lag for other, lag in known.lags.items() if other != day})
        seen = seen_of(costs.history, period, costs.asked_at, progress.seen)
        settling = replace(settling, lag=_usual_lag(known.lags), usually=usually, seen=seen)
        lag = known_lag
        if is_noted and not is_whole:
            lag = lag_of(costs.history, period, now)
        elif is_noted and progress.seen and settling.is_whole(costs.history, period):
            lag = min(now - end, known_lag or timedelta.max)
            if not progress.seen.has_grown_to(seen.last_amount):
                lag = min(lag, progress.seen.last_at - end)
        if lag is not None and (known_lag is None or abs(lag - known_lag) > SAME_LAG):
            note = partial(_with_lag, day=day, lag=lag)
            known = await self.ledger.update(PUBLICATION, costs.account_id, note)
        return replace(settling, lag=_usual_lag(known.lags))


def _with_lag(page: Page, day: date, lag: timedelta) -> Page:
    if abs(lag - page.lags.get(day, -(10**6)) * MINUTE) <= SAME_LAG:
        return page
    lags = sorted({**page.lags, day: lag // MINUTE}.items())
    return replace(page, lags=dict(lags[-DAYS_REMEMBERED:]))


def _usual_lag(lags: Mapping[date, int]) -> timedelta | None:
    return max(lags.values()) * MINUTE if len(lags) >= FEWEST_DAYS else None
