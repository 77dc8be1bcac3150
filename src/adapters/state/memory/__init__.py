"""State in memory: for tests and for commands that run once. It is gone with the process."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from datetime import timedelta

from adapters.state.limits import LEASE_LENGTH
from adapters.state.memory.contents import MemoryContents
from adapters.state.memory.inbox import MemoryInbox
from adapters.state.memory.ledger import MemoryLedger
from adapters.state.memory.store import MemoryStore
from adapters.state.state import State
from application.ports.clock import Clock

__all__ = ["MemoryInbox", "MemoryLedger", "MemoryStore", "open_memory_state"]


@contextlib.asynccontextmanager
async def open_memory_state(
    clock: Clock, inbox_limit: int, lease_length: timedelta = LEASE_LENGTH
) -> AsyncIterator[State]:
    """Open an empty state.

    Args:
        clock: What time it is.
        inbox_limit: Unfinished ticks that there may be.
        lease_length: How long a tick may be worked on before another worker gets it.
    """
    ledger, store = MemoryLedger(clock, inbox_limit), MemoryStore(clock)
    inbox = MemoryInbox(clock, inbox_limit, lease_length, ledger)
    yield State(inbox, ledger, store, MemoryContents(inbox, ledger, store))
