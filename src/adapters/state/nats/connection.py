"""One connection to the cluster, which mends itself."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, NamedTuple, TypeVar

import structlog
from nats.aio.client import Client
from nats.errors import (
    ConnectionClosedError,
    ConnectionReconnectingError,
    Error,
    MaxPayloadError,
    NoRespondersError,
)
from nats.js import JetStreamContext
from nats.js.errors import APIError, NoStreamResponseError, ServiceUnavailableError

from adapters.state.nats.address import NatsAddress
from adapters.state.nats.credentials import CredentialsFile, CredentialsUnusable
from adapters.state.state import StateRefused
from application.errors import StorageUnavailable

log = structlog.get_logger()

T = TypeVar("T")

START_SECONDS = 5.0
"""How long a start waits for the cluster; then whoever started us may start us again."""

REFUSED = "Authorization Violation"
REQUEST_SECONDS = 2.0
PAUSE_SECONDS = 0.1
REOPEN_SECONDS = 1.0

LOST_SECONDS = 60.0
"""After so long without a connection, a client that should find one by itself is not relied on any more."""

OLDEST_SERVER = (2, 11)
"""The first that lets single messages expire."""

SERVER_SIDE = 500
"""From this code on an API error is the server's trouble, which passes; below, it is an answer."""


class OutagePatience(NamedTuple):
    """How long a question waits for its answer.

    Args:
        away: Seconds, counted from when the connection was lost.
        silent: Seconds with a connection: while a cluster elects a stream's next leader, nobody answers.
    """

    away: float
    silent: float


WORKING = OutagePatience(75, 75)
"""Work in hand waits an outage out: what was posted is then still recorded by the worker that posted it.
Longer than a minute, and shorter than what a worker gives to one tick."""

AT_THE_DOOR = OutagePatience(away=2, silent=10)
"""An election takes four to nine seconds; a tick that waits for it is better off than one that is refused."""

ASKING = OutagePatience(2, 2)
"""For whoever only wants to know how things are."""

AT_ONCE = OutagePatience(0, 0)


CLOSING_ERRORS = (Error, OSError, TypeError, RuntimeError)
"""Of a connection that is being lost; the last two are asyncio's and uvloop's for writing to a closed one."""


@contextlib.asynccontextmanager
async def open_connection(address: NatsAddress) -> AsyncIterator[Connection]:
    """Connect, and in the end close.

    Raises:
        StateRefused: The address cannot be used, or the server is too old.
        StorageUnavailable: No server can be reached within a few seconds, or it does not let us in.
    """
    connection = Connection(address)
    try:
        await connection.open()
        yield connection
    finally:
        await connection.close()


class Connection:
    """A client that reconnects for as long as it is open.

    Args:
        address: Where to.
    """

    def __init__(self, address: NatsAddress) -> None:
        self.address = address
        self._renew()
        self._options = _options(address)
        self._trouble = "no answer"
        self._away_since: float | None = None
        self._closing = False
        self._reopening: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Connect for the first time."""
        try:
            async with asyncio.timeout(START_SECONDS):
                await self._connect()
                while not self.client.is_connected:  # noqa: ASYNC110  # cut off at once, it connects again
                    await asyncio.sleep(PAUSE_SECONDS)
        except TimeoutError as exc:
            raise StorageUnavailable(f"{self.address} cannot be used: {self._trouble}") from exc
        version = self.client.connected_server_version
        if (version.major, version.minor) < OLDEST_SERVER:
            raise StateRefused(
                f"{self.address} has version {version.major}.{version.minor}; 2.11 or later is needed"
            )

    async def close(self) -> None:
        """Disconnect for good."""
        self._closing = True
        if self._reopening:
            self._reopening.cancel()
        with contextlib.suppress(*CLOSING_ERRORS):
            await self.client.close()

    async def renew_if_lost(self) -> None:
        """Begin anew if the client has not come back for long."""
        if self._away_since and time.monotonic() - self._away_since > LOST_SECONDS:
            log.warning("nats_client_renewed")
            self._away_since = time.monotonic()
            with contextlib.suppress(*CLOSING_ERRORS):
                await self.client.close()
            await self._open_again()

    async def ask(
        self,
        question: Callable[[], Awaitable[T]],
        patience: OutagePatience = WORKING,
        answers: frozenset[int | None] = frozenset(),
    ) -> T:
        """Ask until there is an answer, or the outage has lasted longer than the patience.

        Args:
            question: Asks once. What it changes, it changes once, however often it is asked.
            patience: How long.
            answers: Codes of errors that the caller takes for an answer.

        Raises:
            APIError: One of the ``answers``.
            StorageUnavailable: There was no answer, or another error was.
        """
        asked_at = time.monotonic()
        while True:
            try:
                return await self._ask_once(question)
            except APIError as exc:
                if exc.err_code in answers:
                    raise
                problem: Exception = exc
                passes = (exc.code or SERVER_SIDE) >= SERVER_SIDE
            except (Error, OSError, TimeoutError) as exc:
                problem, passes = exc, not isinstance(exc, MaxPayloadError)
            if not passes or self._is_over(patience, asked_at):
                raise StorageUnavailable(_cause(problem)) from problem
            await asyncio.sleep(PAUSE_SECONDS)

    async def _ask_once(self, question: Callable[[], Awaitable[T]]) -> T:
        if not self.client.is_connected:
            # The client would keep the request and send it much later, when nobody waits for it any more.
            raise ConnectionReconnectingError
        return await question()

    def _is_over(self, patience: OutagePatience, asked_at: float) -> bool:
        now = time.monotonic()
        if self.client.is_connected:
            return now - asked_at >= patience.silent
        return now - (self._away_since or asked_at) >= patience.away

    def _renew(self) -> None:
        self.client = Client()
        self.jetstream: JetStreamContext = self.client.jetstream(timeout=REQUEST_SECONDS)

    async def _connect(self) -> None:
        self._renew()
        await self.client.connect(
            **self._options,
            error_cb=self._note_trouble,
            disconnected_cb=self._note_loss,
            reconnected_cb=self._note_return,
            closed_cb=self._open_again,
        )
        await self._note_return()

    async def _note_trouble(self, error: Exception) -> None:
        if REFUSED not in self._trouble:  # which says more than the cut that follows it
            self._trouble = str(error) or type(error).__name__

    async def _note_loss(self) -> None:
        self._away_since = self._away_since or time.monotonic()

    async def _note_return(self) -> None:
        self._away_since = None

    async def _open_again(self) -> None:
        # A server that ends a connection with an error, as it does when credentials have run out, makes the
        # client close for good; with new credentials in their file a new client is let in.
        if not self._closing and (self._reopening is None or self._reopening.done()):
            self._reopening = asyncio.create_task(self._reopen(), name="nats reopening")

    async def _reopen(self) -> None:
        """Connect, however often it takes, and whatever goes wrong."""
        while True:
            try:
                await self._connect()
            except Exception as error:  # noqa: BLE001  # one that ends this would cut us off for good
                log.warning("nats_reconnect_failed", error=type(error).__name__)
            if not self.client.is_closed:
                return
            await asyncio.sleep(REOPEN_SECONDS)


def _options(address: NatsAddress) -> dict[str, Any]:
    credentials = CredentialsFile(address.creds) if address.creds else None
    if credentials:
        try:
            credentials.check()
        except CredentialsUnusable as exc:
            raise StateRefused(f"SPEND_MONITOR_STATE_URL: {exc}") from exc
    return {
        "servers": [f"nats://{host}" for host in address.hosts],
        "user": address.user,
        "password": address.password,
        "token": address.token,
        "user_jwt_cb": credentials.jwt if credentials else None,
        "signature_cb": credentials.sign if credentials else None,
        "tls": _tls(address),
        "name": "aws-spend-monitor",
        "connect_timeout": REQUEST_SECONDS,
        "reconnect_time_wait": 0.5,
        "max_reconnect_attempts": -1,
        "ping_interval": 5,
    }


def _tls(address: NatsAddress) -> ssl.SSLContext | None:
    if not (address.ca or address.cert):
        return None
    try:
        context = ssl.create_default_context(cafile=address.ca)
        if address.cert:
            context.load_cert_chain(address.cert, address.key)
    except OSError as exc:
        files = ", ".join(filter(None, (address.ca, address.cert, address.key)))
        raise StateRefused(
            f"these TLS files in SPEND_MONITOR_STATE_URL cannot be used: {files}: {exc}"
        ) from exc
    return context


def _cause(problem: Exception) -> str:
    """Why there is no answer, for whoever may ask: no addresses."""
    match problem:
        case ConnectionReconnectingError() | ConnectionClosedError():
            return "there is no connection to NATS"
        case MaxPayloadError():
            return "this is larger than NATS's max_payload"
        case TimeoutError():
            return "NATS does not answer"
        case APIError(description=str(words)):
            return f"NATS refuses: {words}"
        case NoRespondersError() | NoStreamResponseError() | ServiceUnavailableError():
            return "nobody at NATS answers for the state: it has no leader at the moment, or JetStream is off"
        case _:
            return f"NATS cannot be used: {type(problem).__name__}"
