"""Connections to checked addresses only: what is looked at is what is connected to."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from functools import partial
from ipaddress import ip_address
from ssl import SSLContext, create_default_context

from aiohttp import AddrInfoType, TCPConnector
from aiohttp.abc import AbstractResolver, ResolveResult

from adapters.chats.addresses import IPAddress
from adapters.chats.exchange import BoundedExchange

Allows = Callable[[IPAddress], bool]

IDLE_SECONDS = 10.0
"""Shorter than most servers keep an idle connection, so that we seldom write to one that is closing."""


class AddressForbidden(OSError):
    """An address that is never connected to. An OSError, so that aiohttp takes it for a failed connection."""


class Authorities:
    """Who vouches for hosts: the given ones, or the system's, which the first https connection reads.

    Args:
        given: None: the system's.
    """

    def __init__(self, given: SSLContext | None) -> None:
        self._context = given
        self._reading: asyncio.Task[SSLContext] | None = None

    async def context(self) -> SSLContext:
        """Return what checks a host's certificate."""
        if self._context is None:
            self._reading = self._reading or asyncio.create_task(asyncio.to_thread(_of_the_system))
            self._context = await asyncio.shield(self._reading)
        return self._context


def _of_the_system() -> SSLContext:
    context = create_default_context()
    context.set_alpn_protocols(["http/1.1"])  # as aiohttp does
    return context


def guarded_connector(allows: Allows, resolver: AbstractResolver) -> TCPConnector:
    """A pool of connections, each checked when it is made.

    The check sits where the socket is made, with the address that it is connected to next: whatever gave
    the address (a resolver, aiohttp's cache of names, a literal in the URL), there is no look-up after it.
    """
    connector = TCPConnector(
        resolver=GuardedResolver(resolver, allows),
        socket_factory=partial(_guarded_socket, allows),
        limit=0,  # lanes and workers limit what is in flight
        keepalive_timeout=IDLE_SECONDS,
    )
    # aiohttp has no other place for it.
    connector._factory = partial(BoundedExchange, loop=asyncio.get_running_loop())  # type: ignore[assignment]  # noqa: SLF001
    return connector


def _guarded_socket(allows: Allows, info: AddrInfoType) -> socket.socket:
    family, kind, protocol, _, address = info
    _check(allows, str(address[0]))
    return socket.socket(family, kind, protocol)


def _check(allows: Allows, address: str) -> None:
    try:
        allowed = allows(ip_address(address))
    except ValueError:  # a name, which the system would look up once more
        allowed = False
    if not allowed:
        raise AddressForbidden("the address is not public")


class GuardedResolver(AbstractResolver):
    """Drops the addresses that are never connected to, so that one of them does not spoil the others.

    Raises:
        AddressForbidden: None is left.
        OSError: The name has no address.
    """

    def __init__(self, resolver: AbstractResolver, allows: Allows) -> None:
        self._resolver = resolver
        self._allows = allows

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """Return the allowed addresses of a name."""
        found = await self._resolver.resolve(host, port, family)
        if not found:
            raise OSError("the name has no address")
        allowed = [result for result in found if self._is_allowed(result["host"])]
        if not allowed:
            raise AddressForbidden("no address of the name is public")
        return allowed

    async def close(self) -> None:
        """Close the resolver inside."""
        await self._resolver.close()

    def _is_allowed(self, address: str) -> bool:
        try:
            _check(self._allows, address)
        except AddressForbidden:
            return False
        return True
