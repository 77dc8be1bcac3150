"""What the inbox suites do over and over."""

from __future__ import annotations

from collections.abc import Sequence

from application.ports.inbox import Inbox
from application.ports.work_queue import Lease, Progress

PATIENCE = 10.0
"""Seconds after which a test that waits for something has failed."""


FAILED = Progress(failures=1)
"""As after a first try that failed."""


async def lease_one(inbox: Inbox) -> Lease:
    """Lease the tick that must be there."""
    (lease,) = await inbox.lease(1, PATIENCE)
    return lease


async def drain(inbox: Inbox, wait: float = 0) -> list[Lease]:
    """Lease all that can be leased."""
    leases: list[Lease] = []
    while more := await inbox.lease(50, wait):
        leases += more
    return leases


async def lease_all(inbox: Inbox, number: int) -> list[Lease]:
    """Lease as many ticks as there must be."""
    leases: list[Lease] = []
    while len(leases) < number and (more := await inbox.lease(50, PATIENCE)):
        leases += more
    return leases


def ids(leases: Sequence[Lease]) -> list[str]:
    """The leased ticks' ids, in order."""
    return [lease.tick.id for lease in leases]
