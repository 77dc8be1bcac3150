"""Taking a tick in: sealed, stored, and nothing else."""

from __future__ import annotations

import string
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from application.accept_tick import new_tick_id, pack, unpack
from application.errors import InboxFull, ReturnUrlForbidden, StorageUnavailable
from application.ports.intake import SealedTick
from tests.doubles.fakes.clock import NOON
from tests.doubles.fakes.world import DAY, KEY, URL, World, settings


async def stored(world: World) -> list[SealedTick]:
    """What the inbox holds."""
    return [lease.tick for lease in await world.lease()]


async def test_a_tick_is_stored_sealed_under_its_id() -> None:
    """What comes out of the inbox opens, under the tick's own id, to what came in."""
    world = World()
    accepted = await world.accept()
    assert accepted.stored
    [tick] = await stored(world)
    assert tick.id == accepted.tick_id
    assert tick.channel == accepted.channel
    assert tick.accepted_at == NOON
    assert unpack(world.vault.open(tick.payload, context=tick.id)) == (URL, settings(), "")


async def test_nothing_but_storing_is_done_at_the_door() -> None:
    """Neither AWS nor the channel hears of a tick before it is stored and answered 202."""
    world = World()
    await world.accept(b"not even JSON")
    assert world.aws.identified == []
    assert world.channel.posts == []


async def test_nothing_readable_rests_in_the_inbox() -> None:
    """Neither the return_url nor a key can be read from what is stored or from what is answered."""
    world = World()
    accepted = await world.accept()
    seen = repr((accepted, await stored(world), await world.inbox.entries()))
    assert not [
        secret for secret in (URL, "canary", KEY.access_key_id, KEY.secret_access_key) if secret in seen
    ]


async def test_the_same_tick_is_not_stored_twice_while_it_waits() -> None:
    """A second tick that asks the same is accepted, but adds nothing."""
    world = World()
    assert (await world.accept()).stored
    assert not (await world.accept()).stored
    assert len(await stored(world)) == 1


@pytest.mark.parametrize("what", ["channel", "settings", "day"])
async def test_another_channel_other_settings_or_another_day_are_another_tick(what: str) -> None:
    """Only what asks the very same is the same."""
    world = World()
    await world.accept()
    if what == "day":
        world.clock.move(DAY)
    other = await world.accept(
        settings("200") if what == "settings" else None, URL + "-2" if what == "channel" else URL
    )
    assert other.stored
    assert len(await stored(world)) == 2


async def test_an_answered_tick_makes_room_for_the_same_again() -> None:
    """The next tick of the same crontab is taken in."""
    world = World()
    await world.tick()
    assert (await world.accept()).stored


async def test_a_forbidden_return_url_is_refused_before_it_is_stored() -> None:
    """What is never called does not get past the door."""
    world = World()
    world.channel.forbidden = frozenset({URL})
    with pytest.raises(ReturnUrlForbidden):
        await world.accept()
    assert await stored(world) == []


async def test_a_full_inbox_and_broken_storage_are_passed_on() -> None:
    """What was not stored is never called accepted."""
    world = World(inbox_limit=1)
    world.disk.break_after(0)
    with pytest.raises(StorageUnavailable):
        await world.accept()
    world.disk.mend()
    await world.accept()
    with pytest.raises(InboxFull):
        await world.accept(return_url=URL + "-2")


def test_ids_sort_by_time() -> None:
    """Whoever lists ticks by id lists them by age, and ticks of one moment differ."""
    ids = [new_tick_id(NOON + n * timedelta(milliseconds=1)) for n in range(100)]
    assert ids == sorted(ids)
    assert len({new_tick_id(NOON) for _ in range(100)}) == 100


@given(return_url=st.text(string.printable.replace("\n", "")), raw=st.binary())
def test_what_is_packed_is_unpacked(return_url: str, raw: bytes) -> None:
    """Any settings, newlines included, stay apart from the URL."""
    assert unpack(pack(return_url, raw)) == (return_url, raw, "")


async def test_no_more_is_kept_of_settings_than_anybody_reads() -> None:
    """What is too long to be read is kept so far that it is still too long, and no further."""
    world = World()
    await world.accept(b'["' + b"x" * 200_000 + b'"]')
    (lease,) = await world.lease()
    assert len(lease.tick.payload) < 25_000
    answer = await world.answer_tick.execute(lease)
    assert (answer.cause, "larger than 16384 bytes" in world.texts[0]) == ("settings-rejected", True)


async def test_what_it_asks_is_the_same_every_day() -> None:
    """The settings' own hash tells one question from another, whenever it is asked."""
    world = World()
    asked = []
    for raw in (settings(), settings(), settings("7")):
        await world.accept(raw)
        for lease in await world.lease():
            asked.append(lease.tick.asks)
            await world.inbox.acknowledge(lease)
        world.clock.move(DAY)
    assert asked[0] == asked[1] != asked[2]
