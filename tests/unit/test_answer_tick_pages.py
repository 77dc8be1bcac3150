"""A report's page is there before the channel is told of it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from adapters.pages.reports import SealedReports
from adapters.pages.writing import document_of
from adapters.state.memory import MemoryStore
from application.answer import Outcome
from application.errors import StorageUnavailable
from application.notice import FailureNotice, SpendNotice
from tests.doubles.fakes.storage import BreakableStore, Disk
from tests.doubles.fakes.world import World, settings

BASE = "https://spend.example"


class PagedWorld(World):
    """A world whose reports have pages, on a disk of their own."""

    def __init__(self) -> None:
        super().__init__()
        self.shelf = Disk()
        store = BreakableStore(MemoryStore(self.clock), self.shelf)
        self.kept = SealedReports(store, self.vault, self.clock, BASE, timedelta(days=30))
        self.reports = self.kept
        self.restart()


async def test_what_the_channel_is_told_has_a_page_that_shows_it() -> None:
    """The address in the notice opens the document of that notice."""
    world = PagedWorld()
    assert (await world.tick()).outcome is Outcome.TOLD
    (_, notice) = world.channel.posts[-1]
    assert isinstance(notice, SpendNotice)
    link = world.kept.follow(notice.page.removeprefix(f"{BASE}/reports/"))
    assert link is not None
    assert await world.kept.open(link) == document_of(notice)
    assert f"{BASE}/reports/" in world.texts[-1]
    assert "console.aws" not in world.texts[-1]


async def test_without_its_page_nothing_is_told() -> None:
    """A chat fetches the picture as soon as it has the message; the tick comes back and tells it then."""
    world = PagedWorld()
    await world.accept()
    (lease,) = await world.lease()
    world.shelf.break_after(0)
    with pytest.raises(StorageUnavailable):
        await world.answer_tick.execute(lease)
    assert world.channel.posts == []
    world.shelf.mend()
    world.clock.move(timedelta(minutes=5))
    (answer,) = await world.work()
    assert answer.outcome is Outcome.TOLD


async def test_a_failed_check_has_no_page() -> None:
    """There is nothing to draw, and nothing is written for it."""
    world = PagedWorld()
    world.shelf.break_after(0)
    assert (await world.tick(settings(threshold="ten"))).outcome is Outcome.FAILURE_TOLD
    assert isinstance(world.channel.posts[-1][1], FailureNotice)
