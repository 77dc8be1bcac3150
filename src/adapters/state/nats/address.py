"""What a ``nats://`` address says."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import parse_qsl, unquote, urlsplit

FORM = (
    "accepted is nats://[user:password@|token@]host[:4222][,host[:4222]…]"
    "[?ca=FILE&cert=FILE&key=FILE&creds=FILE]"
)
FILES = ("ca", "cert", "key", "creds")


@dataclass(frozen=True, slots=True)
class NatsAddress:
    """Where a NATS cluster is, and how to be let in.

    Args:
        hosts: ``host:port`` of one or more of its nodes; the others are learnt from these.
        user: With ``password``.
        password: With ``user``.
        token: In place of both.
        ca: A file of the certificates to trust, in place of the system's. A server that demands TLS gets it.
        cert: A file with our own certificate, for servers that verify clients; with ``key``.
        key: A file with its key.
        creds: A ``.creds`` file: a user's JWT and its key.
    """

    hosts: tuple[str, ...]
    user: str | None = field(default=None, repr=False)
    password: str | None = field(default=None, repr=False)
    token: str | None = field(default=None, repr=False)
    ca: str | None = None
    cert: str | None = None
    key: str | None = None
    creds: str | None = None

    def __str__(self) -> str:
        return f"NATS at {', '.join(self.hosts)}"


def parse_address(text: str) -> NatsAddress:
    """Read an address. What has a special character in it is percent-encoded, as in every URL.

    Raises:
        ValueError: It cannot be used. The error names what is accepted and repeats no value.
    """
    # Not by urlsplit(): newer Pythons refuse a list in which a later host is an IPv6 address.
    scheme, _, rest = text.partition("://")
    rest, _, query = rest.partition("?")
    authority, _, path = rest.partition("/")
    userinfo, _, hosts = authority.rpartition("@")
    try:
        options = dict(parse_qsl(query, strict_parsing=True)) if query else {}
        address = NatsAddress(
            tuple(_host(host) for host in hosts.split(",")),
            **_credentials(userinfo),
            **{name: options.pop(name) for name in FILES if name in options},
        )
    except ValueError:
        raise ValueError(f"not an address of a NATS cluster; {FORM}") from None
    if scheme.lower() != "nats" or path.strip("/") or "#" in text or options:
        raise ValueError(f"not an address of a NATS cluster; {FORM}")
    if bool(address.cert) != bool(address.key):
        raise ValueError(f"cert and key go together; {FORM}")
    return address


def _host(text: str) -> str:
    parts = urlsplit(f"//{text}")
    if not parts.hostname or parts.username is not None:
        raise ValueError
    name = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return f"{name}:{parts.port or 4222}"


def _credentials(userinfo: str) -> dict[str, str]:
    first, colon, password = userinfo.partition(":")
    if colon:
        return {"user": unquote(first), "password": unquote(password)}
    return {"token": unquote(first)} if first else {}
