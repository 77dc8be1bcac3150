"""Processes to be measured, each on the core that is theirs alone."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from importlib.metadata import distribution
from pathlib import Path

from tests.doubles.service import environment

TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")
PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
READY = b"GET /ready HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"


class NotMeasured(Exception):
    """Something other than slowness: a process that does not start, a message that is missing."""


class Measured:
    """A running process.

    Args:
        process: The process.
        url: Where it listens.
        log: The file with its standard error.
        ready_seconds: How long it took from its start to its first good answer.
    """

    def __init__(self, process: subprocess.Popen[bytes], url: str, log: Path) -> None:
        self.process = process
        self.url = url
        self.log = log
        self.ready_seconds = 0.0

    def cpu_seconds(self) -> float:
        """How long it has kept its core busy so far."""
        return cpu_seconds(self.process.pid)

    def resident_mib(self) -> float:
        """The memory that it occupies now."""
        pages = Path(f"/proc/{self.process.pid}/statm").read_text("ascii").split()[1]
        return int(pages) * PAGE_BYTES / 2**20

    def events(self, name: str) -> int:
        """How many events of that name it has logged."""
        return self.log.read_bytes().count(b'"event":"%b"' % name.encode())


@dataclass(frozen=True, slots=True)
class Machine:
    """Where processes run.

    Args:
        core: The number of the core that they share; of all of them, as ``taskset`` takes it: 0-3.
        commands: The folder with the installed commands.
        aws: The address of the doubles.
    """

    core: str
    commands: Path
    aws: str

    @asynccontextmanager
    async def service(self, folder: Path, *arguments: str, **variables: str) -> AsyncIterator[Measured]:
        """``aws-spend-monitor serve``, its state in the folder, everything switched on."""
        port = free_port()
        command = ["aws-spend-monitor", "serve", "--port", str(port), *arguments]
        async with self._running(command, folder, variables, port, until_served=True) as process:
            yield process

    @asynccontextmanager
    async def worker(self, folder: Path, **variables: str) -> AsyncIterator[Measured]:
        """``aws-spend-monitor worker``."""
        async with self._running(["aws-spend-monitor", "worker"], folder, variables, free_port()) as process:
            yield process

    @asynccontextmanager
    async def module(self, name: str, folder: Path, *arguments: str) -> AsyncIterator[Measured]:
        """``python -m programs.benchmarks.<name> PORT``."""
        port = free_port()
        command = ["python", "-m", f"programs.benchmarks.{name}", str(port), *arguments]
        variables = {"PYTHONPATH": str(Path.cwd())}
        async with self._running(command, folder, variables, port, until_served=True) as process:
            yield process

    def seconds_of(self, *arguments: str) -> float:
        """How long the installed command takes for something that ends by itself."""
        started = time.perf_counter()
        command = self._on_core(["aws-spend-monitor", *arguments])
        subprocess.run(command, check=True, capture_output=True, env=environment())
        return time.perf_counter() - started

    async def run(self, *arguments: str) -> None:
        """Run the installed command with an access key, whatever it ends with."""
        key = {"AWS_ACCESS_KEY_ID": "AKIA0000000000000000", "AWS_SECRET_ACCESS_KEY": "secret"}
        process = await asyncio.create_subprocess_exec(
            *self._on_core(["aws-spend-monitor", *arguments]),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=environment(AWS_ENDPOINT_URL=self.aws, **key),
        )
        await process.wait()

    def _on_core(self, command: Sequence[str]) -> list[str]:
        return ["taskset", "--cpu-list", self.core, str(self.commands / command[0]), *command[1:]]

    @asynccontextmanager
    async def _running(
        self,
        command: Sequence[str],
        folder: Path,
        variables: Mapping[str, str],
        port: int,
        *,
        until_served: bool = False,
    ) -> AsyncIterator[Measured]:
        log = folder / f"{port}.log"
        with log.open("wb") as stderr:
            started = time.perf_counter()
            process = subprocess.Popen(  # noqa: ASYNC220  # nothing else happens meanwhile
                self._on_core(command),
                stdout=stderr,
                stderr=stderr,
                cwd=folder,
                env=environment(AWS_ENDPOINT_URL=self.aws, **variables),
            )
            measured = Measured(process, f"http://127.0.0.1:{port}", log)
            try:
                await _until_ready(measured, port if until_served else None)
                measured.ready_seconds = time.perf_counter() - started
                yield measured
            finally:
                process.send_signal(signal.SIGKILL)  # what it has left to do is not of interest
                process.wait()


async def _until_ready(measured: Measured, port: int | None) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and measured.process.poll() is None:
        if await _serves(port) if port else measured.events("working"):
            return
        await asyncio.sleep(0.01)
    raise NotMeasured(f"{measured.process.args!r} did not start:\n{measured.log.read_text()[-2000:]}")


async def _serves(port: int) -> bool:
    """Whether it says that it is ready; the bare app answers everything with a good status."""
    try:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(READY)
        status = (await reader.readline()).split()[1:2]
        writer.close()
    except OSError:
        return False
    return bool(status) and status[0].startswith(b"2")


def install_client(folder: Path) -> None:
    """Install AWS's runtime client and what it needs: on AWS Lambda it is there."""
    for name in ("awslambdaric", "simplejson", "snapshot-restore-py"):
        installed = distribution(name)
        for file in installed.files or ():
            source = Path(str(installed.locate_file(file)))
            if ".." not in file.parts and source.is_file():
                (folder / file.parent).mkdir(parents=True, exist_ok=True)
                shutil.copy(source, folder / str(file))


def cpu_seconds(pid: int) -> float:
    """How long a process has kept its core busy so far."""
    fields = Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS_PER_SECOND


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def install(folder: Path) -> Path:
    """Install the service as an operator does, without what tests need; return the folder with its commands.

    Some libraries import whatever else they find, which takes a second of every start and much memory.
    """
    command = [os.environ.get("UV", ".tools/bin/uv"), "sync", "--locked", "--no-default-groups", "--quiet"]
    subprocess.run(command, check=True, env={**os.environ, "UV_PROJECT_ENVIRONMENT": str(folder)})
    commands = folder / "bin"
    subprocess.run([commands / "python", "-m", "compileall", "-q", folder / "lib", "src"], check=False)
    return commands
