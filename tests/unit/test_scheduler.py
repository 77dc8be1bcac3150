"""The loop that fires watches: it outlives storage that fails, and takes up what changes."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest

from adapters.settings.watches_file import WatchesFile
from application.errors import WatchesRejected
from application.fire_watches import FireWatches
from application.monitor import Monitor
from application.ports.watches import ScheduledWatch
from domain.thresholds import UNLIMITED
from entrypoints.scheduler import LOOK_SECONDS, SOON_SECONDS, Scheduler, scheduler_of
from tests.doubles.fakes.storage import BreakableInbox, BreakableLedger
from tests.doubles.fakes.watches import EveryHours
from tests.doubles.fakes.world import KEY, URL, World


def read(text: str) -> tuple[ScheduledWatch, ...]:
    """Names, one a line, of watches that look daily; a question mark is a mistake."""
    if "?" in text:
        raise WatchesRejected("watches.toml:1: ? is a mistake.")
    monitor = Monitor(KEY, UNLIMITED)
    return tuple(ScheduledWatch(name, EveryHours(), monitor, (URL,)) for name in text.split())


@pytest.fixture
def file(tmp_path: Path) -> WatchesFile:
    """A file with one watch, read."""
    path = tmp_path / "watches.toml"
    path.write_text("production", encoding="utf-8")
    watches = WatchesFile(path, read)
    watches.load()
    return watches


def scheduler_in(world: World, file: WatchesFile) -> Scheduler:
    """The loop on the world's clock and disk."""
    fire = FireWatches(
        BreakableInbox(world.inbox, world.disk),
        BreakableLedger(world.ledger, world.disk),
        world.vault,
        file,
        world.clock,
    )
    scheduler = scheduler_of(file, fire, world.clock)
    assert scheduler
    return scheduler


def test_without_a_file_there_is_no_loop() -> None:
    """A service of ticks alone has none."""
    world = World()
    assert scheduler_of(world.watches, world.fire_watches, world.clock) is None


async def test_the_loop_sleeps_until_something_can_be_due(file: WatchesFile) -> None:
    """But looks at the file, and at the clock, in between."""
    world = World()
    scheduler = scheduler_in(world, file)
    assert await scheduler._look() == LOOK_SECONDS
    world.clock.move(12 * timedelta(hours=1) - timedelta(seconds=5))
    assert await scheduler._look() == 5
    world.clock.move(timedelta(seconds=5))
    assert await scheduler._look() == LOOK_SECONDS
    assert len(await world.inbox.entries()) == 1


async def test_storage_that_fails_leaves_a_watch_due(file: WatchesFile) -> None:
    """It is tried again soon, and nothing is missed."""
    world = World()
    scheduler = scheduler_in(world, file)
    await scheduler._look()
    world.clock.move(timedelta(days=1))
    world.disk.break_after(0)
    assert await scheduler._look() == SOON_SECONDS
    world.disk.mend()
    await scheduler._look()
    assert len(await world.inbox.entries()) == 1


async def test_a_hangup_is_heard_while_the_loop_sleeps(file: WatchesFile) -> None:
    """And a stop ends it; what it says of itself is what ``/ready`` shows."""
    scheduler = scheduler_in(World(), file)
    assert scheduler.state.startswith("failed")
    scheduler.start()
    assert scheduler.state == "ready"
    change(file, "?")
    scheduler.look_now()
    async with asyncio.timeout(10):
        while not file.broken:  # noqa: ASYNC110  # the loop tells nobody
            await asyncio.sleep(0.01)
    assert scheduler.state.startswith("ready, but the changed file is broken")
    await scheduler.stop()
    assert not scheduler.running


def change(file: WatchesFile, text: str) -> None:
    """Write another text."""
    file.path.write_text(text, encoding="utf-8")


def test_a_broken_text_is_told_once_and_leaves_what_was(file: WatchesFile) -> None:
    """A file that is gone is broken too; when it is back, it is in force."""
    change(file, "?")
    assert (file.reload(), file.reload()) == (True, False)
    assert [watch.name for watch in file.all()] == ["production"]
    assert file.broken == ("watches.toml:1: ? is a mistake.",)
    file.path.unlink()
    assert file.reload()
    assert "cannot be read" in file.broken[0]
    change(file, "staging web")
    assert file.reload()
    assert [watch.name for watch in file.all()] == ["staging", "web"]
    assert not file.broken


def test_the_same_text_again_mends_a_file_that_was_gone(file: WatchesFile) -> None:
    """Put back as it was, nothing is wrong with it any more."""
    file.path.unlink()
    assert file.reload()
    change(file, "production")
    assert file.reload()
    assert file.broken == ()


@pytest.mark.parametrize("text", ["?", "\udcff"])
def test_a_first_text_that_is_broken_stops_the_start(tmp_path: Path, text: str) -> None:
    """Nothing would be in force."""
    path = tmp_path / "watches.toml"
    path.write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(WatchesRejected):
        WatchesFile(path, read).load()
