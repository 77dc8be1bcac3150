"""Servers that stand in for Telex, over real sockets on loopback."""

from __future__ import annotations

import asyncio
import ipaddress
import json
import socket
import ssl
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from aiohttp import web
from aiohttp.abc import AbstractResolver, ResolveResult
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

KEYS = ("message", "username", "event_name", "status")

Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]
Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Received:
    """One post as it came.

    Args:
        path: Path and query, as they stood on the wire.
        headers: Names in lower case.
        body: Unparsed.
        connection: The sender's port: equal for posts over one connection.
    """

    path: str
    headers: Mapping[str, str]
    body: bytes
    connection: int


@dataclass(slots=True)
class TelexDouble:
    """A web server that takes and refuses messages as Telex does.

    Args:
        base: Its address, without a slash at the end.
    """

    base: str = ""
    received: list[Received] = field(default_factory=list)
    """Every post, oldest first."""
    answers: deque[Answer] = field(default_factory=deque)
    """Each post takes the first of these, if any, in place of Telex's own answer."""

    @property
    def url(self) -> str:
        """A return_url that this server answers."""
        return f"{self.base}/v1/return/01950000-0000-7000-8000-000000000000"

    @property
    def messages(self) -> list[dict[str, str]]:
        """The JSON of every post, oldest first."""
        return [json.loads(post.body) for post in self.received]

    def answer(self, status: int, body: str = "", headers: Mapping[str, str] | None = None) -> None:
        """Answer the next post like this."""

        async def answer(_: web.Request) -> web.Response:
            return web.Response(status=status, text=body, headers=headers)

        self.answers.append(answer)

    async def take(self, request: web.Request) -> web.StreamResponse:
        """Keep the post and answer it."""
        body = await request.read()
        peer = request.transport.get_extra_info("peername")[1] if request.transport else 0
        headers = {name.lower(): value for name, value in request.headers.items()}
        self.received.append(Received(request.raw_path, headers, body, peer))
        return await self.answers.popleft()(request) if self.answers else _as_telex(body)


def _as_telex(body: bytes) -> web.Response:
    """202 to everything; the body says what is wrong. Source: docs/facts/telex.md."""
    try:
        said = json.loads(body)
        wrong = next((f"{key} is missing" for key in KEYS if not said.get(key)), "")
        if not wrong and set(said) - set(KEYS):
            wrong = "unknown field"
        if not wrong and said["status"] not in {"success", "error"}:
            wrong = "status must be success or error"
    except ValueError:
        wrong = "invalid JSON"
    if wrong:
        answer = {"status": "error", "status_code": 400, "message": wrong}
    else:
        answer = {"status": "success", "status_code": 202, "message": "request received", "task_id": "1"}
    return web.json_response(answer, status=202)


@asynccontextmanager
async def telex_double(
    certificate: ssl.SSLContext | None = None,
) -> AsyncIterator[TelexDouble]:
    """Serve on a free port of 127.0.0.1, with TLS if there is a certificate."""
    double = TelexDouble()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", double.take)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=certificate).start()
    scheme = "https" if certificate else "http"
    double.base = f"{scheme}://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield double
    finally:
        await runner.cleanup()


@dataclass(slots=True)
class RawServer:
    """A listener that counts who comes, for what no web server would say.

    Args:
        port: Where it listens.
    """

    port: int
    connections: int = 0
    """How many have connected."""
    requests: int = 0
    """How many requests have been read."""

    @property
    def url(self) -> str:
        """A return_url that leads here."""
        return f"http://127.0.0.1:{self.port}/v1/return/1"


async def read_request(reader: asyncio.StreamReader) -> bytes:
    """Read one HTTP request with a Content-Length, and return its body."""
    head = await reader.readuntil(b"\r\n\r\n")
    length = next(
        int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length")
    )
    return await reader.readexactly(length)


@asynccontextmanager
async def raw_server(
    *says: bytes, then: Talk | None = None, host: str = "127.0.0.1", port: int = 0
) -> AsyncIterator[RawServer]:
    """Answer the requests of each connection with these bytes in turn; then do ``then`` and hang up."""
    server = RawServer(0)

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        server.connections += 1
        try:
            for said in says:
                await read_request(reader)
                server.requests += 1
                writer.write(said)
                await writer.drain()
            if then is not None:
                await read_request(reader)
                server.requests += 1
                await then(reader, writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    listener = await asyncio.start_server(talk, host, port)
    server.port = listener.sockets[0].getsockname()[1]
    async with listener:
        yield server


class ScriptedResolver(AbstractResolver):
    """Looks names up in a table that the test may change between two look-ups.

    Args:
        names: The addresses of each name.
    """

    def __init__(self, names: Mapping[str, Sequence[str]]) -> None:
        self.names = dict(names)
        self.lookups: list[str] = []
        """Every name looked up, oldest first."""

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """Return the name's addresses of this moment."""
        self.lookups.append(host)
        if host not in self.names:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return [
            ResolveResult(hostname=host, host=address, port=port, family=family, proto=0, flags=0)
            for address in self.names[host]
        ]

    async def close(self) -> None:
        """Nothing is open."""


def certificate_for(name: str, folder: Path, days_left: int = 1) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """Make a certificate that signs itself: the server's context, and that of a client that trusts it."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "A test")])
    now = datetime.now(UTC)
    try:
        general_name: x509.GeneralName = x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        general_name = x509.DNSName(name)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=2))
        .not_valid_after(now + timedelta(days=days_left))
        .add_extension(x509.SubjectAlternativeName([general_name]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = certificate.public_bytes(serialization.Encoding.PEM)
    both = folder / f"{name}.pem"
    both.write_bytes(
        pem
        + key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    server.load_cert_chain(both)
    return server, ssl.create_default_context(cadata=pem.decode())
