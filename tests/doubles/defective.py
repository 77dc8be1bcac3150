"""The installed command with defects whose errors hold secrets: a bug of ours at its worst.

Run as ``python -m tests.doubles.defective serve``.
"""

from __future__ import annotations

import asyncio
import logging

from application.accept_tick import Accepted, AcceptTick
from application.check_spend import Asker, CheckSpend
from application.credentials import AccessKey
from application.monitor import Monitor
from entrypoints.cli import main

CRASHES = "CRASH"
"""In an access key id or a return_url: what crashes the check, or the door."""

accept, ask = AcceptTick.execute, CheckSpend.asker
tasks: list[asyncio.Task[None]] = []


async def ask_or_crash(self: CheckSpend, monitor: Monitor) -> Asker:
    """Crash with everything that there is to know in the error, and in what led to it."""
    keys = monitor.credentials
    if not isinstance(keys, AccessKey) or CRASHES not in keys.access_key_id:
        return await ask(self, monitor)
    cause = LookupError(keys.access_key_id, keys.secret_access_key)
    logging.getLogger("aiohttp.client").error("a library logs what it caught", exc_info=cause)
    raise RuntimeError(f"{monitor} {keys.secret_access_key}") from cause


async def accept_or_crash(self: AcceptTick, return_url: str, settings: bytes) -> Accepted:
    """Crash at the door, and in a task that nobody waits for."""
    if CRASHES not in return_url:
        return await accept(self, return_url, settings)

    async def fail() -> None:
        raise RuntimeError(f"{return_url} {settings!r}")

    tasks.append(asyncio.create_task(fail(), name="a task"))
    await asyncio.sleep(0)
    tasks.clear()
    raise ValueError(return_url, settings)


if __name__ == "__main__":
    AcceptTick.execute = accept_or_crash  # type: ignore[method-assign]
    CheckSpend.asker = ask_or_crash  # type: ignore[method-assign]
    main(prog_name="aws-spend-monitor")
