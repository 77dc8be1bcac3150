"""Reports behind links that nobody can make and that end."""

from __future__ import annotations

import binascii
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import msgspec

from adapters.pages.document import Document
from adapters.pages.writing import document_of
from application.errors import TickUnreadable
from application.notice import Notice, SpendNotice
from application.ports.clock import Clock
from application.ports.reports import Reports
from application.ports.store import Store
from application.ports.vault import Vault

TOKEN = "report token"  # noqa: S105  # what a seal is for, no secret
KEY_BYTES = 16
MOMENT_BYTES = 8
LONGEST_TOKEN = 200
"""Characters: far more than any of ours has."""


@dataclass(frozen=True, slots=True)
class Link:
    """What a token says.

    Args:
        name: The report's name in the store; tells nothing.
        until: When the link ends (UTC).
    """

    name: str
    until: datetime


class NoReports(Reports):
    """Where no pages are made: the notice stays as it is."""

    async def keep(self, notice: Notice) -> Notice:
        """Give it back."""
        return notice

    def follow(self, token: str) -> Link | None:  # noqa: ARG002  # no token is any good
        """Lead nowhere."""
        return None

    async def open(self, link: Link) -> Document | None:  # noqa: ARG002  # likewise
        """Find nothing."""
        return None


class SealedReports(Reports):
    """Documents in the store, sealed, each under a name that only a sealed token tells.

    A token is the name and the moment at which it ends, sealed by the vault: it cannot be made or read
    without the key, survives restarts, and the key's rotation for as long as the old key is listed.

    Args:
        store: Where they are.
        vault: Seals documents and tokens.
        clock: What time it is.
        public_url: Where this service is reached from outside, without a slash at its end.
        lasting: How long a page can be opened.
    """

    def __init__(self, store: Store, vault: Vault, clock: Clock, public_url: str, lasting: timedelta) -> None:
        self._store = store
        self._vault = vault
        self._clock = clock
        self._public_url = public_url
        self._lasting = lasting

    async def keep(self, notice: Notice) -> Notice:
        """Write once. A failed check has no figures to draw."""
        if not isinstance(notice, SpendNotice):
            return notice
        name = self._vault.fingerprint("report", notice.id)
        document = msgspec.json.encode(document_of(notice))
        sealed = self._vault.seal(document, context=_stored_at(name))
        await self._store.put(_stored_at(name), sealed, self._lasting)
        token = self._token(name, self._clock.now() + self._lasting)
        return replace(notice, page=f"{self._public_url}/reports/{token}")

    def follow(self, token: str) -> Link | None:
        """Return where a token leads, or None when it was forged or has ended. Nothing is looked up."""
        link = self._read(token)
        return link if link and link.until > self._clock.now() else None

    async def open(self, link: Link) -> Document | None:
        """Return the report, or None when it is not there, or not to be read any more.

        Raises:
            StorageUnavailable: Nobody can say now.
        """
        sealed = await self._store.get(_stored_at(link.name))
        if sealed is None:
            return None
        try:
            content = self._vault.open(sealed, context=_stored_at(link.name))
            return msgspec.json.decode(content, type=Document)
        except (TickUnreadable, msgspec.DecodeError):  # its key was dropped; a form that none can read
            return None

    def _token(self, name: str, until: datetime) -> str:
        content = bytes.fromhex(name) + int(until.timestamp()).to_bytes(MOMENT_BYTES)
        return urlsafe_b64encode(self._vault.seal(content, context=TOKEN)).decode().rstrip("=")

    def _read(self, token: str) -> Link | None:
        """What a token holds, if it is one of ours, to the letter."""
        if len(token) > LONGEST_TOKEN or not token.isascii():
            return None
        try:
            sealed = urlsafe_b64decode(token + "=" * (-len(token) % 4))
            content = self._vault.open(sealed, context=TOKEN)
        except (binascii.Error, TickUnreadable):
            return None
        # What the alphabet does not know is skipped when decoding, and the last letter has bits to spare.
        if urlsafe_b64encode(sealed).decode().rstrip("=") != token:
            return None
        name, moment = content[:KEY_BYTES], content[KEY_BYTES:]
        return Link(name.hex(), datetime.fromtimestamp(int.from_bytes(moment), UTC))


def _stored_at(name: str) -> str:
    return f"report.{name}"
