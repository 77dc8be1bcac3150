"""How many deliveries may be in flight: to one host, to strangers, and to all that are not well known."""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from adapters.chats.sites import site_of
from adapters.chats.well_known import is_well_known
from application.errors import ChannelBusy

FIRST_PLACES = 32
KEPT_SHARE = 4
"""A host in trouble keeps a quarter of its first places: all of Telex is one host, and when some of its
channels hang, the others still get their turn."""

RESERVED_SHARE = 8
"""An eighth of all places is only ever held by hosts that no stranger can own: these are never starved."""

STRANGERS_SHARE = 16
"""All hosts together that have never delivered, or do not any more, hold a sixteenth of all places."""

SITE_SHARE = 4
"""And one owner's of these a quarter of that: host names below a domain are free."""

REMEMBERED = 1024

BUSY_SECONDS = 3.0
"""When strangers come back. The inbox holds them, which takes no place."""


@dataclass(slots=True)
class Lane:
    """One host's places.

    Args:
        places: How many it has earned.
        has_delivered: Whether it ever took a message.
        taken: How many are held now.
    """

    places: int
    has_delivered: bool = False
    taken: int = 0


class HostLanes:
    """Places that a host earns by answering, one per success, and loses by halves when it does not.

    So a host that hangs soon holds few workers, and no host's trouble is another's. As host names cost
    nothing, hosts that have never delivered also share a part of all places, and so do those that have
    fallen to the fewest.

    Args:
        most: The most places of one host, and of all.
        first: The places of a host that nothing is known of.
        remembered: How many hosts to keep in mind; of more, the one used longest ago is forgotten, unless
            a place of it is held; those that have never delivered go first.
        trusts: Says of a host name whether strangers cannot own it: its places are limited by nothing but
            its own lane.
    """

    def __init__(
        self,
        most: int,
        first: int = FIRST_PLACES,
        remembered: int = REMEMBERED,
        trusts: Callable[[str], bool] = is_well_known,
    ) -> None:
        self._most = most
        self._first = min(first, most)
        self._fewest = max(self._first // KEPT_SHARE, 1)
        self._remembered = remembered
        self._trusts = trusts
        self._most_anybody = max(most - most // RESERVED_SHARE, 1)
        self._most_strangers = max(most // STRANGERS_SHARE, 1)
        self._most_of_site = max(self._most_strangers // SITE_SHARE, 1)
        self._lanes: OrderedDict[str, Lane] = OrderedDict()
        self._anybody = 0
        self._strangers: Counter[str] = Counter()

    def __len__(self) -> int:
        """How many hosts are kept in mind."""
        return len(self._lanes)

    @contextmanager
    def place(self, host: str) -> Iterator[None]:
        """Hold one of the places of a host, which is a name or an address with its port.

        Raises:
            ChannelBusy: Every place is taken.
        """
        lane = self._lanes.setdefault(host, Lane(self._first))
        self._lanes.move_to_end(host)
        if lane.taken >= lane.places:
            raise ChannelBusy("As many deliveries to the channel's host are in flight as it has earned.")
        name = host.rpartition(":")[0]
        if self._trusts(name):
            with self._held(lane):
                yield
        else:
            with self._held_by_anybody(), self._held_by_stranger(lane, site_of(name)), self._held(lane):
                yield

    @contextmanager
    def _held(self, lane: Lane) -> Iterator[None]:
        lane.taken += 1
        self._forget()
        try:
            yield
        finally:
            lane.taken -= 1

    @contextmanager
    def _held_by_anybody(self) -> Iterator[None]:
        if self._anybody >= self._most_anybody:
            raise ChannelBusy("As many deliveries are in flight as all hosts together may have.")
        self._anybody += 1
        try:
            yield
        finally:
            self._anybody -= 1

    @contextmanager
    def _held_by_stranger(self, lane: Lane, site: str) -> Iterator[None]:
        if self._is_known(lane):
            yield
            return
        if self._strangers.total() >= self._most_strangers or self._strangers[site] >= self._most_of_site:
            raise ChannelBusy(
                "As many deliveries are in flight as hosts that have not delivered yet may have.",
                retry_after=BUSY_SECONDS,
            )
        self._strangers[site] += 1
        try:
            yield
        finally:
            self._strangers[site] -= 1
            self._strangers += Counter()  # drops what is at zero

    def succeeded(self, host: str, *, promptly: bool = True) -> None:
        """The host took a message: at once it earns a place; a slow one that anybody may own loses one."""
        if lane := self._lanes.get(host):
            lane.has_delivered = True
            if promptly:
                lane.places = min(lane.places + 1, self._most)
            elif not self._trusts(host.rpartition(":")[0]):
                lane.places = max(lane.places - 1, self._fewest)

    def failed(self, host: str) -> None:
        """The host did not answer, or as one that has trouble."""
        if lane := self._lanes.get(host):
            lane.places = max(lane.places // 2, self._fewest)

    def delivered(self) -> list[str]:
        """Hosts that are no strangers, those used longest ago first."""
        return [host for host, lane in self._lanes.items() if self._is_known(lane)]

    def recall(self, hosts: Iterable[str]) -> None:
        """These have delivered before this process began."""
        for host in hosts:
            self._lanes.setdefault(host, Lane(self._first)).has_delivered = True

    def _is_known(self, lane: Lane) -> bool:
        return lane.has_delivered and lane.places > self._fewest

    def _forget(self) -> None:
        for has_delivered in (False, True):
            excess = len(self._lanes) - self._remembered
            if excess <= 0:
                return
            idle = [
                host
                for host, lane in self._lanes.items()
                if not lane.taken and lane.has_delivered is has_delivered
            ]
            for host in idle[:excess]:
                del self._lanes[host]
