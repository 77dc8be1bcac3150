"""Hosts that no stranger can own, and so can neither slow down nor take away."""

from __future__ import annotations

DOMAINS = ("telex.im", "telextest.im", "slack.com", "slack-gov.com", "discord.com", "discordapp.com")
"""With every host below them. Source: docs/facts/telex.md, docs/facts/chats.md."""

HOSTS = frozenset({*DOMAINS, "chat.googleapis.com"})
"""Teams is not among them: everybody can make a flow that answers when he likes."""

_BELOW = tuple(f".{domain}" for domain in DOMAINS)


def is_well_known(host: str) -> bool:
    """Whether a host name, in lower case and without a port, is one of these."""
    return host in HOSTS or host.endswith(_BELOW)
