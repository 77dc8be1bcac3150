from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.chats.addresses import IPAddress, is_public
from adapters.chats.return_urls import ReturnUrlRules
from application.errors import ReturnUrlForbidden
from tests.data.hostile_urls import GOOD, HOSTILE, PORT


@pytest.mark.parametrize("return_url", GOOD)
def test_good_urls_pass(return_url: str) -> None:
    """What Telex sends, and any public https address, passes the door."""
    assert ReturnUrlRules().read(return_url).scheme == "https"


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


@pytest.mark.parametrize("return_url", [url for urls in HOSTILE.values() for url in urls])
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
