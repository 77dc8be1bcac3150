"""Requests a minute per client address, by Litestar's own middleware."""

from __future__ import annotations

import asyncio
import ipaddress
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from litestar import Request
from litestar.middleware.rate_limit import RateLimitConfig
from litestar.stores.memory import MemoryStore

FORGET_SECONDS = 60.0
HOST_BITS = {4: 32, 6: 64}
"""The part of an address that one client has, by IP version: with IPv6 it can choose the rest at will."""


def rate_limit_config(requests_a_minute: int) -> RateLimitConfig:
    """The limit; what an operator's own probes ask for is not limited."""
    return RateLimitConfig(
        ("minute", requests_a_minute),
        exclude=["^/(health|ready|metrics)$"],
        identifier_for_request=client_network,
    )


def client_network(request: Request[Any, Any, Any]) -> str:
    """The client's IPv4 address, or its IPv6 network."""
    host = request.client.host if request.client else ""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host
    return str(ipaddress.ip_network((address, HOST_BITS[address.version]), strict=False))


@asynccontextmanager
async def forgetting(store: MemoryStore) -> AsyncIterator[None]:
    """Drop the addresses that have not asked for a minute: by itself the store keeps them until they do."""
    task = asyncio.create_task(_forget(store), name="rate limit")
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait([task])


async def _forget(store: MemoryStore) -> None:
    while True:
        await asyncio.sleep(FORGET_SECONDS)
        await store.delete_expired()
