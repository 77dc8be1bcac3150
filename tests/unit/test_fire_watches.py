"""A watch's ticks: put when its time has come, once, by any number of processes."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from adapters.chats.return_urls import ReturnUrlRules
from application.accept_tick import pack, pack_watch, unpack
from application.answer import Outcome
from application.errors import InboxFull, ReturnUrlForbidden, StorageUnavailable
from application.fire_watches import CLAIM_LASTS, SAID, Fired, FireWatches, watch_page
from application.monitor import Monitor
from domain.notify import Notify
from domain.thresholds import Threshold, Verdict
from tests.doubles.fakes.world import DAY, KEY, URL, World, bill

SLACK = "https://hooks.slack.com/services/T0/B0/canary"
MAIL = "mailto:finance@example.com"
MONITOR = Monitor(KEY, Threshold(Decimal(5)), notify=Notify.EVERY_CHECK)
HOURS = timedelta(hours=1)


def world_with(*destinations: str, hours: int = 24) -> World:
    """A world with one watch, whose budget is always exceeded and which speaks at every look."""
    world = World()
    world.watches.add("production", MONITOR, *(destinations or (SLACK,)), hours=hours)
    return world


def other_process(world: World) -> FireWatches:
    """One that shares the world's state and nothing else."""
    fire = world.fire_watches
    return FireWatches(fire.inbox, fire.ledger, fire.vault, fire.watches, fire.clock)


async def fire(world: World) -> list[Fired]:
    """Fire what is due now."""
    return await world.fire_watches.execute()


def names(fired: Sequence[Fired]) -> list[tuple[str, int]]:
    """Which watches, and how many ticks of each."""
    return [(one.watch, one.ticks) for one in fired]


async def test_a_watch_that_is_due_tells_each_of_its_destinations() -> None:
    """An e-mail address too, since the operator has named it."""
    world = world_with(SLACK, MAIL)
    assert await fire(world) == []
    world.clock.move(DAY)
    assert names(await fire(world)) == [("production", 2)]
    assert [answer.outcome for answer in await world.work()] == [Outcome.TOLD] * 2
    assert [url for url, _ in world.channel.posts] == [SLACK, MAIL]
    assert world.channel.own == {SLACK, MAIL}, "they wait for no stranger's host"
    assert await fire(world) == []


async def test_a_time_is_fired_once_however_many_processes_there_are() -> None:
    """At the same moment, after it, and once more after the tick has been answered."""
    world = world_with()
    crew = [other_process(world) for _ in range(5)]
    for process in crew:
        await process.execute()
    world.clock.move(DAY)
    fired = await asyncio.gather(*(process.execute() for process in crew))
    assert sum(len(one) for one in fired) == 1
    await world.work()
    assert [await process.execute() for process in (*crew, other_process(world))] == [[]] * 6
    assert len(world.channel.posts) == 1


async def test_a_new_watch_has_missed_nothing_and_neither_has_a_new_schedule() -> None:
    """Only a time that came while the watch was there is made up for."""
    world = world_with(hours=24)
    await fire(world)
    world.clock.move(DAY)
    world.account.bill = bill(world.today)
    await fire(world)
    await world.work()
    world.watches.list.clear()
    world.watches.add("production", MONITOR, SLACK, hours=1)
    world.watches.add("another", MONITOR, SLACK, hours=1)
    assert await fire(world) == []
    world.clock.move(HOURS)
    assert names(await fire(world)) == [("production", 1), ("another", 1)]


async def test_a_week_without_a_process_is_made_up_for_by_one_look() -> None:
    """By the last of the times; a start in time is not late."""
    world = world_with()
    await fire(world)
    world.clock.move(7 * DAY)
    (fired,) = await other_process(world).execute()
    assert (fired.ticks, fired.late) == (1, timedelta(hours=12)), "due at midnight, and it is noon"


@pytest.mark.parametrize("accesses", [1, 2, 3])
async def test_a_process_that_dies_while_it_fires_is_stood_in_for(accesses: int) -> None:
    """After its claim has lapsed: nothing is lost, and the same tick is not there twice."""
    world = world_with(SLACK, MAIL)
    await fire(world)
    world.clock.move(DAY)
    world.disk.break_after(accesses)
    with pytest.raises(StorageUnavailable):
        await fire(world)
    world.disk.mend()
    other = other_process(world)
    assert await other.execute() == []
    world.clock.move(CLAIM_LASTS)
    assert len(await other.execute()) == 1
    assert len(await world.inbox.entries()) == 2


async def test_what_finds_the_inbox_full_stays_due() -> None:
    """It is put as soon as there is room."""
    world = World(inbox_limit=1)
    world.watches.add("production", MONITOR, SLACK, MAIL)
    await fire(world)
    world.clock.move(DAY)
    world.account.bill = bill(world.today)
    with pytest.raises(InboxFull):
        await fire(world)
    await world.work()
    assert names(await fire(world)) == [("production", 1)], "the other one has been told already"
    await world.work()
    assert [url for url, _ in world.channel.posts] == [SLACK, MAIL]


async def test_a_tick_that_still_waits_is_not_joined_by_another_of_its_day() -> None:
    """An hourly watch does not pile up behind a chat that is away."""
    world = world_with(hours=1)
    await fire(world)
    for _ in range(5):
        world.clock.move(HOURS)
        await fire(world)
    assert len(await world.inbox.entries()) == 1


async def test_the_tick_of_a_watch_that_is_gone_is_looked_for_and_then_dropped() -> None:
    """Another process may have a newer file; after minutes nobody wants it any more, and nobody is told."""
    world = world_with()
    await fire(world)
    world.clock.move(DAY)
    await fire(world)
    world.watches.list.clear()
    answers = await world.work_for(10 * timedelta(minutes=1))
    assert {answer.cause for answer in answers} == {"watch-unknown"}
    assert answers[-1].outcome is Outcome.SILENT
    assert await world.inbox.entries() == []
    assert world.channel.posts == []


async def test_a_destination_that_was_taken_out_of_a_watch_hears_no_more() -> None:
    """Not even from a tick that was put for it before."""
    world = world_with(SLACK)
    await fire(world)
    world.clock.move(DAY)
    await fire(world)
    world.watches.list[0] = replace(world.watches.list[0], destinations=(MAIL,))
    await world.work_for(10 * timedelta(minutes=1))
    assert world.channel.posts == []


async def test_a_file_that_is_read_a_moment_later_is_in_time() -> None:
    """The process that answers may be slower to read it than the one that fires."""
    world = world_with()
    await fire(world)
    world.clock.move(DAY)
    await fire(world)
    watches, world.watches.list = world.watches.list, []
    await world.work()
    world.watches.list = watches
    await world.work_for(timedelta(minutes=2))
    assert len(world.channel.posts) == 1


async def test_what_a_watch_said_last_is_kept_with_it() -> None:
    """For ``watches list``, whatever account it turned out to be."""
    world = world_with()
    await fire(world)
    world.clock.move(DAY)
    await fire(world)
    await world.work()
    page = await world.ledger.read(watch_page(world.vault, "production"), SAID)
    assert [told.verdicts for told in page.told.values()][-1] == (Verdict.NOT_PUBLISHED,)


@pytest.mark.parametrize("settings", [b"production", b'"production"', b"\0watch production"])
async def test_no_tick_from_outside_passes_for_a_watchs(settings: bytes) -> None:
    """Whatever it is made of: the mark stands before the URL, and no URL that is called begins like it."""
    world = world_with()
    await world.accept(settings)
    await world.work()
    assert [type(notice).__name__ for _, notice in world.channel.posts] == ["FailureNotice"]
    forged = pack_watch(SLACK, "production")
    assert unpack(forged) == (SLACK, b"production", "production")
    assert unpack(pack(URL, settings))[2] == ""
    for url in (forged.decode().partition("\n")[0], forged.decode()):
        with pytest.raises(ReturnUrlForbidden):
            ReturnUrlRules(allow_private=True).read(url)


async def test_an_e_mail_address_is_for_watches_only() -> None:
    """A stranger's tick that names one is refused at the door."""
    world = World()
    with pytest.raises(ReturnUrlForbidden):
        await world.accept(return_url=MAIL)
