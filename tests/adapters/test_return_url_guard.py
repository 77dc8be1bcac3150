"""No stranger makes the service call what is not a public https address."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from aiohttp import ClientConnectorError, ClientSession, TCPConnector
from aiohttp.abc import ResolveResult

from adapters.chats.addresses import is_public
from adapters.chats.channel import Chats, open_chats
from adapters.chats.connector import AddressForbidden, guarded_connector
from adapters.chats.lookups import SystemResolver
from application.errors import ChannelRefused, ChannelUnavailable, ReturnUrlForbidden
from tests.data.hostile_urls import HOSTILE, PORT
from tests.doubles.fakes.clock import FixedClock
from tests.doubles.fakes.notices import WITHIN
from tests.doubles.webhooks import (
    RawServer,
    ScriptedResolver,
    TelexDouble,
    certificate_for,
    raw_server,
    telex_double,
)

GREETING = WITHIN

hostile = pytest.mark.parametrize("return_url", [url for urls in HOSTILE.values() for url in urls])


@pytest.fixture
async def canary() -> AsyncIterator[RawServer]:
    """A listener on loopback that nobody may touch."""
    async with raw_server(b"") as server:
        yield server


@hostile
async def test_hostile_urls_are_refused_and_nothing_is_touched(return_url: str, canary: RawServer) -> None:
    """At the door as well as when posting; the canary and the resolver see nothing."""
    return_url = return_url.replace(str(PORT), str(canary.port))
    resolver = ScriptedResolver({})
    async with open_chats(FixedClock(), resolver=resolver) as channel:
        with pytest.raises(ReturnUrlForbidden, match="Accepted is an https URL"):
            channel.check(return_url)
        with pytest.raises(ReturnUrlForbidden):
            await channel.post(return_url, GREETING)
    assert (canary.connections, resolver.lookups) == (0, [])


async def test_the_canary_notices() -> None:
    """Where private addresses are allowed, the very same post reaches it: the tests above can fail."""
    async with (
        raw_server(b"") as server,
        open_chats(FixedClock(), allow_private=True, connect_timeout=0.2) as channel,
    ):
        with pytest.raises(ChannelUnavailable):
            await channel.post(f"https://127.0.0.1:{server.port}/", GREETING)
    assert server.connections == 1


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.0.0.1",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",
        "224.0.0.1",
        "::1",
        "::",
        "::ffff:127.0.0.1",
        "64:ff9b::7f00:1",
        "2002:7f00:1::",
        "fd00:ec2::254",
        "fe80::1",
        "ff02::1",
        "localhost",
        "2130706433",
        "",
    ],
)
async def test_names_that_lead_inside_are_refused(address: str, canary: RawServer) -> None:
    """A public name with such an address is refused at connect time, and never called."""
    resolver = ScriptedResolver({"rebind.example.com": [address]})
    async with open_chats(FixedClock(), resolver=resolver) as channel:
        channel.check(f"https://rebind.example.com:{canary.port}/")
        with pytest.raises(ReturnUrlForbidden, match="not public") as caught:
            await channel.post(f"https://rebind.example.com:{canary.port}/", GREETING)
    assert "rebind" not in str(caught.value)
    assert (canary.connections, resolver.lookups) == (0, ["rebind.example.com"])


NAME = "ping.example.com"


@dataclass
class World:
    """127.0.0.1 is public here, and no other address; the canary has the same port of another.

    Args:
        channel: Strict in all else: https, a name, a valid certificate.
        resolver: Knows NAME; what it leads to may be changed.
        telex: On 127.0.0.1.
        canary: On 127.0.0.2.
    """

    channel: Chats
    resolver: ScriptedResolver
    telex: TelexDouble
    canary: RawServer

    @property
    def url(self) -> str:
        """A return_url with NAME."""
        return f"https://{NAME}:{self.canary.port}/v1/return/1"

    async def time_passes(self) -> None:
        """Connections are closed, and look-ups forgotten, as happens after some seconds."""
        connector = self.channel._session.connector
        assert isinstance(connector, TCPConnector)
        connector.clear_dns_cache()
        for connections in connector._conns.values():
            for connection, _ in connections:
                connection.close()


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    """A world in which to rebind names."""
    server, client = certificate_for(NAME, tmp_path)
    resolver = ScriptedResolver({NAME: ["127.0.0.1"]})
    async with (
        telex_double(certificate=server) as telex,
        raw_server(b"", host="127.0.0.2", port=int(telex.base.rpartition(":")[2])) as canary,
        open_chats(
            FixedClock(), ssl=client, resolver=resolver, public=lambda address: str(address) == "127.0.0.1"
        ) as channel,
    ):
        yield World(channel, resolver, telex, canary)


async def test_rebinding_between_two_posts_is_refused(world: World) -> None:
    """A name that was public for the first post is looked at anew when it is connected to again."""
    await world.channel.post(world.url, GREETING)
    world.resolver.names[NAME] = ["127.0.0.2"]
    await world.time_passes()
    with pytest.raises(ReturnUrlForbidden):
        await world.channel.post(world.url, GREETING)
    assert (len(world.telex.received), world.canary.connections) == (1, 0)


async def test_rebinding_between_look_up_and_connection_changes_nothing(world: World) -> None:
    """There is no second look-up: the checked address is the one connected to."""
    look_up = world.resolver.resolve

    async def rebind(
        host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        found = await look_up(host, port, family)
        world.resolver.names[NAME] = ["127.0.0.2"]
        return found

    world.resolver.resolve = rebind  # type: ignore[method-assign]  # it rebinds as soon as it has answered
    await world.channel.post(world.url, GREETING)
    assert world.resolver.lookups == [NAME]
    assert (len(world.telex.received), world.canary.connections) == (1, 0)


async def test_a_connection_in_the_pool_outlives_rebinding_safely(world: World) -> None:
    """A reused connection still leads to the address that was checked when it was made."""
    await world.channel.post(world.url, GREETING)
    world.resolver.names[NAME] = ["127.0.0.2"]
    await world.channel.post(world.url, GREETING)
    assert (len(world.telex.received), world.canary.connections) == (2, 0)


@pytest.mark.parametrize("addresses", [["127.0.0.1", "127.0.0.2"], ["127.0.0.2", "127.0.0.1"]])
async def test_of_several_addresses_only_the_public_ones_are_connected_to(
    world: World, addresses: list[str]
) -> None:
    """One private address among public ones is left out, wherever it stands."""
    world.resolver.names[NAME] = addresses
    await world.channel.post(world.url, GREETING)
    assert (len(world.telex.received), world.canary.connections) == (1, 0)


async def test_a_public_address_that_is_down_does_not_lead_to_a_private_one(
    world: World, unused_port: int
) -> None:
    """When the public address refuses the connection, that is a failure worth a retry, and all."""
    world.resolver.names[NAME] = ["127.0.0.1", "127.0.0.2"]
    with pytest.raises(ChannelUnavailable):
        await world.channel.post(f"https://{NAME}:{unused_port}/", GREETING)
    assert world.canary.connections == 0


@pytest.fixture
def unused_port() -> int:
    """A port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port: int = closed.getsockname()[1]
    return port


@pytest.mark.parametrize("address", ["127.0.0.2", "::1", "localhost", "127.1", ""])
async def test_the_socket_itself_is_guarded(address: str) -> None:
    """Even if a look-up hands a forbidden address on unseen, no socket is made for it."""
    connector = guarded_connector(is_public, ScriptedResolver({}))
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    async with connector:
        assert connector._socket_factory is not None
        with pytest.raises(AddressForbidden):
            connector._socket_factory((family, socket.SOCK_STREAM, 0, "", (address, 443)))


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_redirects_are_not_followed(canary: RawServer, status: int) -> None:
    """Not even where private addresses are allowed."""
    async with telex_double() as telex, open_chats(FixedClock(), allow_private=True) as channel:
        telex.answer(status, headers={"Location": canary.url, "Refresh": f"0; url={canary.url}"})
        with pytest.raises(ChannelRefused, match="redirects"):
            await channel.post(telex.url, GREETING)
    assert (len(telex.received), canary.connections) == (1, 0)


async def test_proxies_of_the_environment_are_ignored(
    canary: RawServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A proxy would look names up for us, and connect to whatever it finds."""
    for variable in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(variable, canary.url)
        monkeypatch.setenv(variable.lower(), canary.url)
    async with telex_double() as telex, open_chats(FixedClock(), allow_private=True) as channel:
        await channel.post(telex.url, GREETING)
    assert (len(telex.received), canary.connections) == (1, 0)


async def test_the_systems_look_up_works() -> None:
    """Without a resolver of the test's, names are looked up as the machine does."""
    async with telex_double() as telex, open_chats(FixedClock(), allow_private=True) as channel:
        await channel.post(telex.url.replace("127.0.0.1", "localhost"), GREETING)
    assert len(telex.received) == 1


async def test_the_systems_look_up_is_guarded(canary: RawServer) -> None:
    """A name of this machine passes no connection, even when it has passed the door."""
    connector = guarded_connector(is_public, resolver := SystemResolver())
    async with ClientSession(connector=connector) as session:
        with pytest.raises(ClientConnectorError) as caught:
            await session.post(f"https://localhost:{canary.port}/")
    await resolver.close()
    assert isinstance(caught.value.os_error, AddressForbidden)
    assert canary.connections == 0
