"""No stranger makes the service call what is not a public https address."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address
from pathlib import Path

import pytest
from aiohttp import ClientConnectorError, ClientSession, TCPConnector
from aiohttp.abc import ResolveResult
from hypothesis import given
from hypothesis import strategies as st

from adapters.telex import TelexChannel, open_telex
from adapters.telex.addresses import IPAddress, is_public
from adapters.telex.connector import AddressForbidden, SystemResolver, guarded_connector
from adapters.telex.return_urls import ReturnUrlRules
from application.errors import ChannelRefused, ChannelUnavailable, ReturnUrlForbidden
from application.messages import Message
from tests.contract.telex_double import (
    RawServer,
    ScriptedResolver,
    TelexDouble,
    certificate_for,
    raw_server,
    telex_double,
)
from tests.fakes.clock import FixedClock

GREETING = Message("hello", good=True)

PORT = 65432
"""Stands for the canary's port in a URL."""

HOSTILE = {
    "scheme": [
        "",
        "string",
        "ping.telex.im/v1/return/1",
        "//ping.telex.im/v1/return/1",
        "http://ping.telex.im/v1/return/1",
        "http://127.0.0.1:65432/",
        "file:///etc/passwd",
        "gopher://127.0.0.1:65432/_POST",
        "ftp://127.0.0.1:65432/",
        "ws://127.0.0.1:65432/",
        "wss://127.0.0.1:65432/",
        "tcp://127.0.0.1:65432/",
        "unix:///var/run/docker.sock",
        "data:text/plain,hello",
        "javascript:alert(1)",
        "https+http://ping.telex.im/",
        "h\ttps://ping.telex.im/",
        "https:ping.telex.im/v1/return/1",
        "https:/ping.telex.im/v1/return/1",
        "https:///ping.telex.im/v1/return/1",
        "https://",
        "https://:65432/",
        "https://?x=1",
    ],
    "loopback": [
        "https://127.0.0.1:65432/",
        "https://127.0.0.2:65432/",
        "https://127.255.255.255:65432/",
        "https://[::1]:65432/",
        "https://[0:0:0:0:0:0:0:1]:65432/",
        "https://[0000:0000:0000:0000:0000:0000:0000:0001]:65432/",
        "https://0.0.0.0:65432/",
        "https://0.1.2.3:65432/",
        "https://[::]:65432/",
    ],
    "odd spellings": [
        "https://2130706433:65432/",
        "https://017700000001:65432/",
        "https://0x7f000001:65432/",
        "https://0X7F000001:65432/",
        "https://0x7f.0.0.1:65432/",
        "https://0x7f.1:65432/",
        "https://0177.0.0.1:65432/",
        "https://0177.0.0.01:65432/",
        "https://127.1:65432/",
        "https://127.0.1:65432/",
        "https://127.65530:65432/",
        "https://127.000.000.001:65432/",
        "https://0:65432/",
        "https://127.0.0.1.:65432/",
        "https://127.0.0.1..:65432/",
        "https://1.2.3.4.5:65432/",
        "https://256.0.0.1:65432/",
        "https://8.8.8:65432/",
        "https://4294967297:65432/",
        "https://１２７.0.0.1:65432/",
        "https://127。0。0。1:65432/",
        "https://127．0．0．1:65432/",
        "https://①②⑦.0.0.1:65432/",
        "https://ⓛⓞⓒⓐⓛⓗⓞⓢⓣ:65432/",
        "https://%31%32%37.0.0.1:65432/",
        "https://127%2e0%2e0%2e1:65432/",
        "https://localhos%74:65432/",
        "https://[::ffff:127.0.0.1]:65432/",
        "https://[::ffff:7f00:1]:65432/",
        "https://[::127.0.0.1]:65432/",
        "https://[::1%25lo]:65432/",
        "https://[::1%lo]:65432/",
        "https://[::1]x:65432/",
        "https://[127.0.0.1]:65432/",
        "https://x[::1]:65432/",
        "https://[::1:65432/",
        "https://[v1.127.0.0.1]:65432/",
        "https://ping.telex.im.:65432/",
        "https://ping..telex.im/",
        "https://-ping.telex.im/",
        "https://" + "a" * 64 + ".telex.im/",
        "https://" + "a." * 127 + "telex.im/",
    ],
    "not public": [
        "https://10.0.0.1/",
        "https://172.16.0.1/",
        "https://172.31.255.255/",
        "https://192.168.0.1/",
        "https://169.254.169.254/latest/meta-data/",
        "https://169.254.170.2/v2/credentials/",
        "https://[fd00:ec2::254]/latest/meta-data/",
        "https://[fd20:ce::254]/computeMetadata/v1/",
        "https://[::ffff:169.254.169.254]/",
        "https://[::ffff:8.8.8.8]/",
        "https://100.64.0.1/",
        "https://100.100.100.200/latest/meta-data/",
        "https://168.63.129.16/machine",
        "https://192.0.0.192/opc/v2/instance/",
        "https://192.0.0.9/",
        "https://192.0.2.1/",
        "https://192.88.99.1/",
        "https://198.18.0.1/",
        "https://198.51.100.1/",
        "https://203.0.113.1/",
        "https://224.0.0.1/",
        "https://233.252.0.1/",
        "https://239.255.255.250/",
        "https://240.0.0.1/",
        "https://255.255.255.255/",
        "https://[64:ff9b::7f00:1]/",
        "https://[64:ff9b::a9fe:a9fe]/",
        "https://[64:ff9b::808:808]/",
        "https://[64:ff9b:1::a00:1]/",
        "https://[100::1]/",
        "https://[2001::1]/",
        "https://[2001:0:4136:e378:8000:63bf:80ff:fffe]/",
        "https://[2001:2::1]/",
        "https://[2001:20::1]/",
        "https://[2001:db8::1]/",
        "https://[2002:7f00:1::]/",
        "https://[2002:a9fe:a9fe::1]/",
        "https://[3fff::1]/",
        "https://[5f00::1]/",
        "https://[fc00::1]/",
        "https://[fe80::1]/",
        "https://[fe80::1%25eth0]/",
        "https://[2606:4700:4700::1111%25eth0]/",
        "https://[fec0::1]/",
        "https://[ff02::1]/",
        "https://[ff0e::1]/",
    ],
    "local names": [
        "https://localhost:65432/",
        "https://LOCALHOST:65432/",
        "https://localhost.:65432/",
        "https://a.localhost:65432/",
        "https://localhost.localdomain:65432/",
        "https://printer.local/",
        "https://metadata.google.internal/computeMetadata/v1/",
        "https://host.docker.internal:65432/",
        "https://kubernetes.default.svc.cluster.local/",
        "https://redis:65432/",
        "https://metadata/",
        "https://1.0.0.127.in-addr.arpa/",
        "https://router.lan/",
    ],
    "parsers that disagree": [
        "https://user@ping.telex.im/",
        "https://user:password@ping.telex.im/",
        "https://@ping.telex.im/",
        "https://:@ping.telex.im/",
        "https://ping.telex.im@127.0.0.1:65432/",
        "https://ping.telex.im:443@127.0.0.1:65432/",
        "https://127.0.0.1:65432@ping.telex.im/",
        "https://ping.telex.im%40127.0.0.1:65432/",
        "https://127.0.0.1:65432\\@ping.telex.im/",
        "https://ping.telex.im\\@127.0.0.1:65432/",
        "https:\\\\127.0.0.1:65432/",
        "https://127.0.0.1:65432\\.telex.im/",
        "https://ping.telex.im/\\..\\x",
        "https://127.0.0.1:65432#@ping.telex.im/",
        "https://ping.telex.im#@127.0.0.1:65432/",
        "https://ping.telex.im/v1/return/1#x",
        "https://ping.telex.im/v1/return/1#",
        "https://127.0.0.1:65432?@ping.telex.im/",
        "https://127.0.0.1:65432;@ping.telex.im/",
        "https://ping.telex.im;127.0.0.1/",
        "https://ping.telex.im,127.0.0.1/",
        "https://ping.telex.im 127.0.0.1:65432/",
        "https://ping.telex.im\t.evil.com/",
        "https://ping.telex.im\r\nHost: localhost/",
        "https://ping.telex.im/\r\nX-Injected: 1",
        "https://ping.telex.im/\x00",
        "https://ping.telex.im/\x7f",
        " https://ping.telex.im/",
        "https://ping.telex.im/ ",
        "\x01https://ping.telex.im/",
        "https://ping\u00ad.telex.im/",
        "https://p\u200bing.telex.im/",
        "https://ping.telex.im\uff0f@127.0.0.1/",
        "https://ping.telex.im\u2100/",
        "https://ping.telex.im/\ud800",
        "https://p\u0456ng.telex.im/",
        "https://${host}/",
        "https://<host>/",
        "https://*.telex.im/",
    ],
    "ports": [
        "https://ping.telex.im:0/",
        "https://ping.telex.im:22/",
        "https://ping.telex.im:25/",
        "https://ping.telex.im:80/",
        "https://ping.telex.im:1023/",
        "https://ping.telex.im:65536/",
        "https://ping.telex.im:-1/",
        "https://ping.telex.im:/",
        "https://ping.telex.im:+443/",
        "https://ping.telex.im:0443/",
        "https://ping.telex.im:4_43/",
        "https://ping.telex.im:443:443/",
        "https://ping.telex.im:x/",
        "https://ping.telex.im:٤٤٣/",
    ],
    "length": ["https://ping.telex.im/" + "x" * 2048],
}

GOOD = [
    "https://ping.telex.im/v1/return/01950000-0000-7000-8000-000000000000",
    "https://ping.telex.im/v1/webhooks/01950000-0000-7000-8000-000000000000",
    "https://ping.staging.telex.im/v1/webhooks/9e58048120d5?username=APM",
    "https://ping.staging.telex.im/api/v1/webhooks/feed/e80dklioc",
    "https://ping.telex.im/v1/return/<your-test-telex-channel-id>",
    "https://ping.telex.im/v1/return/${process.env.CHANNEL_ID}",
    "https://ping.telex.im/v1/return/a@b:c;d,e|f^g`h{i}",
    "https://ping.telex.im/v1/return/%zz/../.././%2e%2e/",
    "https://ping.telex.im",
    "https://ping.telex.im?x=1",
    "https://PING.Telex.IM/v1/return/1",
    "HTTPS://ping.telex.im/v1/return/1",
    "https://ping.telex.im:443/",
    "https://ping.telex.im:1024/",
    "https://hooks.example.com:8443/telex",
    "https://my_hook-1.example.com/",
    "https://xn--bcher-kva.example/",
    "https://return.url",
    "https://1.example.com/",
    "https://8.8.8.8/",
    "https://93.184.215.14:8443/",
    "https://[2606:4700:4700::1111]/",
    "https://[2606:4700:4700::1111]:8443/",
    "https://ping.telex.im/" + "x" * 2026,
]

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
    async with open_telex(FixedClock(), resolver=resolver) as channel:
        with pytest.raises(ReturnUrlForbidden, match="Accepted is an https URL"):
            channel.check(return_url)
        with pytest.raises(ReturnUrlForbidden):
            await channel.post(return_url, GREETING)
    assert (canary.connections, resolver.lookups) == (0, [])


async def test_the_canary_notices() -> None:
    """Where private addresses are allowed, the very same post reaches it: the tests above can fail."""
    async with (
        raw_server(b"") as server,
        open_telex(FixedClock(), allow_private=True, connect_timeout=0.2) as channel,
    ):
        with pytest.raises(ChannelUnavailable):
            await channel.post(f"https://127.0.0.1:{server.port}/", GREETING)
    assert server.connections == 1


@pytest.mark.parametrize("return_url", GOOD)
def test_good_urls_pass(return_url: str) -> None:
    """What Telex sends, and any public https address, passes the door."""
    assert ReturnUrlRules().read(return_url).scheme == "https"


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
    async with open_telex(FixedClock(), resolver=resolver) as channel:
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

    channel: TelexChannel
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
        open_telex(
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
    async with telex_double() as telex, open_telex(FixedClock(), allow_private=True) as channel:
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
    async with telex_double() as telex, open_telex(FixedClock(), allow_private=True) as channel:
        await channel.post(telex.url, GREETING)
    assert (len(telex.received), canary.connections) == (1, 0)


async def test_the_systems_look_up_works() -> None:
    """Without a resolver of the test's, names are looked up as the machine does."""
    async with telex_double() as telex, open_telex(FixedClock(), allow_private=True) as channel:
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


def spellings(address: IPAddress) -> list[str]:
    """Every way that some parser reads as this address."""
    if isinstance(address, IPv6Address):
        return [f"[{address}]", f"[{address.exploded}]", f"[{address.exploded.upper()}]", f"[{address}%25lo]"]
    a, b, c, d = address.packed
    number = int(address)
    return [
        f"{address}",
        f"{address}.",
        f"{number}",
        f"{number:#x}",
        f"0{number:o}",
        f"{a}.{number & 0xFFFFFF}",
        f"{a}.{b}.{number & 0xFFFF}",
        f"{a:#x}.{b:#x}.{c:#x}.{d:#x}",
        f"0{a:o}.0{b:o}.0{c:o}.0{d:o}",
        f"{a:03}.{b:03}.{c:03}.{d:03}",
        f"{a}.{b}.{c}.{d:#x}",
        f"%{ord(str(a)[0]):x}{str(a)[1:]}.{b}.{c}.{d}",
        f"{address}".replace(".", "\u3002"),
        f"[::ffff:{address}]",
        f"[::{address}]",
        f"[64:ff9b::{IPv6Address(number)!s}]".replace("::::", "::"),
        f"[2002:{number >> 16:x}:{number & 0xFFFF:x}::1]",
    ]


@given(st.ip_addresses().filter(lambda address: not address.is_global))
def test_no_private_address_passes_in_any_spelling(address: IPAddress) -> None:
    """What Python knows not to be global is refused, however it is written."""
    rules = ReturnUrlRules()
    for host in spellings(address):
        with pytest.raises(ReturnUrlForbidden):
            rules.read(f"https://{host}:{PORT}/")
    assert not rules.allows(address)


@given(st.ip_addresses(v=4))
def test_an_odd_spelling_is_refused_even_of_a_public_address(address: IPv4Address) -> None:
    """Of all spellings only the plain one can pass, and it passes when the address is public."""
    rules = ReturnUrlRules()
    plain, *others = spellings(address)
    for host in [other for other in others if other != plain]:
        with pytest.raises(ReturnUrlForbidden):
            rules.read(f"https://{host}/")
    if is_public(address):
        assert rules.read(f"https://{plain}/").host == str(address)


URLISH = st.text(st.sampled_from("htps:/\\@#?[]%.0127xafloc-_ \t\u3002\ud800"), max_size=40)


@given(st.one_of(st.text(), URLISH, URLISH.map("https://".__add__)), st.booleans())
def test_no_text_crashes_the_door(text: str, allow_private: bool) -> None:  # noqa: FBT001  # hypothesis gives it
    """Any text is read or refused, and what is read goes back to one host that is written in the text."""
    rules = ReturnUrlRules(allow_private=allow_private)
    try:
        url = rules.read(text)
    except ReturnUrlForbidden:
        return
    assert text.lower().startswith(f"{url.scheme}://{url.raw_authority}")
    assert url.user is None


@pytest.mark.parametrize(
    ("allowed", "host", "passes"),
    [
        ("ping.telex.im", "ping.telex.im", True),
        ("ping.telex.im", "PING.telex.im", True),
        ("Ping.Telex.im", "ping.telex.im", True),
        ("ping.telex.im", "a.ping.telex.im", False),
        ("ping.telex.im", "ping.telex.im.evil.com", False),
        ("ping.telex.im", "xping.telex.im", False),
        ("*.telex.im", "ping.telex.im", True),
        ("*.telex.im", "ping.staging.telex.im", True),
        (".telex.im", "ping.telex.im", True),
        ("*.telex.im", "telex.im", False),
        ("*.telex.im", "eviltelex.im", False),
        ("8.8.8.8", "8.8.8.8", True),
        ("8.8.8.8", "8.8.4.4", False),
        ("127.0.0.1", "127.0.0.1", False),
        ("localhost", "localhost", False),
    ],
)
def test_the_list_of_hosts(allowed: str, host: str, passes: bool) -> None:  # noqa: FBT001  # a table
    """A name is that host; with a leading dot or star it is all hosts below. Private ones stay refused."""
    rules = ReturnUrlRules(allowed_hosts=["hooks.example.com", allowed])
    if passes:
        assert rules.read(f"https://{host}/").host == host.lower()
    else:
        with pytest.raises(ReturnUrlForbidden):
            rules.read(f"https://{host}/")


@pytest.mark.parametrize(
    "return_url",
    [
        "http://127.0.0.1:8000/x",
        "http://localhost/x",
        "http://telex-double:80/",
        "https://10.0.0.1:22/",
        "http://[::1]:8000/",
        "https://ping.telex.im/v1/return/1",
    ],
)
def test_closed_networks_may_be_called_where_allowed(return_url: str) -> None:
    """Plain http, private addresses, short names and every port are then acceptable."""
    assert ReturnUrlRules(allow_private=True).read(return_url).raw_path


@pytest.mark.parametrize(
    "return_url",
    [
        *(url for url in HOSTILE["parsers that disagree"] if "?" not in url),
        *HOSTILE["length"],
        "ftp://127.0.0.1/",
        "http://127.1/",
        "http://2130706433/",
        "http://127.0.0.1:0/",
        "http://[fe80::1%25lo]/",
    ],
)
def test_odd_urls_stay_refused_where_private_ones_are_allowed(return_url: str) -> None:
    """A closed network is no reason to call what parsers disagree about."""
    with pytest.raises(ReturnUrlForbidden, match="Accepted is an http or https URL"):
        ReturnUrlRules(allow_private=True).read(return_url)


@hostile
def test_no_refusal_repeats_the_url(return_url: str) -> None:
    """The text says what is accepted, and is the same for every URL that breaks the same rule."""
    with pytest.raises(ReturnUrlForbidden) as caught:
        ReturnUrlRules().read(return_url)
    assert str(caught.value) in TEXTS


TEXTS = frozenset(
    str(ReturnUrlRules().forbidden(rule))
    for rule in (
        "is longer than 2048 characters",
        "is empty, or holds a blank, a backslash or a character outside ASCII",
        "is not a URL",
        "does not begin with https://",
        "has a fragment",
        "has a user name",
        "has no host",
        "spells its host or port in an odd way",
        "names a port that is not called",
        "names an address that is not public",
        "names a host that is neither a host name nor a plainly written address",
        "names a host that is not public",
    )
)
