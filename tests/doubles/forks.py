"""The installed command, forked from a process that has imported everything: quick to start, real to kill.

For tests that start many processes; importing the libraries anew would take most of their time.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import sys
from asyncio.subprocess import Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from multiprocessing.connection import Connection
from pathlib import Path
from typing import cast

from entrypoints.cli import main
from tests.doubles.service import Service, environment, listening

forks = multiprocessing.get_context("forkserver")
forks.set_forkserver_preload(["__main__", "entrypoints.serve", "entrypoints.commands.inbox", __name__])


def run_command(
    arguments: tuple[str, ...],
    folder: Path,
    variables: dict[str, str],
    stdout: Connection,
    stderr: Connection,
) -> None:
    """Be the command: what happens in the child."""
    os.dup2(stdout.fileno(), sys.stdout.fileno())
    os.dup2(stderr.fileno(), sys.stderr.fileno())
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(variables)
    main(args=arguments, prog_name="aws-spend-monitor")


class ForkedProcess:
    """As much of an asyncio Process as a Service needs."""

    def __init__(self, arguments: tuple[str, ...], folder: Path, variables: dict[str, str]) -> None:
        self._ends, ours = zip(*(forks.Pipe(duplex=False) for _ in range(2)), strict=True)
        self._process = forks.Process(
            target=run_command, args=(arguments, folder, variables, *ours), daemon=True
        )
        self._process.start()
        for end in ours:
            end.close()
        self.stdout, self.stderr = asyncio.StreamReader(), asyncio.StreamReader()
        self._ended = asyncio.Event()
        asyncio.get_running_loop().add_reader(self._process.sentinel, self._reap)

    async def read(self) -> None:
        """Let ``stdout`` and ``stderr`` be fed by the child."""
        for end, reader in zip(self._ends, (self.stdout, self.stderr), strict=True):
            pipe = os.fdopen(os.dup(end.fileno()), "rb", buffering=0)
            end.close()
            protocol = asyncio.StreamReaderProtocol(reader)
            await asyncio.get_running_loop().connect_read_pipe(lambda protocol=protocol: protocol, pipe)  # type: ignore[misc]  # bound now

    @property
    def pid(self) -> int:
        """Its number."""
        return self._process.pid or 0

    @property
    def returncode(self) -> int | None:
        """As a shell would see it; None while it runs."""
        return self._process.exitcode

    def send_signal(self, number: int) -> None:
        """Send it a signal."""
        os.kill(self.pid, number)

    async def wait(self) -> int:
        """Wait for its end."""
        await self._ended.wait()
        return self._process.exitcode or 0

    def _reap(self) -> None:
        asyncio.get_running_loop().remove_reader(self._process.sentinel)
        self._process.join()
        self._ended.set()


async def start(*arguments: str, folder: Path, **variables: str) -> Service:
    """As ``service.start``, in a quarter of the time."""
    process = ForkedProcess(arguments, folder, environment(**variables))
    await process.read()
    return await listening(Service(cast("Process", process)), arguments)


@asynccontextmanager
async def running(*arguments: str, folder: Path, **variables: str) -> AsyncIterator[Service]:
    """As ``service.running``, likewise."""
    service = await start(*(arguments or ("serve", "--port", "0")), folder=folder, **variables)
    try:
        yield service
    finally:
        await service.stop()


async def run(*arguments: str, folder: Path, **variables: str) -> tuple[int, str, str]:
    """As ``service.run``, likewise."""
    process = ForkedProcess(arguments, folder, environment(**variables))
    await process.read()
    out, err, code = await asyncio.gather(process.stdout.read(), process.stderr.read(), process.wait())
    return code, out.decode(), err.decode()
