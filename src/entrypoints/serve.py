"""The two long-running ways in: the web service, and a worker alone."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import cast

import structlog
import uvicorn
from litestar import Litestar
from uvicorn._types import ASGI3Application

from entrypoints.config import Config, unknown_variables
from entrypoints.container import open_container
from entrypoints.http import create_app

log = structlog.get_logger()

REQUESTS_END_SECONDS = 5
"""How long a stop waits for open requests before it drains the worker."""


class Server(uvicorn.Server):
    """uvicorn, but a signal that it was stopped by is not raised again: a clean stop ends with 0."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Stop on SIGINT and SIGTERM."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self.handle_exit, number, None)
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Say where the service listens, once it does."""
        await super().startup(sockets)
        if self.started:
            addresses = [each.getsockname()[:2] for server in self.servers for each in server.sockets]
            log.info("listening", urls=[f"http://{host}:{port}" for host, port in addresses])


async def serve(config: Config, host: str, port: int, *, with_worker: bool = True) -> None:
    """Serve until SIGINT or SIGTERM, then end requests, drain the worker and close."""
    _say_what_is_unknown()
    async with open_container(config) as container:
        app = create_app(config, lambda: nullcontext(container), with_worker=with_worker)
        await _listen(app, config, host, port)
    log.info("stopped")


async def _listen(app: Litestar, config: Config, host: str, port: int) -> None:
    server = Server(
        uvicorn.Config(
            cast("ASGI3Application", app),
            host,
            port,
            lifespan="on",
            log_config=None,
            access_log=False,
            server_header=False,
            # Only proxies that the operator names may say who asks and over which scheme.
            proxy_headers=bool(config.trusted_proxies),
            forwarded_allow_ips=list(config.trusted_proxies),
            timeout_graceful_shutdown=REQUESTS_END_SECONDS,
        )
    )
    await server.serve()
    if not server.started:
        raise SystemExit(3)


async def work(config: Config) -> None:
    """Answer ticks until SIGINT or SIGTERM."""
    _say_what_is_unknown()
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with open_container(config) as container:
        worker = container.worker()
        worker.start()
        log.info("working", concurrency=config.concurrency)
        await stop.wait()
        await worker.stop()
    log.info("stopped")


def _say_what_is_unknown() -> None:
    for variable in unknown_variables(os.environ):
        log.warning("unknown_variable", variable=variable)
