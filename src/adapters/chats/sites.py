"""Whose a host is, as far as its name tells: names below a domain are free to whoever owns it."""

from __future__ import annotations

from ipaddress import ip_address, ip_network

NETWORK_BITS = {4: 24, 6: 48}
"""What one owner easily has of addresses, by IP version."""


def site_of(host: str) -> str:
    """The last two labels of a name, or the network of an address.

    Under a suffix that many share (``co.uk``) they share a site too; it matters only until a host has
    delivered for the first time.
    """
    try:
        address = ip_address(host.strip("[]"))
    except ValueError:
        return ".".join(host.split(".")[-2:])
    return str(ip_network((address, NETWORK_BITS[address.version]), strict=False))
