"""The installed command, run as an operator runs it: a process of its own, real sockets, real files."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

COMMAND = str(Path(sys.executable).with_name("aws-spend-monitor"))


class Service:
    """A running ``aws-spend-monitor serve`` (or ``worker``).

    Args:
        process: The process.
    """

    def __init__(self, process: Process) -> None:
        self.process = process
        self.url = ""
        self.log: list[str] = []
        self._grew = asyncio.Condition()
        self._reader = asyncio.create_task(self._read_log())

    async def _read_log(self) -> None:
        assert self.process.stderr
        async for line in self.process.stderr:
            async with self._grew:
                self.log.append(line.decode())
                self._grew.notify_all()
        async with self._grew:
            self.log.append("")
            self._grew.notify_all()

    def events(self, name: str | None = None) -> list[dict[str, Any]]:
        """What was logged so far, as JSON; with a name only the events called that."""
        parsed = [json.loads(line) for line in self.log if line.startswith("{")]
        return [event for event in parsed if name in (None, event.get("event"))]

    async def wait_for(self, name: str, count: int = 1, seconds: float = 20) -> list[dict[str, Any]]:
        """Wait until so many events of that name have been logged."""
        async with asyncio.timeout(seconds), self._grew:
            await self._grew.wait_for(lambda: len(self.events(name)) >= count or self.log[-1:] == [""])
        assert len(self.events(name)) >= count, "".join(self.log)
        return self.events(name)

    async def grown(self) -> None:
        """Wait until more has been logged."""
        async with self._grew:
            await self._grew.wait()

    async def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Signal the process and wait for its end; return the exit code."""
        if self.process.returncode is None:
            self.process.send_signal(number)
        await self.process.wait()
        await self._reader
        return self.process.returncode or 0


async def start(*arguments: str, folder: Path, **variables: str) -> Service:
    """Start the command and, for ``serve``, wait until it listens."""
    process = await asyncio.create_subprocess_exec(
        COMMAND, *arguments, stderr=PIPE, cwd=folder, env=environment(**variables)
    )
    return await listening(Service(process), arguments)


async def listening(service: Service, arguments: tuple[str, ...]) -> Service:
    """Wait until the process does what it was started for."""
    if arguments[0] == "serve":
        service.url = (await service.wait_for("listening", seconds=60))[0]["urls"][0]
    elif arguments[0] == "worker":
        await service.wait_for("working", seconds=60)
    return service


@contextlib.asynccontextmanager
async def running(*arguments: str, folder: Path, **variables: str) -> AsyncIterator[Service]:
    """Serve on a free port while the block lasts, then stop cleanly."""
    service = await start(*(arguments or ("serve", "--port", "0")), folder=folder, **variables)
    try:
        yield service
    finally:
        await service.stop()


async def run(*arguments: str, folder: Path, **variables: str) -> tuple[int, str, str]:
    """Run the command to its end; return exit code, standard output and standard error."""
    process = await asyncio.create_subprocess_exec(
        COMMAND, *arguments, stdout=PIPE, stderr=PIPE, cwd=folder, env=environment(**variables)
    )
    out, err = await process.communicate()
    return process.returncode or 0, out.decode(), err.decode()


def environment(**variables: str) -> dict[str, str]:
    """This machine's, without what could reach a real AWS account, and with JSON logs.

    A breach asks AWS nothing further, so that a tick is one paid request whatever it finds.
    """
    kept = {
        name: text
        for name, text in os.environ.items()
        if not name.startswith(("AWS_", "SPEND_MONITOR_")) and not name.lower().endswith("_proxy")
    }
    return {
        **kept,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "SPEND_MONITOR_LOG_FORMAT": "json",
        "SPEND_MONITOR_DRILL_DOWN": "never",
        "SPEND_MONITOR_ALLOW_PRIVATE_RETURN_URLS": "true",
        **variables,
    }
