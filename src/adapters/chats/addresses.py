"""Which IP addresses are public. Source: IANA's special-purpose address registries, RFC 6890."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

IPAddress = IPv4Address | IPv6Address

GLOBAL_UNICAST = IPv6Network("2000::/3")
"""All that is assigned of the public IPv6 internet. NAT64, mapped, local and multicast lie outside."""

NEVER_CALLED: tuple[IPv4Network | IPv6Network, ...] = (
    IPv4Network("192.0.0.0/24"),  # protocol assignments; 192.0.0.192 is Oracle Cloud's metadata service
    IPv4Network("192.88.99.0/24"),  # 6to4 relays
    IPv4Network("168.63.129.16/32"),  # Azure's WireServer: inside Azure, this public address is the host
    IPv4Network("224.0.0.0/3"),  # multicast, reserved, broadcast
    IPv6Network("2001::/23"),  # protocol assignments, Teredo (an IPv4 address inside) among them
    IPv6Network("2002::/16"),  # 6to4 (an IPv4 address inside)
    IPv6Network("2001:db8::/32"),  # documentation
    IPv6Network("3fff::/20"),  # documentation
)
"""What ``is_global`` lets pass, or did in some Python version."""


def is_public(address: IPAddress) -> bool:
    """Whether an address is a host on the public internet, and can mean nothing nearer."""
    if isinstance(address, IPv6Address) and address not in GLOBAL_UNICAST:
        return False
    return address.is_global and not any(address in network for network in NEVER_CALLED)
