"""``python -m tests.benchmarks.door PORT``: the service's own door before an inbox that stores nothing."""

from __future__ import annotations

import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import uvloop

from adapters.clock import SystemClock
from adapters.state.memory import MemoryInbox, open_memory_state
from adapters.state.state import State
from application.ports.clock import Clock
from application.ports.intake import SealedTick
from entrypoints import container
from entrypoints.config import Config
from entrypoints.logs import configure_logs
from entrypoints.serve import serve


class Nowhere(MemoryInbox):
    """Takes every tick and keeps none."""

    async def put(self, tick: SealedTick) -> bool:  # noqa: ARG002  # none of it is kept
        """Do nothing."""
        return True


@asynccontextmanager
async def open_nowhere(config: Config, clock: Clock | None = None) -> AsyncIterator[State]:
    """A state whose inbox is nowhere."""
    clock = clock or SystemClock()
    async with open_memory_state(clock, config.inbox_limit) as state:
        yield replace(state, inbox=Nowhere(clock, config.inbox_limit))


if __name__ == "__main__":
    config = Config.from_environment(os.environ)
    configure_logs(config.log_level, config.log_format)
    container.open_state = open_nowhere
    uvloop.run(serve(config, "127.0.0.1", int(sys.argv[1]), with_worker=False))
