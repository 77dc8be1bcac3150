"""The channel behind a return_url: a Telex webhook."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Collection
from contextlib import AbstractContextManager, asynccontextmanager
from ssl import SSLContext
from time import monotonic
from typing import Literal

import msgspec
from aiohttp import (
    ClientConnectorDNSError,
    ClientConnectorError,
    ClientError,
    ClientResponse,
    ClientSession,
    ClientSSLError,
    ClientTimeout,
    DummyCookieJar,
)
from aiohttp.abc import AbstractResolver
from yarl import URL

from adapters.chats.addresses import IPAddress, is_public
from adapters.chats.connector import AddressForbidden, guarded_connector
from adapters.chats.lanes import BUSY_SECONDS, HostLanes
from adapters.chats.lookups import LookupsBusy, SystemResolver
from adapters.chats.return_urls import ReturnUrlRules
from adapters.chats.telex import message_of
from adapters.telex.answers import judge
from application.errors import ChannelBusy, ChannelUnavailable, ReturnUrlForbidden
from application.notice import Notice
from application.ports.channel import Channel
from application.ports.clock import Clock

LONGEST_ANSWER = 64 * 1024

PROMPT_SECONDS = 2.0
"""A host that answers later earns no further place, and may lose one: it holds each of them for long."""

HEADERS = {
    "Content-Type": "application/json",
    "Accept": "application/json",
    "Accept-Encoding": "identity",  # and none is undone: no answer can grow on reading
    "User-Agent": "aws-spend-monitor",
}


class WebhookMessage(msgspec.Struct, frozen=True):
    """The JSON that Telex takes: exactly these four keys, none empty. Source: TELEX.md."""

    message: str
    status: Literal["success", "error"]
    username: str = "AWS Spend Monitor"
    event_name: str = "Cost Alert"


_encoder = msgspec.json.Encoder()


@asynccontextmanager
async def open_telex(
    clock: Clock,
    *,
    concurrency: int = 256,
    allow_private: bool = False,
    allowed_hosts: Collection[str] = (),
    total_timeout: float = 10.0,
    connect_timeout: float = 5.0,
    ssl: SSLContext | None = None,
    resolver: AbstractResolver | None = None,
    public: Callable[[IPAddress], bool] = is_public,
) -> AsyncIterator[TelexChannel]:
    """Open the channel adapter, and close its connections in the end.

    Args:
        clock: For a ``Retry-After`` that is a date.
        concurrency: The most deliveries in flight, to one host and to all.
        allow_private: Plain http, every port, private addresses and local names become acceptable.
        allowed_hosts: If any, only these: ``example.com`` is that host, ``*.example.com`` or
            ``.example.com`` every host below it. Those listed by name are trusted: see ``HostLanes``.
        total_timeout: Seconds for one post, its answer included.
        connect_timeout: Seconds of these for look-up, connection and TLS.
        ssl: Which certificates are trusted; None is the system's choice.
        resolver: Looks names up; None is the system's way. Not closed here.
        public: Says which addresses are public.
    """
    rules = ReturnUrlRules(allow_private=allow_private, allowed_hosts=allowed_hosts, public=public)
    system = SystemResolver(trusts=rules.trusts)
    try:
        async with ClientSession(
            connector=guarded_connector(rules.allows, resolver or system, ssl),
            headers=HEADERS,
            timeout=ClientTimeout(total=total_timeout, connect=connect_timeout),
            cookie_jar=DummyCookieJar(),
            trust_env=False,
            auto_decompress=False,
        ) as session:
            yield TelexChannel(session, rules, HostLanes(concurrency, trusts=rules.trusts), clock)
    finally:
        await system.close()


class TelexChannel(Channel):
    """Posts to Telex webhooks, each post once: trying again is up to the caller.

    Args:
        session: Connects to checked addresses only, and takes nothing from the environment.
        rules: Say which return_urls are called.
        lanes: Limit what is in flight to each host.
        clock: For a ``Retry-After`` that is a date.
    """

    def __init__(self, session: ClientSession, rules: ReturnUrlRules, lanes: HostLanes, clock: Clock) -> None:
        self._session = session
        self._rules = rules
        self._lanes = lanes
        self._clock = clock

    def check(self, return_url: str, *, own: bool = False) -> None:  # noqa: ARG002  # the port's signature
        """Refuse, without a network, what is never called."""
        self._rules.read(return_url)

    def lane(self, return_url: str) -> AbstractContextManager[None]:
        """Hold one of the places that the URL's host and port have earned."""
        return self._lanes.place(_host(self._rules.read(return_url)))

    async def post(self, return_url: str, notice: Notice) -> None:
        """Deliver the notice, and let the host's lane know how that went.

        A 2xx whose body never ends is a delivery: whatever the rest says, sending it again would not help.
        """
        url = self._rules.read(return_url)
        started = monotonic()
        try:
            whole = await self._deliver(url, notice)
        except ChannelBusy:
            raise
        except (ChannelUnavailable, ReturnUrlForbidden):
            self._lanes.failed(_host(url))
            raise
        if whole:
            self._lanes.succeeded(_host(url), promptly=monotonic() - started < PROMPT_SECONDS)
        else:
            self._lanes.failed(_host(url))

    async def _deliver(self, url: URL, notice: Notice) -> bool:
        """Post, judge the answer, and say whether all of it came."""
        message = message_of(notice)
        data = _encoder.encode(WebhookMessage(message.text, "success" if message.good else "error"))
        try:
            async with self._session.post(url, data=data, allow_redirects=False) as response:
                body, whole = await _read(response)
                judge(url, response.status, response.headers, body, self._clock.now())
                return whole
        except (ClientError, TimeoutError) as error:
            # Not "from error": aiohttp's texts hold the URL, and a traceback prints the whole chain.
            raise self._named(error) from None

    def _named(self, error: ClientError | TimeoutError) -> ChannelUnavailable | ReturnUrlForbidden:
        match error:
            case ClientConnectorError(os_error=AddressForbidden()):
                return self._rules.forbidden("leads to an address that is not public")
            case ClientConnectorDNSError(os_error=LookupsBusy()):
                return ChannelBusy("Other channels' host names are being looked up.", BUSY_SECONDS)
            case TimeoutError():
                reason = "The channel did not answer in time."
            case ClientConnectorDNSError():
                reason = "The channel's host name could not be looked up."
            case ClientSSLError():
                reason = "The channel's TLS certificate is not valid for it, or TLS failed."
            case ClientConnectorError():
                reason = "The channel could not be connected to."
            case _:
                reason = "The channel broke off, or answered something that is not HTTP."
        return ChannelUnavailable(reason)


async def _read(response: ClientResponse) -> tuple[bytes, bool]:
    """As much of the body as is allowed and comes, and whether that is all. The rest is not waited for."""
    body = bytearray()
    try:
        while len(body) < LONGEST_ANSWER:
            chunk = await response.content.read(LONGEST_ANSWER - len(body))
            if not chunk:
                return bytes(body), True
            body += chunk
    except (ClientError, TimeoutError):
        pass
    return bytes(body), False


def _host(url: URL) -> str:
    return f"{url.raw_host}:{url.port}"
