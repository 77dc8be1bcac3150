"""Which destination a return_url leads to. The next chat is one more file, and one more line here."""

from __future__ import annotations

import re
from collections.abc import Sequence

from yarl import URL

from adapters.chats.destination import Destination
from adapters.chats.discord import DISCORD
from adapters.chats.googlechat import GOOGLE_CHAT
from adapters.chats.return_urls import ReturnUrlRules
from adapters.chats.slack import SLACK
from adapters.chats.teams import TEAMS
from adapters.chats.telex import TELEX
from adapters.chats.webhook import webhook
from application.errors import ReturnUrlForbidden
from application.ports.clock import Clock

PREFIXED = re.compile(r"(?P<prefix>[A-Za-z]{1,20})\+(?P<url>https?://.*)", re.DOTALL | re.IGNORECASE)

KEPT_AS_WRITTEN = re.compile(r"(?:[A-Za-z0-9._~!$&'()*+,;=:@/?-]|%[0-9A-Fa-f]{2})*")
"""A query of these is called just as it is written: a signature in it may count every character."""


class Destinations:
    """All destinations that are called by HTTP, in the order in which they are asked for their own.

    Args:
        rules: Say which URLs are called.
        secrets: What webhooks are signed with.
        clock: For the moment in a signature.
    """

    def __init__(self, rules: ReturnUrlRules, secrets: Sequence[bytes], clock: Clock) -> None:
        self._rules = rules
        self._all = (
            SLACK,
            TEAMS,
            DISCORD,
            GOOGLE_CHAT,
            webhook(secrets, clock),
            TELEX,  # the last: whatever is none of the others
        )
        self._by_prefix = {destination.prefix: destination for destination in self._all}

    def find(self, return_url: str) -> tuple[Destination, URL]:
        """Return the destination, and the very URL to call. No network.

        Raises:
            ReturnUrlForbidden: The URL is none that is called, or its prefix is none of ours.
        """
        match = PREFIXED.fullmatch(return_url)
        written = match["url"] if match else return_url
        url = _as_written(self._rules.read(written), written)
        if match is None:
            return next(one for one in self._all if one.recognises(url)), url
        destination = self._by_prefix.get(match["prefix"].lower())
        if destination is None:
            raise ReturnUrlForbidden(
                f"return_url begins with a name that is none of a chat. Accepted before +https:// are "
                f"{', '.join(self._by_prefix)}."
            )
        return destination, url


def _as_written(url: URL, written: str) -> URL:
    query = written.partition("?")[2]
    return with_query(url, query) if query and KEPT_AS_WRITTEN.fullmatch(query) else url


def with_query(url: URL, query: str) -> URL:
    """The URL with this query, character by character."""
    return URL.build(
        scheme=url.scheme, authority=url.raw_authority, path=url.raw_path, query_string=query, encoded=True
    )
