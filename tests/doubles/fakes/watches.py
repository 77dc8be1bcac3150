"""Watches that a test writes down, on schedules that fire every so many hours."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from application.monitor import Monitor
from application.ports.watches import Schedule, ScheduledWatch, Watches

EPOCH = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class EveryHours(Schedule):
    """At every multiple of so many hours, counted from the beginning of 2026."""

    hours: int = 24

    def next_after(self, moment: datetime) -> datetime:
        """The next multiple."""
        return self._before_or_at(moment) + timedelta(hours=self.hours)

    def latest(self, after: datetime, until: datetime) -> datetime | None:
        """The last multiple, if it is after."""
        last = self._before_or_at(until)
        return last if last > after else None

    def _before_or_at(self, moment: datetime) -> datetime:
        length = timedelta(hours=self.hours)
        return EPOCH + (moment - EPOCH) // length * length


class FakeWatches(Watches):
    """A list.

    Attributes:
        list: What is in force.
    """

    def __init__(self) -> None:
        self.list: list[ScheduledWatch] = []

    def all(self) -> Sequence[ScheduledWatch]:
        """Return the list as it is."""
        return tuple(self.list)

    def add(self, name: str, monitor: Monitor, *destinations: str, hours: int = 24) -> None:
        """Write one down."""
        self.list.append(ScheduledWatch(name, EveryHours(hours), monitor, destinations))
