"""Take a tick in."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from application.ports.channel import Channel
from application.ports.clock import Clock
from application.ports.intake import Intake, SealedTick
from application.ports.vault import Vault

WATCH_MARK = b"\0watch "

MOST_SETTINGS_KEPT = 20 * 1024
"""Bytes: more than settings may have, so that what is longer is still too long when it is read."""


@dataclass(frozen=True, slots=True)
class Accepted:
    """What became of a tick at the door.

    Args:
        tick_id: Its id.
        channel: Keyed hash of its return_url.
        stored: False when a tick that asks the same is still unanswered; nothing was stored then.
    """

    tick_id: str
    channel: str
    stored: bool


@dataclass(frozen=True, slots=True)
class AcceptTick:
    """Seal a tick and put it into the inbox. Everything else happens behind the door."""

    inbox: Intake
    vault: Vault
    channel: Channel
    clock: Clock

    async def execute(self, return_url: str, settings: bytes) -> Accepted:
        """Return once the tick is on durable storage.

        Args:
            return_url: Where the answer goes.
            settings: The raw JSON of the tick's ``settings``, read later.

        Raises:
            ReturnUrlForbidden: The URL is none that is ever called.
            InboxFull: Come back later.
            StorageUnavailable: Come back later.
        """
        self.channel.check(return_url)
        now = self.clock.now()
        tick_id = new_tick_id(now)
        channel = self.vault.fingerprint("channel", return_url)
        twin = self.vault.fingerprint("twin", return_url, settings, now.date().isoformat())
        host = self.vault.fingerprint("host", host_of(return_url))
        asks = self.vault.fingerprint("settings", settings)
        payload = self.vault.seal(pack(return_url, settings[:MOST_SETTINGS_KEPT]), context=tick_id)
        stored = await self.inbox.put(SealedTick(tick_id, channel, twin, now, payload, host, asks))
        return Accepted(tick_id, channel, stored)


def new_tick_id(now: datetime) -> str:
    """Milliseconds since 1970 and 48 random bits: ids sort by time."""
    return f"{int(now.timestamp() * 1000):012x}-{secrets.token_hex(6)}"


def host_of(return_url: str) -> str:
    """The host that it names, in lower case; empty where it names none that can be read."""
    try:
        return urlsplit(return_url).hostname or ""
    except ValueError:
        return ""


def pack(return_url: str, settings: bytes) -> bytes:
    """What is sealed: the URL (which holds no newline), a newline, the settings."""
    return return_url.encode() + b"\n" + settings


def pack_watch(destination: str, watch: str) -> bytes:
    """What is sealed of a watch's tick. No tick from outside begins like that: no URL that is called does."""
    return WATCH_MARK + pack(destination, watch.encode())


def unpack(payload: bytes) -> tuple[str, bytes, str]:
    """The return_url, the raw settings, and for a watch's tick the watch's name."""
    return_url, _, settings = payload.removeprefix(WATCH_MARK).partition(b"\n")
    return return_url.decode(), settings, settings.decode() if payload.startswith(WATCH_MARK) else ""
