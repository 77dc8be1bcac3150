"""The pages' port, over the adapter that keeps reports: links that nobody can make and that end."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import msgspec
import pytest
import pytest_asyncio

from adapters.pages.document import Document
from adapters.pages.reports import NoReports, SealedReports
from adapters.pages.writing import document_of
from adapters.state.memory import open_memory_state
from adapters.vault import AesGcmVault
from application.notice import Notice, SpendNotice
from application.ports.store import Store
from tests.doubles.fakes.clock import NOON, FixedClock
from tests.doubles.fakes.notices import EVERY_KIND, EXCEEDED, FAILED, WITHIN

OLD, NEW = bytes(range(32)), bytes(range(1, 33))
BASE = "https://spend.example"
LASTING = timedelta(days=30)


class Shelf:
    """Reports on a store in memory, and a clock to move.

    Args:
        store: Where they are kept.
    """

    def __init__(self, store: Store) -> None:
        self.store = store
        self.clock = FixedClock(NOON)
        self.reports = self.with_keys(OLD)

    def with_keys(self, *keys: bytes) -> SealedReports:
        """Another process on the same store."""
        return SealedReports(self.store, AesGcmVault(keys), self.clock, BASE, LASTING)

    async def open(self, token: str, *keys: bytes) -> Document | None:
        """Open what a token leads to, in a process with these keys."""
        reports = self.with_keys(*keys) if keys else self.reports
        link = reports.follow(token)
        return await reports.open(link) if link else None

    async def keep(self, notice: SpendNotice = WITHIN) -> str:
        """Keep a report; return its token."""
        kept = await self.reports.keep(notice)
        assert isinstance(kept, SpendNotice)
        return kept.page.removeprefix(f"{BASE}/reports/")


@pytest_asyncio.fixture
async def shelf() -> AsyncIterator[Shelf]:
    """An empty one."""
    async with open_memory_state(FixedClock(NOON), 10) as state:
        yield Shelf(state.store)


async def test_what_was_told_is_what_is_opened(shelf: Shelf) -> None:
    """The document, whole."""
    token = await shelf.keep(EXCEEDED)
    assert await shelf.open(token) == document_of(EXCEEDED)
    link = shelf.reports.follow(token)
    assert link is not None
    assert link.until == NOON + LASTING


async def test_a_link_is_short_and_tells_nothing(shelf: Shelf) -> None:
    """Letters that need no escape; no id, account, day or figure can be read in it."""
    token = await shelf.keep()
    assert len(token) < 80
    assert token.replace("-", "").replace("_", "").isalnum()
    content = urlsafe_b64decode(token + "==")
    assert shelf.reports._vault.fingerprint("report", WITHIN.id) not in content.hex()
    assert WITHIN.id.encode() not in content


async def test_what_is_kept_is_sealed(shelf: Shelf) -> None:
    """Nothing of a report rests in the clear."""
    await shelf.keep()
    name = shelf.reports._vault.fingerprint("report", WITHIN.id)
    kept = await shelf.store.get(f"report.{name}")
    assert kept is not None
    assert WITHIN.account.id.encode() not in kept
    assert b"EC2" not in kept


async def test_the_same_told_again_has_one_report_and_both_links_work(shelf: Shelf) -> None:
    """A retry after a post whose answer was lost."""
    first = await shelf.keep()
    again = await shelf.keep(replace(WITHIN, made_at=NOON + timedelta(hours=1)))
    opened = [await shelf.open(token) for token in (first, again)]
    assert [one and one.made_at for one in opened] == [NOON + timedelta(hours=1)] * 2


async def test_a_link_ends(shelf: Shelf) -> None:
    """To the second, whatever the store still has."""
    token = await shelf.keep()
    shelf.clock.move_to(NOON + LASTING - timedelta(seconds=1))
    assert await shelf.open(token)
    shelf.clock.move_to(NOON + LASTING)
    assert await shelf.open(token) is None


async def test_a_link_survives_restart_and_the_rotation_of_keys(shelf: Shelf) -> None:
    """As long as the key that sealed it is listed."""
    token = await shelf.keep()
    assert await shelf.open(token, OLD)
    assert await shelf.open(token, NEW, OLD)
    assert await shelf.open(token, NEW) is None


async def test_forged_links_lead_nowhere(shelf: Shelf) -> None:
    """Another key's, every other spelling, every flipped bit, noise, a seal for something else."""
    token = await shelf.keep()
    sealed = urlsafe_b64decode(token + "=" * (-len(token) % 4))
    flipped = [
        urlsafe_b64encode(sealed[:n] + bytes([sealed[n] ^ 1]) + sealed[n + 1 :]).decode().rstrip("=")
        for n in range(len(sealed))
    ]
    spelled = [f"{token}=", f"{token}==", f" {token}", f"{token}\n", f"{token[:9]}!{token[9:]}", token + "A"]
    last = [token[:-1] + letter for letter in "ABCDEFGHIJKLMNOPQRSTUVWXYZ" if letter != token[-1]]
    noise = ["", "x", "é" * 40, "A" * 10_000, "../../etc/passwd", "\x00", "%00"]
    vault = shelf.reports._vault
    other = urlsafe_b64encode(vault.seal(b"\0" * 24, context="another purpose")).decode()
    for forged in (*flipped, *spelled, *last, *noise, other):
        assert await shelf.open(forged) is None


async def test_a_report_that_the_store_has_lost_is_not_there(shelf: Shelf) -> None:
    """A good token alone opens nothing."""
    token = await shelf.keep()
    await shelf.store.remove(f"report.{shelf.reports._vault.fingerprint('report', WITHIN.id)}")
    assert await shelf.open(token) is None


async def test_a_report_of_another_version_is_opened(shelf: Shelf) -> None:
    """An older one lacks keys, a newer one has more; what no version wrote is not there."""
    token = await shelf.keep()
    name = f"report.{shelf.reports._vault.fingerprint('report', WITHIN.id)}"
    for content, readable in (
        ({"period": {"start": "2026-11-22", "end": "2026-11-23"}, "colour": "blue"}, True),
        ({"period": "yesterday"}, False),
        ([], False),
    ):
        sealed = shelf.reports._vault.seal(msgspec.json.encode(content), context=name)
        await shelf.store.put(name, sealed, LASTING)
        assert (await shelf.open(token) is not None) is readable


@pytest.mark.parametrize("notice", EVERY_KIND)
async def test_a_notice_is_kept_whole_and_only_its_page_is_added(notice: Notice, shelf: Shelf) -> None:
    """Whether there is a page or none to make."""
    assert await NoReports().keep(notice) == notice
    kept = await shelf.reports.keep(notice)
    if isinstance(kept, SpendNotice):
        assert kept.page.startswith(f"{BASE}/reports/")
        kept = replace(kept, page="")
    assert kept == notice


async def test_a_failed_check_has_no_page(shelf: Shelf) -> None:
    """There is nothing to draw."""
    assert await shelf.reports.keep(FAILED) is FAILED
