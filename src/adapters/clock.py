"""The machine's clock."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path

from application.ports.clock import Clock


class SystemClock(Clock):
    """Now, as the machine knows it."""

    def now(self) -> datetime:
        """Return the present moment, aware, in UTC."""
        return datetime.now(UTC)


BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
"""Linux's name of this start of the machine."""


@lru_cache(maxsize=1)
def boot_id() -> str | None:
    """Names the start of the machine; None where it has no name."""
    try:
        return BOOT_ID.read_text(encoding="ascii").strip() or None
    except (OSError, UnicodeDecodeError):
        return None


def microseconds_ahead() -> int:
    """How far the clock is ahead of the time since the start of the machine, which goes on in its sleep."""
    since_start = time.clock_gettime_ns(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))
    return (time.time_ns() - since_start) // 1000
