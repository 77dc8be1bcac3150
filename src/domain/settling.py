"""When a period's figures can be believed, and when to look at them again.

AWS fills a day in over the hours after it, and a month over the first days of the next. Bad news needs no
waiting, since what is still to come only adds; good news does.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from statistics import median

from domain.costs import CostHistory, found_once
from domain.money import CENT, Money
from domain.periods import BILL_OPEN_FOR, DAY, HOUR, WEEK, Frequency, Period, first_of_next_month
from domain.usual import SAME_WEEKDAYS

DAYS_BEFORE = 14
FEWEST_DAYS = 3
NEAR_ENOUGH = Decimal("0.95")
"""Of what such a day costs at least, as a rule: with less, a part of it is likely to be missing."""

EARLIEST_LOOK, LATEST_EARLY_LOOK, LATEST_LOOK = 3 * HOUR, 8 * HOUR, 12 * HOUR
"""After the end of a day. An account that is quick is looked at early; all others at noon, which halves the
time between two midnights, so that no breach waits longer than twelve hours."""

MARGIN = HOUR / 2
SPACING = HOUR / 4
"""Nothing will have changed much sooner."""

GROWN, JUMP = Decimal("0.01"), Decimal("1.2")
"""Of what is published: what AWS's corrections of a whole day may add. Of steady growth: more is none."""

STEPS_TAKE = 6 * HOUR
"""AWS publishes up to three times a day: what it has added in less time shows no pace."""

DAYS_REMEMBERED = 7
"""An account's lag is the longest of as many days."""

MORE_LOOKS = 3
"""Beside a tick's own: what a period may cost."""

WEEK_AGAIN = timedelta(days=3)


@dataclass(frozen=True, slots=True)
class Pending:
    """What a period waits for that is not settled.

    Args:
        next_look: When AWS is asked again (UTC).
        at_the_latest: When what is there then is told (UTC), be it a part.
        share: Which part of a usual day is published by now, 0 to 1; None where that is not known.
        usual: What such a day costs, as a rule; for who hears of the account for the first time.
    """

    next_look: datetime
    at_the_latest: datetime
    share: Decimal | None = None
    usual: Money | None = None


@dataclass(frozen=True, slots=True)
class Seen:
    """What looks at a period have shown of its last day.

    Args:
        at: When AWS answered first (UTC).
        amount: What was published of it then; nothing counts as zero.
        last_at: When it answered last.
        last_amount: What was published then.
    """

    at: datetime
    amount: Decimal
    last_at: datetime
    last_amount: Decimal

    def has_grown_to(self, spend: Decimal) -> bool:
        """Whether the last look has shown less, by more than what AWS goes on correcting."""
        return abs(spend) - abs(self.last_amount) > abs(spend) * GROWN

    def lets_expect(self, spend: Decimal, now: datetime) -> bool:
        """Whether the day is whole, if it was published as steadily as it passed.

        A day that still lacks some has grown by an hour's part of its whole each hour, which is more than of
        what is there. Over few hours that says nothing: AWS publishes in steps.
        """
        return now - self.at < STEPS_TAKE or self._growth(spend) <= self._steadily(spend, now)

    def has_jumped_to(self, spend: Decimal, now: datetime) -> bool:
        """Whether it has grown by so much more that the account publishes days in few pieces."""
        return self._growth(spend) > JUMP * self._steadily(spend, now)

    def _growth(self, spend: Decimal) -> Decimal:
        return abs(spend) - abs(self.amount)

    def _steadily(self, spend: Decimal, now: datetime) -> Decimal:
        return abs(spend) * Decimal((now - self.at + MARGIN) / DAY)


@dataclass(frozen=True, slots=True)
class Settling:
    """How long good news waits, seen at one moment.

    Args:
        after: How long after its end a period waits to look whole; zero: not at all.
        now: The moment (UTC).
        lag: How long after its end the account has usually published a day; None: not known.
        usually: The same as of other days than the one looked at.
        seen: What looks at the newest period have shown, the present one included.
        spread: Added to every look, so that not all accounts are looked at in the same second.
    """

    after: timedelta
    now: datetime
    lag: timedelta | None = None
    usually: timedelta | None = None
    seen: Seen | None = None
    spread: timedelta = timedelta()

    def is_settled(self, history: CostHistory, period: Period) -> bool:
        """Whether AWS has published all of the period as far as can be told, or it has waited long enough."""
        return self.now >= end_of(period) + self.after or self.is_whole(history, period)

    def is_whole(self, history: CostHistory, period: Period) -> bool:
        """Whether AWS has published all of the period as far as can be told.

        Half of an expensive day looks like a usual one: sooner than the account ever has a whole day, it has
        none. And most of a dear day looks like a usual one, most of a usual one like a cheap one: sooner than
        the account had every day whole, and while it grows, only what is neither is whole.
        """
        end = end_of(period)
        earliest = min(self.lag, LATEST_LOOK) - MARGIN if self.lag else timedelta()
        if self.now < end + earliest or not looks_whole(history, period):
            return False
        newest = _last_day(period)
        spend = history.spend(newest)
        if spend is None or self.seen is None or self.now >= end + DAY:
            return True
        if self.seen.lets_expect(spend.amount, self.now) or costs_the_usual(history, newest):
            return True
        is_due = self.usually is not None and self.now >= end + self.usually
        return is_due and self.seen.has_jumped_to(spend.amount, self.now)

    def next_look(
        self, frequency: Frequency, period: Period, looks: int, *, settled: bool
    ) -> datetime | None:
        """When to look at a period again, or None: never.

        Until it is settled a day is looked at when the account has usually published it, and then at the
        hours of the next day's looks, which share the answer. After that only weeks and whole months are
        looked at, until their bill is final.

        Args:
            frequency: Which periods.
            period: What is looked at.
            looks: How often AWS was asked for it as planned, the first time included.
            settled: Whether it is.
        """
        if not self.after:
            return None
        times = until_final(frequency, period) if settled else self._until_settled(period)
        upcoming = [at for at in (at + self.spread for at in times) if at >= self.now + SPACING]
        left = 1 + MORE_LOOKS - looks
        return upcoming[-left:][0] if upcoming and left > 0 else None

    def pending(self, next_look: datetime, period: Period) -> Pending:
        """What there is to say of a period while it waits; how much of it is usually there, of a day only."""
        latest = self.at_the_latest(period)
        if self.lag is None or not period.is_day:
            return Pending(next_look, latest)
        missing = (end_of(period) + self.lag - self.now) / DAY
        return Pending(next_look, latest, Decimal(str(round(1 - min(max(missing, 0), 1), 2))))

    def at_the_latest(self, period: Period) -> datetime:
        """When the look is after which what is published is told, be it a part."""
        looks = (at + self.spread for at in self._until_settled(period))
        return next(at for at in looks if at >= end_of(period) + self.after)

    def _until_settled(self, period: Period) -> Sequence[datetime]:
        end = end_of(period)
        if period.is_whole_month:
            return [end + self.after]
        first = LATEST_LOOK
        if self.lag is not None and self.lag + MARGIN <= LATEST_EARLY_LOOK:
            first = max(self.lag + MARGIN, EARLIEST_LOOK)
        first = min(first, self.after)
        return [end + first, end + first + 12 * HOUR, end + max(first + DAY, self.after)]


def end_of(period: Period) -> datetime:
    """The moment at which the period is over."""
    return datetime.combine(period.end, time(), UTC)


def of_use_until(frequency: Frequency, period: Period) -> datetime:
    """Until when somebody still wants the report of a period that could not be checked in time."""
    if period.is_whole_month:
        return datetime.combine(first_of_next_month(period.end), time(), UTC)
    return end_of(period) + (WEEK if frequency is Frequency.WEEKLY else 2 * DAY)


def until_final(frequency: Frequency, period: Period) -> Sequence[datetime]:
    """When weeks and whole months are looked at again until AWS changes them no more."""
    if frequency is not Frequency.WEEKLY and not period.is_whole_month:
        return []
    return [end_of(period) + WEEK_AGAIN, bill_is_final(period)]


def bill_is_final(period: Period) -> datetime:
    """When AWS changes the bill of the period's last month no more."""
    return datetime.combine(first_of_next_month(period.last_day) + BILL_OPEN_FOR, time(12), UTC)


@found_once
def looks_whole(history: CostHistory, period: Period) -> bool:
    """Whether AWS seems to have published all of the period.

    A month (by month) when the next one has begun; else when its last day costs about what such a day costs
    at least. Without anything to compare with, what is there counts as whole.
    """
    if not history.covers(period):
        return False
    newest = _last_day(period)
    if not history.has(newest):
        return history.published_until is not None and history.published_until > period.end
    spend, least = history.spend(newest), least_usual(history, newest)
    return spend is None or least is None or _share(spend.amount, least) >= NEAR_ENOUGH


def costs_the_usual(history: CostHistory, day: Period) -> bool:
    """Whether the day costs no less than half of its like did, and no more than all of them."""
    spend, like = history.spend(day), _like(history, day)
    if spend is None or not like:
        return False
    middle = median(like)
    furthest = min(like) if middle < 0 else max(like)
    return min(middle, furthest) <= spend.amount <= max(middle, furthest)


def least_usual(history: CostHistory, day: Period) -> Decimal | None:
    """What such a day costs at least, as a rule, leaving out the cheapest; None when too few are known.

    Where credits outweigh what is used, a part of a day is nearer to zero, too: then it is the least credit.
    """
    like = _like(history, day)
    return sorted(like, reverse=median(like) < 0)[1] if like else None


def seen_of(history: CostHistory, period: Period, at: datetime, before: Seen | None = None) -> Seen:
    """What a look has shown of the period's last day, and those before it."""
    spend = history.spend(_last_day(period))
    amount = spend.amount if spend else Decimal()
    first = before or Seen(at, amount, at, amount)
    return Seen(first.at, first.amount, at, amount)


def lag_of(history: CostHistory, period: Period, now: datetime) -> timedelta:
    """How long after its end AWS will have published the last day, if it goes on as steadily as till now."""
    newest = _last_day(period)
    spend, usual = history.spend(newest), least_usual(history, newest)
    share = Decimal(0)
    if spend is not None and usual is not None:
        share = min(max(_share(spend.amount, usual), Decimal(0)), Decimal(1))
    return max(now - end_of(period), timedelta()) + float(1 - share) * DAY


def _share(amount: Decimal, usual: Decimal) -> Decimal:
    """Which part of what is usual is there; of less than a cent there is nothing to miss."""
    return amount / usual if abs(usual) >= CENT else Decimal(1)


def _last_day(period: Period) -> Period:
    return Period(period.last_day, period.end)


@found_once
def _like(history: CostHistory, day: Period) -> list[Decimal]:
    """What the last same weekdays cost; where these are too few, the days before; else nothing."""
    same_weekdays = _spends(history, [day.start - n * WEEK for n in range(1, SAME_WEEKDAYS + 1)])
    if len(same_weekdays) >= FEWEST_DAYS:
        return same_weekdays
    days_before = _spends(history, [day.start - n * DAY for n in range(1, DAYS_BEFORE + 1)])
    return days_before if len(days_before) >= FEWEST_DAYS else []


def _spends(history: CostHistory, days: Sequence[date]) -> list[Decimal]:
    amounts = (history.amount(Period(day, day + DAY)) for day in days)
    return [amount for amount in amounts if amount is not None]
