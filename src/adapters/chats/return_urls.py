"""Which return_urls are called, as far as their spelling tells."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from functools import lru_cache
from ipaddress import ip_address

from yarl import URL

from adapters.chats.addresses import IPAddress, is_public
from adapters.chats.well_known import is_well_known
from application.errors import ReturnUrlForbidden

LONGEST = 2048
REMEMBERED = 1024

PLAIN = re.compile(r"[!-\[\]-~]+")
"""Printable ASCII without blanks and backslash: what every URL parser reads in the same way."""

LABEL = r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?"
NAME = re.compile(rf"(?=.{{1,253}}\Z)(?:{LABEL}\.)*(?P<top>{LABEL})")

NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")
"""A host that ends in one is an IPv4 address (WHATWG): 127.1, 0x7f000001, 0177.0.0.1, 2130706433."""

LOCAL_TOPS = frozenset(
    ("localhost", "localdomain", "local", "internal", "intranet", "private", "corp", "home", "lan", "arpa")
)
"""Top-level names that mean something near. Source: RFC 6761, RFC 6762, ICANN's list of collisions."""


class ReturnUrlRules:
    """The rules for return_urls, and the URL that a return_url is called as.

    Args:
        allow_private: Plain http, every port, private addresses and local names become acceptable.
        allowed_hosts: If any, only these: ``example.com`` is that host; ``*.example.com`` or
            ``.example.com`` is every host below it, itself not included.
        public: Says which addresses are public.
    """

    def __init__(
        self,
        *,
        allow_private: bool = False,
        allowed_hosts: Collection[str] = (),
        public: Callable[[IPAddress], bool] = is_public,
    ) -> None:
        hosts = [host.lower().removeprefix("*").strip("[]") for host in allowed_hosts]
        self._hosts = frozenset(host for host in hosts if not host.startswith("."))
        self._parents = tuple(host for host in hosts if host.startswith("."))
        self._own: set[str] = set()
        self._allow_private = allow_private
        self._public = public
        self.read: Callable[[str], URL] = lru_cache(REMEMBERED)(self._read)
        """Return the very URL to call, or raise ReturnUrlForbidden. No network."""

    def trusts(self, host: str) -> bool:
        """Whether no stranger can own this host: it is well known, or the operator has named it."""
        return is_well_known(host) or host in self._hosts or host in self._own

    def trust(self, host: str) -> None:
        """The operator has named it, as where a watch reports to."""
        self._own.add(host)

    def allows(self, address: IPAddress) -> bool:
        """Whether a connection may be made to this address."""
        return self._allow_private or self._public(address)

    def forbidden(self, rule: str) -> ReturnUrlForbidden:
        """The error for a broken rule: what is wrong, what is accepted, and no part of the URL."""
        if self._allow_private:
            accepted = "an http or https URL with a host"
        else:
            accepted = "an https URL with a public host, on port 443 or above 1023"
        if self._hosts or self._parents:
            accepted += " that the operator of this service allows"
        return ReturnUrlForbidden(
            f"return_url {rule}. Accepted is {accepted}, in at most {LONGEST} characters of ASCII, "
            "without user name, blank, backslash and fragment."
        )

    def _read(self, return_url: str) -> URL:
        if len(return_url) > LONGEST:
            raise self.forbidden(f"is longer than {LONGEST} characters")
        if not PLAIN.fullmatch(return_url):
            raise self.forbidden("is empty, or holds a blank, a backslash or a character outside ASCII")
        try:
            url = URL(return_url)
        except (ValueError, IndexError):  # its text repeats the URL; yarl stumbles over "[::1]@"
            raise self.forbidden("is not a URL") from None
        if url.scheme != "https" and not (self._allow_private and url.scheme == "http"):
            raise self.forbidden("does not begin with https://")
        if "#" in return_url:
            raise self.forbidden("has a fragment")
        self._check_authority(url, written=re.split(r"[/?]", return_url.partition("://")[2])[0])
        self._check_host(url.raw_host or "")
        return url

    def _check_authority(self, url: URL, written: str) -> None:
        if "@" in written:
            raise self.forbidden("has a user name")
        if not url.raw_host:
            raise self.forbidden("has no host")
        # Parsers that disagree do so over odd spellings. So what ours has understood must be what is there.
        if written.lower() != url.raw_authority:
            raise self.forbidden("spells its host or port in an odd way")
        port = url.port or 0
        if port == 0 or not (self._allow_private or port == 443 or port > 1023):  # noqa: PLR2004  # https; unprivileged
            raise self.forbidden("names a port that is not called")

    def _check_host(self, host: str) -> None:
        address = _address(host)
        if address is not None:
            if "%" in host or not self.allows(address):
                raise self.forbidden("names an address that is not public")
        else:
            self._check_name(host)
        if (self._hosts or self._parents) and not (host in self._hosts or host.endswith(self._parents)):
            raise self.forbidden("names a host that is not on this service's list")

    def _check_name(self, name: str) -> None:
        match = NAME.fullmatch(name)
        if match is None or NUMBER.fullmatch(match["top"]):
            raise self.forbidden("names a host that is neither a host name nor a plainly written address")
        if not self._allow_private and (match["top"] in LOCAL_TOPS or "." not in name):
            raise self.forbidden("names a host that is not public")


@lru_cache(maxsize=1024)
def _address(host: str) -> IPAddress | None:
    try:
        return ip_address(host)
    except ValueError:
        return None
