"""The installed command on a disk that stops answering while a file called ``stalled`` is in its folder.

Run as ``python -m tests.doubles.stalling serve``.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from adapters.state.sqlite import engine
from entrypoints.cli import main

STALLED = Path("stalled")

run_all = engine._run_all


def run_or_stall(opened: Any, jobs: Any, begin: str) -> Any:
    """As long as a sync takes that does not come back."""
    while begin == engine.WRITE and STALLED.exists():
        time.sleep(0.01)
    return run_all(opened, jobs, begin)


if __name__ == "__main__":
    engine._run_all = run_or_stall
    engine.STALLED_SECONDS = -4.5  # half a second in all, with what a batch may wait for a lock
    main(prog_name="aws-spend-monitor")
