"""The port to the operator's own watches."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from application.monitor import Monitor


class Schedule(Protocol):
    """When a watch looks. Its text is the same for the same times."""

    @abstractmethod
    def next_after(self, moment: datetime) -> datetime:
        """The first of its times after the moment (UTC)."""

    @abstractmethod
    def latest(self, after: datetime, until: datetime) -> datetime | None:
        """The last of its times after the one moment and up to the other (UTC), or None."""


@dataclass(frozen=True, slots=True)
class ScheduledWatch:
    """What the service watches by itself.

    Args:
        name: Unique among the watches.
        schedule: When it looks.
        monitor: What it looks at.
        destinations: Where it tells, each once. Secret: who knows one can post there.
    """

    name: str
    schedule: Schedule
    monitor: Monitor
    destinations: tuple[str, ...] = field(repr=False)


class Watches(Protocol):
    """The watches that are in force now. They may change from one call to the next."""

    @abstractmethod
    def all(self) -> Sequence[ScheduledWatch]:
        """Return all of them, in the order in which they were written."""

    def find(self, name: str) -> ScheduledWatch | None:
        """Return the watch of this name, or None."""
        return next((watch for watch in self.all() if watch.name == name), None)


class NoWatches(Watches):
    """Of a service that only answers ticks."""

    def all(self) -> Sequence[ScheduledWatch]:
        """Return nothing."""
        return ()
