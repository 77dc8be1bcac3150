"""A real PgBouncer on loopback, in transaction mode, if this machine has one."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tests.doubles.nats_server import free_port
from tests.doubles.postgresql_server import AS_NOBODY, PostgresqlServer

REQUIRED = "POOLER_TESTS"
"""Set to ``required`` where a missing PgBouncer is a failure, as in ``.ci/run``."""

READY_SECONDS = 20.0

SESSIONS = 2
"""Fewer than the service has connections, so that each transaction may get another session."""


def pgbouncer() -> str | None:
    """Where it is; Debian puts it where only root looks."""
    return shutil.which("pgbouncer", path=f"{os.environ.get('PATH', os.defpath)}:/usr/sbin")


def is_required() -> bool:
    """Whether there has to be one."""
    return os.environ.get(REQUIRED) == "required"


@contextmanager
def pooled(server: PostgresqlServer, folder: Path) -> Iterator[str]:
    """Run it in front of the server while the block lasts; yield the URL to use."""
    port, program = free_port(), pgbouncer()
    assert program, "pgbouncer is not installed"
    config = folder / "pgbouncer.ini"
    config.write_text(
        f"""[databases]
postgres = host=127.0.0.1 port={server.port} user=monitor
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = {SESSIONS}
"""
    )
    with (folder / "pgbouncer.log").open("ab") as log:
        process = subprocess.Popen([*AS_NOBODY, program, str(config)], stderr=log, cwd=folder)
    try:
        _wait_for(port, process)
        yield f"postgresql://monitor@127.0.0.1:{port}/postgres"
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(READY_SECONDS)


def _wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while True:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        assert process.poll() is None, "it ended"
        assert time.monotonic() < deadline, "it does not listen"
        time.sleep(0.02)
