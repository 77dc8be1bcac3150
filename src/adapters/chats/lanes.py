"""How many deliveries to one host may be in flight."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice

from application.errors import ChannelBusy

FIRST_PLACES = 32
KEPT_SHARE = 4
"""A host in trouble keeps a quarter of its first places: all of Telex is one host, and when some of its
channels hang, the others still get their turn."""

REMEMBERED = 1024


@dataclass(slots=True)
class Lane:
    """One host's places.

    Args:
        places: How many it has earned.
        taken: How many are held now.
    """

    places: int
    taken: int = 0


class HostLanes:
    """Places that a host earns by answering, one per success, and loses by halves when it does not.

    So a host that hangs soon holds few workers, and no host's trouble is another's.

    Args:
        most: The most places of one host.
        first: The places of a host that nothing is known of.
        remembered: How many hosts to keep in mind; of more, the one used longest ago is forgotten, unless
            a place of it is held.
    """

    def __init__(self, most: int, first: int = FIRST_PLACES, remembered: int = REMEMBERED) -> None:
        self._most = most
        self._first = min(first, most)
        self._fewest = max(self._first // KEPT_SHARE, 1)
        self._remembered = remembered
        self._lanes: OrderedDict[str, Lane] = OrderedDict()

    def __len__(self) -> int:
        """How many hosts are kept in mind."""
        return len(self._lanes)

    @contextmanager
    def place(self, host: str) -> Iterator[None]:
        """Hold one of the host's places.

        Raises:
            ChannelBusy: Every place is taken.
        """
        lane = self._lanes.setdefault(host, Lane(self._first))
        self._lanes.move_to_end(host)
        if lane.taken >= lane.places:
            raise ChannelBusy("As many deliveries to the channel's host are in flight as it has earned.")
        lane.taken += 1
        self._forget()
        try:
            yield
        finally:
            lane.taken -= 1

    def succeeded(self, host: str) -> None:
        """The host took a message, and at once: it has earned a place."""
        if lane := self._lanes.get(host):
            lane.places = min(lane.places + 1, self._most)

    def failed(self, host: str) -> None:
        """The host did not answer, or as one that has trouble."""
        if lane := self._lanes.get(host):
            lane.places = max(lane.places // 2, self._fewest)

    def _forget(self) -> None:
        excess = max(len(self._lanes) - self._remembered, 0)
        idle = (host for host, lane in self._lanes.items() if not lane.taken)
        for host in list(islice(idle, excess)):
            del self._lanes[host]
