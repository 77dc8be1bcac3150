"""One process for each core: they share a listening socket and the state; one that dies is started again."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
import tempfile
from asyncio.subprocess import Process
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field

import structlog

from entrypoints.listening import bound
from entrypoints.program import EXIT_FAILED, EXIT_WRONG_USAGE

log = structlog.get_logger()

HOPELESS = {EXIT_WRONG_USAGE, EXIT_FAILED}
"""What a process ends with when it cannot start: the next one would not either."""

PAUSE_SECONDS = 1.0
"""Before a process that died is started again."""


def cores() -> int:
    """How many this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


async def serve_in_processes(
    host: str, port: int, admin_port: int | None, count: int, *, with_worker: bool
) -> int:
    """Serve until SIGINT or SIGTERM, which every process gets; return the exit code.

    Args:
        host: The address to listen on.
        port: 0 takes a free one.
        admin_port: The operator's own, if it is wanted.
        count: How many processes.
        with_worker: Whether each answers ticks too.
    """
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    with ExitStack() as stack:
        listeners = {}
        for option, wanted in (("--fd", port), ("--admin-fd", admin_port)):
            if wanted is None:
                continue
            try:
                listeners[option] = stack.enter_context(bound(host, wanted))
            except OSError as error:
                log.error("not_listening", host=host, port=wanted, reason=error.strerror or str(error))  # noqa: TRY400  # expected
                return EXIT_FAILED
        metrics = stack.enter_context(tempfile.TemporaryDirectory(prefix="spend-monitor-metrics-"))
        crew = Crew(listeners, _environment(metrics), with_worker=with_worker)
        loop.add_signal_handler(signal.SIGHUP, crew.pass_on, signal.SIGHUP)
        return await crew.run(count, stop)


@dataclass(slots=True)
class Crew:
    """The processes behind one socket, or two.

    Args:
        listeners: Where all of them accept connections, by the option that tells them.
        environment: What they find in theirs.
        with_worker: Whether each answers ticks too.
    """

    listeners: Mapping[str, socket.socket]
    environment: Mapping[str, str]
    with_worker: bool
    _running: set[Process] = field(default_factory=set)

    async def run(self, count: int, stop: asyncio.Event) -> int:
        """Keep so many running until ``stop``, or until one cannot start; then end all and wait for them."""
        stopping = asyncio.create_task(stop.wait())
        keeping = [asyncio.create_task(self._keep_one()) for _ in range(count)]
        done, _ = await asyncio.wait([stopping, *keeping], return_when=asyncio.FIRST_COMPLETED)
        for task in (stopping, *keeping):
            task.cancel()
        await asyncio.gather(stopping, *keeping, return_exceptions=True)
        self.pass_on(signal.SIGTERM)
        await asyncio.gather(*(process.wait() for process in self._running))
        return next((task.result() for task in done if task is not stopping), 0)

    def pass_on(self, number: int) -> None:
        """Send a signal to all of them."""
        for process in self._running:
            process.send_signal(number)

    async def _keep_one(self) -> int:
        """Run one process again and again; return what it ends with when that is hopeless."""
        while True:
            process = await self._start()
            code = await process.wait()
            self._running.discard(process)
            if code in HOPELESS:
                return code
            log.error("process_died", process=process.pid, exit_code=code)
            await asyncio.sleep(PAUSE_SECONDS)

    async def _start(self) -> Process:
        files = {option: listener.fileno() for option, listener in self.listeners.items()}
        command = [sys.executable, "-m", "entrypoints", "serve"]
        command += [text for option, file in files.items() for text in (option, str(file))]
        command += [] if self.with_worker else ["--no-worker"]
        process = await asyncio.create_subprocess_exec(
            *command,
            stdin=asyncio.subprocess.PIPE,  # see end_with_the_crew
            pass_fds=[*files.values()],
            env=self.environment,
            start_new_session=True,
        )
        self._running.add(process)
        log.info("process_started", process=process.pid)
        return process


def end_with_the_crew() -> None:
    """Stop as on SIGTERM when whoever keeps this process is gone: else it would hold the port for ever.

    Nothing is ever written to standard input; that it can be read means that its other end is closed.
    """
    loop = asyncio.get_running_loop()

    def end() -> None:
        loop.remove_reader(sys.stdin.fileno())
        log.error("crew_gone")
        os.kill(os.getpid(), signal.SIGTERM)

    loop.add_reader(sys.stdin.fileno(), end)


def _environment(metrics: str) -> dict[str, str]:
    """Where this variable is set, prometheus_client counts in files, and each process shows all of them."""
    return {**os.environ, "PROMETHEUS_MULTIPROC_DIR": metrics}
