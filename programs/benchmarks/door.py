"""``python -m programs.benchmarks.door PORT``: the service's own door before an inbox that stores nothing."""

from __future__ import annotations

import os
import sys
from dataclasses import replace

import uvloop

from adapters.clock import SystemClock
from adapters.state.memory import MemoryInbox, open_memory_state
from application.ports.intake import SealedTick
from entrypoints.config import Config
from entrypoints.logs import configure_logs
from entrypoints.serve import serve


class Nowhere(MemoryInbox):
    """Takes every tick and keeps none."""

    async def put(self, tick: SealedTick) -> bool:  # noqa: ARG002  # none of it is kept
        """Do nothing."""
        return True


async def run(config: Config, port: int) -> None:
    """Serve with an inbox that is nowhere."""
    clock = SystemClock()
    async with open_memory_state(clock, config.inbox_limit) as memory:
        state = replace(memory, inbox=Nowhere(clock, config.inbox_limit))
        await serve(config, "127.0.0.1", port, with_worker=False, state=state)


if __name__ == "__main__":
    config = Config.from_environment(os.environ)
    configure_logs(config.log_level, config.log_format)
    uvloop.run(run(config, int(sys.argv[1])))
