"""The two long-running ways in: the web service, and a worker alone."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, nullcontext
from functools import partial
from importlib.metadata import version
from ipaddress import ip_network
from typing import Any, Unpack, cast

import structlog
import uvicorn
from litestar import Litestar
from uvicorn._types import ASGI3Application

from entrypoints.config import Config
from entrypoints.container import Adapters, Container, open_container
from entrypoints.garbage import search_in_flight
from entrypoints.listening import bound
from entrypoints.logs import log_loop_error
from entrypoints.processes import end_with_the_crew
from entrypoints.program import EXIT_FAILED
from entrypoints.scheduler import reload_on_hangup
from entrypoints.variables import unknown_variables
from entrypoints.web.admin import admin_app
from entrypoints.web.hardening import HARDENING
from entrypoints.web.http import create_app, describe
from entrypoints.web.protocol import FEW_FILES, ConnectionLimits, GuardedProtocol, Held, raise_file_limit
from entrypoints.worker import Worker

log = structlog.get_logger()

EXIT_CRASHED = 1

ALL_LOADED_SECONDS = 5
"""After the start: what is there then, botocore's models above all, stays to the end."""

WATCH_SECONDS = 0.2
"""How often it is looked whether the service has started, and its worker is to be watched."""

REQUESTS_END_SECONDS = 3
"""How long a stop waits for open requests before it drains the worker: both within a usual 30 seconds."""


class Server(uvicorn.Server):
    """uvicorn, but a signal that it was stopped by is not raised again: a clean stop ends with 0.

    Args:
        config: uvicorn's.
        event: What is logged when it listens.
        takes_signals: Whether it stops on SIGINT and SIGTERM.
    """

    def __init__(
        self, config: uvicorn.Config, event: str = "listening", *, takes_signals: bool = True
    ) -> None:
        super().__init__(config)
        self._event = event
        self._takes_signals = takes_signals

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Stop on SIGINT and SIGTERM."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM) if self._takes_signals else ():
            loop.add_signal_handler(number, self.handle_exit, number, None)
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Say where the service listens, once it does."""
        try:
            await super().startup(sockets)
        except SystemExit:  # uvicorn has logged why, but not always where
            log.error("not_listening", host=self.config.host, port=self.config.port)  # noqa: TRY400  # likewise
            raise
        if self.started:
            addresses = [each.getsockname()[:2] for server in self.servers for each in server.sockets]
            log.info(self._event, urls=[url_of(host, port) for host, port in addresses])


def url_of(host: str, port: int) -> str:
    """``http://127.0.0.1:8000``, ``http://[::1]:8000``."""
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


async def serve(
    config: Config,
    host: str,
    port: int,
    *,
    with_worker: bool = True,
    listener: socket.socket | None = None,
    admin_listener: socket.socket | None = None,
    **adapters: Unpack[Adapters],
) -> None:
    """Serve until SIGINT or SIGTERM, then end requests, drain the worker and close.

    Args:
        config: The process's settings.
        host: The address to listen on.
        port: 0 takes a free one.
        with_worker: Whether to answer ticks in this process too.
        listener: Listens already, for several processes; host and port do not count then.
        admin_listener: Likewise, for the port that the operator has to himself.
        **adapters: Used in place of the real ones.
    """
    _prepare()
    async with open_container(config, **adapters) as container:
        _say_start(config, installable=True)
        reload_on_hangup(container.scheduler())
        if listener:
            end_with_the_crew()
        app = create_app(config, lambda: nullcontext(container), with_worker=with_worker)
        # Half of the files; the rest is for AWS, the channels and the database.
        limits = ConnectionLimits(connections=_raise_file_limit() // 2)
        server = server_for(app, config, host, port, limits)
        readiness = container.readiness(worker=container.worker() if with_worker else None)
        admin = partial(admin_app, container, readiness, partial(describe, config))
        async with (
            _overseen(container),
            _beside(admin, config, host, config.admin_port, admin_listener),
        ):
            watching = with_worker and asyncio.create_task(_stop_without(container.worker(), server))
            await server.serve([listener] if listener else None)
            if watching:
                watching.cancel()
        if not server.started:
            raise SystemExit(EXIT_FAILED)
        if with_worker and container.worker().crashed:
            raise SystemExit(EXIT_CRASHED)
    log.info("stopped")


def server_for(
    app: Litestar, config: Config, host: str, port: int, limits: ConnectionLimits, **options: Any
) -> Server:
    """Build the web server: uvicorn, limited and hardened. The options are ``Server``'s."""
    protocol: Any = partial(GuardedProtocol, limits, Held(limits.held_bytes))
    return Server(
        uvicorn.Config(
            cast("ASGI3Application", app),
            host,
            port,
            http=protocol,
            ws="none",
            lifespan="on",
            log_config=None,
            access_log=False,
            server_header=False,
            headers=list(HARDENING.items()),
            # Only proxies that the operator names may say who asks and over which scheme.
            proxy_headers=bool(config.trusted_proxies),
            forwarded_allow_ips=[str(ip_network(each, strict=False)) for each in config.trusted_proxies],
            timeout_graceful_shutdown=REQUESTS_END_SECONDS,
        ),
        **options,
    )


@asynccontextmanager
async def _beside(
    make_app: Callable[[], Litestar],
    config: Config,
    host: str,
    port: int | None,
    listener: socket.socket | None = None,
) -> AsyncIterator[None]:
    """Serve an application on a port of its own while the block lasts; without a port do not."""
    if port is None:
        yield
        return
    try:
        listener = listener or bound(host, port)
    except OSError as error:
        log.error("not_listening", host=host, port=port, reason=error.strerror or str(error))  # noqa: TRY400  # expected
        raise SystemExit(EXIT_FAILED) from error
    with listener:
        server = server_for(
            make_app(),
            config,
            host,
            port,
            ConnectionLimits(connections=100),
            event="admin_listening",
            takes_signals=False,
        )
        serving = asyncio.create_task(server.serve([listener]))
        try:
            yield
        finally:
            server.should_exit = True
            await serving


async def work(config: Config, host: str, port: int | None) -> None:
    """Answer ticks until SIGINT or SIGTERM.

    Args:
        config: The process's settings.
        host: The address to listen on, if there is a port.
        port: Where ``/health``, ``/ready`` and ``/metrics`` are answered; None: nowhere; 0 takes a free one.
    """
    _prepare()
    _raise_file_limit()
    stop = asyncio.Event()
    async with open_container(config) as container:  # until it is open, a signal ends the process at once
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
        _say_start(config, installable=False)
        worker = container.worker()
        scheduler = container.scheduler()
        reload_on_hangup(scheduler)
        admin = partial(admin_app, container, container.readiness(worker=worker))
        async with _overseen(container), _beside(admin, config, host, port):
            worker.start()
            if scheduler:
                scheduler.start()
            log.info("working", concurrency=config.concurrency)
            waits = [asyncio.ensure_future(stop.wait()), asyncio.ensure_future(worker.ended())]
            waits += [asyncio.ensure_future(scheduler.ended())] if scheduler else []
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
            if scheduler:
                await scheduler.stop()
            await worker.stop()
    if not stop.is_set():
        raise SystemExit(EXIT_CRASHED)
    log.info("stopped")


@asynccontextmanager
async def _overseen(container: Container) -> AsyncIterator[None]:
    """Keep an eye on the inbox while the block lasts."""
    watch = asyncio.create_task(container.overseer().watch(), name="overseer")
    try:
        yield
    finally:
        watch.cancel()
        await asyncio.wait([watch])


def _say_start(config: Config, *, installable: bool) -> None:
    """What whoever reads the log wants to know first."""
    url = config.public_url
    log.info(
        "starting",
        version=version("aws-spend-monitor"),
        state=config.state_name,
        public_url=url or "taken from each request",
        install=f"{url or 'https://…'}/integration.json" if installable else None,
    )


def _raise_file_limit() -> int:
    files = raise_file_limit()
    if files < FEW_FILES:
        effect = f"at most {files // 2} connections; raise the limit (ulimit -n) to {FEW_FILES} or more"
        log.warning("few_files", limit=files, effect=effect)
    return files


async def _stop_without(worker: Worker, server: uvicorn.Server) -> None:
    """A process that takes ticks and answers none is worse than none: let whoever supervises it know."""
    while not server.started:  # noqa: ASYNC110  # uvicorn tells nobody
        await asyncio.sleep(WATCH_SECONDS)
    await worker.ended()
    server.should_exit = True


def _prepare() -> None:
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(log_loop_error)
    loop.call_later(ALL_LOADED_SECONDS, search_in_flight)
    for variable in unknown_variables(os.environ):
        log.warning("unknown_variable", variable=variable)
