"""Which tick is it that ends processes? Those that were in flight when some ended are tried one by one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from application.errors import Quarantined, WorkerDied
from application.ports.work_queue import Lease

DEATHS = 3
"""After so many leases without a result a tick may be to blame, as may all that were in flight beside it."""

DEATHS_AT_MOST = 10
"""After so many, the later ones with no other suspect beside it, it is."""


@dataclass(slots=True)
class Quarantine:
    """Lets suspects work one at a time in this process; all other ticks go on beside them.

    A machine that goes down again and again takes hundreds of innocent ticks with it, and none of them may be
    lost for that: what is accepted is answered.
    """

    excused: set[str] = field(default_factory=set, repr=False)
    """Ticks whose result this process could not store: that says nothing against them."""
    _is_taken: bool = field(default=False, repr=False)

    @contextmanager
    def place(self, lease: Lease) -> Iterator[None]:
        """Hold a place while the tick is worked on.

        Raises:
            Quarantined: It is a suspect, and this is not its turn.
            WorkerDied: It has ended processes by itself.
        """
        deaths = 0 if lease.tick.id in self.excused else lease.progress.deaths + lease.attempt - 1
        if deaths < DEATHS:
            yield
            return
        if deaths >= DEATHS_AT_MOST:
            raise WorkerDied(deaths)
        if self._is_taken or not lease.progress.deaths:
            raise Quarantined(deaths)
        self._is_taken = True
        try:
            yield
        finally:
            self._is_taken = False
