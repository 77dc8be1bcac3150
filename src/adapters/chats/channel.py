"""The channel behind a return_url: the one guarded way to every destination."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Sequence
from contextlib import AbstractContextManager, asynccontextmanager
from functools import partial
from ssl import SSLContext
from time import monotonic
from urllib.parse import urlencode

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
from adapters.chats.connector import AddressForbidden, Authorities, guarded_connector
from adapters.chats.destination import ChatAnswer, Destination
from adapters.chats.lanes import BUSY_SECONDS, HostLanes
from adapters.chats.lookups import LookupsBusy, SystemResolver
from adapters.chats.mail import PREFIX as MAILTO
from adapters.chats.mail import MailServer, address_in, send
from adapters.chats.registry import Destinations, with_query
from adapters.chats.return_urls import ReturnUrlRules
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


@asynccontextmanager
async def open_chats(
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
    webhook_secrets: Sequence[bytes] = (),
    mail_server: MailServer | None = None,
) -> AsyncIterator[Chats]:
    """Open the way to every chat, and close its connections in the end.

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
        webhook_secrets: What generic webhooks are signed with; none: they are not.
        mail_server: Where e-mail is handed in; None: there is none.
    """
    rules = ReturnUrlRules(allow_private=allow_private, allowed_hosts=allowed_hosts, public=public)
    system = SystemResolver(trusts=rules.trusts)
    try:
        async with ClientSession(
            connector=guarded_connector(rules.allows, resolver or system),
            headers=HEADERS,
            timeout=ClientTimeout(total=total_timeout, connect=connect_timeout),
            cookie_jar=DummyCookieJar(),
            trust_env=False,
            auto_decompress=False,
        ) as session:
            yield Chats(
                session,
                Authorities(ssl),
                rules,
                Destinations(rules, webhook_secrets, clock),
                HostLanes(concurrency, trusts=rules.trusts),
                clock,
                mail_server,
                total_timeout,
            )
    finally:
        await system.close()


class Chats(Channel):
    """Posts to whatever a return_url leads to, each notice once: trying again is up to the caller.

    Args:
        session: Connects to checked addresses only, and takes nothing from the environment.
        authorities: Check the certificates of hosts.
        rules: Say which return_urls are called.
        destinations: Say what each is sent, and what its answers mean.
        lanes: Limit what is in flight to each host.
        clock: For a ``Retry-After`` that is a date.
        mail_server: Where e-mail is handed in, if anywhere.
        total_timeout: Seconds for handing it in.
    """

    def __init__(
        self,
        session: ClientSession,
        authorities: Authorities,
        rules: ReturnUrlRules,
        destinations: Destinations,
        lanes: HostLanes,
        clock: Clock,
        mail_server: MailServer | None,
        total_timeout: float,
    ) -> None:
        self._session = session
        self._authorities = authorities
        self._rules = rules
        self._destinations = destinations
        self.lanes = lanes
        self._clock = clock
        self._mail_server = mail_server
        self._total_timeout = total_timeout

    def check(self, return_url: str, *, own: bool = False) -> None:
        """Refuse, without a network, what is never called."""
        if return_url.startswith(MAILTO) and not own:
            raise self._rules.forbidden("is an e-mail address, which only the operator may name")
        host, _ = self._way(return_url)
        if own:
            self._rules.trust(host.rpartition(":")[0])

    def lane(self, return_url: str) -> AbstractContextManager[None]:
        """Hold one of the places that the URL's host and port have earned."""
        return self.lanes.place(self._way(return_url)[0])

    def may_be_gone(self, return_url: str) -> bool:
        """Whether the destination has answers that say so: Telex and e-mail have none."""
        return not return_url.startswith(MAILTO) and bool(self._destinations.find(return_url)[0].gone)

    async def post(self, return_url: str, notice: Notice) -> None:
        """Deliver the notice, and let the host's lane know how that went.

        A 2xx whose body never ends is a delivery: whatever the rest says, sending it again would not help.
        """
        host, deliver = self._way(return_url)
        started = monotonic()
        try:
            with self.lane(return_url):
                whole = await deliver(notice)
        except ChannelBusy:
            raise
        except (ChannelUnavailable, ReturnUrlForbidden):
            self.lanes.failed(host)
            raise
        if whole:
            self.lanes.succeeded(host, promptly=monotonic() - started < PROMPT_SECONDS)
        else:
            self.lanes.failed(host)

    def _way(self, return_url: str) -> tuple[str, Callable[[Notice], Awaitable[bool]]]:
        """The host, and how a notice gets there."""
        if return_url.startswith(MAILTO):
            server, address = self._mail(return_url)
            return f"{server.host}:{server.port}", partial(self._mail_to, server, address)
        destination, url = self._destinations.find(return_url)
        return f"{url.raw_host}:{url.port}", partial(self._deliver, destination, url)

    async def _mail_to(self, server: MailServer, address: str, notice: Notice) -> bool:
        await send(server, notice, address, self._total_timeout)
        return True

    def _mail(self, return_url: str) -> tuple[MailServer, str]:
        address = address_in(return_url)
        if self._mail_server is None:
            raise ReturnUrlForbidden(
                "e-mail cannot be sent: no mail server is set. Accepted is SPEND_MONITOR_SMTP_URL, "
                "as in smtps://user:password@host:465, and SPEND_MONITOR_MAIL_FROM."
            )
        return self._mail_server, address

    async def _deliver(self, destination: Destination, url: URL, notice: Notice) -> bool:
        """Post, judge the answer, and say whether all of it came."""
        request = destination.write(notice, url)
        if request.query:
            url = with_query(url, "&".join(filter(None, (url.raw_query_string, urlencode(request.query)))))
        try:
            async with self._session.post(
                url,
                data=request.body,
                headers=request.headers,
                allow_redirects=False,
                ssl=await self._authorities.context() if url.scheme == "https" else True,
            ) as response:
                body, whole = await _read(response)
        except (ClientError, TimeoutError) as error:
            # Not "from error": aiohttp's texts hold the URL, and a traceback prints the whole chain.
            raise self._named(error) from None
        destination.judge(ChatAnswer(url, response.status, response.headers, body, self._clock.now()))
        return whole

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
