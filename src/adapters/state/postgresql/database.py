"""The connections to PostgreSQL, and what its errors mean."""

from __future__ import annotations

import asyncio
import contextlib
import re
import secrets
from collections.abc import AsyncIterator, Callable, Iterator
from socket import gaierror
from ssl import SSLError
from typing import Any

import asyncpg
import structlog
from asyncpg.exceptions import PostgresConnectionError, ReadOnlySQLTransactionError

from adapters.state.postgresql.schema import prepare
from adapters.state.state import StateRefused
from application.errors import StorageUnavailable

log = structlog.get_logger()

CONNECTIONS = 10
"""Of one process. Most of what a tick asks takes a millisecond, so few serve many."""

CONNECT_SECONDS = 5.0
ANSWER_SECONDS = 10.0

NEWS = "spend_monitor_inbox"
"""The channel of NOTIFY on which processes tell each other of new ticks."""

ALIVE = 0x5350_4D4E
"""The first key ("SPMN") of the advisory lock that a process holds while it lives; the second is its own."""

CLIENTS_OWN = frozenset(
    {
        "connect_timeout",
        "fallback_application_name",
        "gssencmode",
        "keepalives",
        "keepalives_count",
        "keepalives_idle",
        "keepalives_interval",
        "sslcompression",
        "sslsni",
        "tcp_user_timeout",
    }
)
"""Parameters of libpq's that asyncpg hands on to the server, which refuses them. None makes it safer.

Source: PostgreSQL's manual, "Parameter Key Words".
"""

BROKEN = (
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    OSError,
    TimeoutError,
)


REASONS = {
    ConnectionRefusedError: "nobody listens at its host and port",
    gaierror: "its host name is not known",
    SSLError: "its TLS certificate is not trusted, or TLS failed",
    TimeoutError: "it did not answer in time",
    FileNotFoundError: "a file of certificates is not there, or a socket",
}
"""Why it cannot be reached."""

UNKNOWN = re.compile(r'unrecognized configuration parameter "(\w+)"')


class Database:
    """A pool of connections that heals by itself: a broken one is replaced at its next use.

    Args:
        url: libpq's form.
        pool: The connections.
        is_pooled: Whether a pooler between us and the server hands each transaction another session: then
            nothing can be prepared or listened to.
    """

    def __init__(self, url: str, pool: asyncpg.Pool[Any], *, is_pooled: bool) -> None:
        self._url = url
        self._pool = pool
        self.is_pooled = is_pooled
        self.owner = 0 if is_pooled else secrets.randbits(31) or 1
        """This process, among those that lease ticks; 0 is one that cannot show that it lives."""

    async def fetch(self, query: str, *args: object) -> list[Any]:
        """Run one statement, durable when this returns; return its rows."""
        with self.translated():
            return await self._pool.fetch(query, *args)

    async def fetchrow(self, query: str, *args: object) -> Any:
        """Run one statement, durable when this returns; return its first row, or None."""
        with self.translated():
            return await self._pool.fetchrow(query, *args)

    @contextlib.asynccontextmanager
    async def transaction(self) -> AsyncIterator[Any]:
        """A connection in a transaction, which is durable when the block has ended."""
        with self.translated():
            async with self._pool.acquire(timeout=ANSWER_SECONDS) as connection, connection.transaction():
                yield connection

    async def stay(self, wake: Callable[[], None]) -> None:
        """Hold a connection that shows that this process lives, and call ``wake`` at every NOTIFY.

        Until cancelled; a lost connection is made again. Behind a pooler this returns at once: waiting leases
        look every second anyway, and what a dead process has leased comes back when its lease has expired.
        """
        while not self.is_pooled:
            lost = asyncio.Event()
            with contextlib.suppress(*BROKEN):
                connection = await asyncpg.connect(self._url, timeout=CONNECT_SECONDS)
                try:
                    connection.add_termination_listener(lambda _, lost=lost: lost.set())
                    await connection.execute("SELECT pg_advisory_lock($1, $2)", ALIVE, self.owner)
                    await connection.add_listener(NEWS, lambda *_: wake())
                    await lost.wait()
                finally:
                    connection.terminate()
            await asyncio.sleep(1)

    @contextlib.contextmanager
    def translated(self) -> Iterator[None]:
        """Turn asyncpg's errors into StorageUnavailable, in a text without address and values."""
        try:
            yield
        except ReadOnlySQLTransactionError as error:
            # A failover has made this server a replica: connect anew, to the one that may be written.
            asyncio.get_running_loop().create_task(self._pool.expire_connections())
            raise unavailable(error) from None
        except BROKEN as error:
            raise unavailable(error) from None


@contextlib.asynccontextmanager
async def open_database(url: str) -> AsyncIterator[Database]:
    """Connect, bring the schema to the present version, and close in the end.

    Raises:
        StateRefused: What is there is of a newer version; it is left as it is.
        StorageUnavailable: The server cannot be reached, or refuses us.
    """
    url = without_clients_own(url)
    try:
        is_pooled = await _prepare(url)
        pool = await asyncpg.create_pool(
            url,
            min_size=1,
            max_size=CONNECTIONS,
            timeout=CONNECT_SECONDS,
            command_timeout=ANSWER_SECONDS,
            # A prepared statement belongs to a session, and a pooler changes that under our hands.
            statement_cache_size=0 if is_pooled else 200,
            # A reset takes a round trip; nothing here leaves anything behind in a session.
            reset=_nothing,
        )
    except (*BROKEN, ValueError) as error:
        raise unavailable(error) from None
    if is_pooled:
        log.warning("pooler", effect="ticks of other processes are looked for every second, not told of")
    try:
        yield Database(url, pool, is_pooled=is_pooled)
    finally:
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                await pool.close()
        except BROKEN:
            pool.terminate()


def without_clients_own(url: str) -> str:
    """The address without the parameters that only libpq knows."""
    address, mark, query = url.partition("?")
    kept = [one for one in query.split("&") if one.partition("=")[0] not in CLIENTS_OWN]
    return address + mark + "&".join(kept)


async def _prepare(url: str) -> bool:
    """Bring the schema to the present version; say whether there is a pooler in between."""
    connection = await asyncpg.connect(url, timeout=CONNECT_SECONDS, statement_cache_size=0)
    try:
        await prepare(connection)
        # A pooler greets with a process number of its own making.
        return bool(await connection.fetchval("SELECT pg_backend_pid()") != connection.get_server_pid())
    finally:
        await connection.close(timeout=CONNECT_SECONDS)


async def _nothing(_: object) -> None:
    """In place of ``RESET ALL`` and its like."""


def unavailable(error: Exception) -> StorageUnavailable:
    """What an error of asyncpg's means, in a text without the address, which may hold a password."""
    if isinstance(error, StorageUnavailable):
        return error
    if mistake := _mistake(error):
        return StateRefused(mistake)
    name = type(error).__name__
    if isinstance(error, asyncpg.InvalidAuthorizationSpecificationError | asyncpg.InvalidCatalogNameError):
        return StorageUnavailable(f"PostgreSQL refuses us ({name}): check user, password and database")
    if isinstance(error, PostgresConnectionError | OSError | TimeoutError | asyncpg.InterfaceError):
        return StorageUnavailable(f"PostgreSQL cannot be reached ({_reason(error)})")
    return StorageUnavailable(f"PostgreSQL fails ({name})")


def _mistake(error: Exception) -> str:
    """What an operator has to mend, if it is that."""
    if isinstance(error, asyncpg.InsufficientPrivilegeError):
        return (
            "the PostgreSQL user may not make or use the schema spend_monitor: make it once with "
            "'CREATE SCHEMA spend_monitor AUTHORIZATION user'"
        )
    if isinstance(error, ValueError):
        return (
            "PostgreSQL's address cannot be read: in a user name or password #, /, ?, @ and % are written "
            "%23, %2F, %3F, %40 and %25, and what stands after ? has libpq's names and values"
        )
    if isinstance(error, asyncpg.UndefinedObjectError) and (unknown := UNKNOWN.search(str(error))):
        return f"PostgreSQL knows no {unknown[1]}: take it out of the address"
    return ""


def _reason(error: Exception) -> str:
    if "rejected SSL" in str(error):
        return "it has no TLS, which the address asks for"
    return next((said for kind, said in REASONS.items() if isinstance(error, kind)), type(error).__name__)
