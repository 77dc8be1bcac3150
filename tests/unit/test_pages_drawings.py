"""Drawing for crowds: in turn, once for many, and within bounds."""

from __future__ import annotations

import asyncio

import pytest

from adapters.pages.drawings import MOST_BYTES, MOST_WAITING, Drawings, TooManyReaders
from adapters.pages.sample import sample_message


class Artist:
    """Draws when it is let, and counts."""

    def __init__(self) -> None:
        self.may_end = asyncio.Event()
        self.drawn = 0
        self.at_once = 0
        self.most_at_once = 0

    async def draw(self) -> bytes:
        """Take some time."""
        self.at_once += 1
        self.most_at_once = max(self.at_once, self.most_at_once)
        await self.may_end.wait()
        self.at_once -= 1
        self.drawn += 1
        return b"a picture"


async def test_a_crowd_costs_one_drawing() -> None:
    """Everybody gets what the first one had drawn."""
    drawings, artist = Drawings(), Artist()
    readers = [asyncio.create_task(drawings.get("one", artist.draw)) for _ in range(20)]
    await asyncio.sleep(0)
    artist.may_end.set()
    assert set(await asyncio.gather(*readers)) == {b"a picture"}
    assert artist.drawn == 1


async def test_different_pages_are_drawn_in_turn() -> None:
    """Never two at once, so that the door has the rest of the core."""
    drawings, artist = Drawings(), Artist()
    readers = [asyncio.create_task(drawings.get(str(n), artist.draw)) for n in range(5)]
    await asyncio.sleep(0)
    artist.may_end.set()
    await asyncio.gather(*readers)
    assert (artist.drawn, artist.most_at_once) == (5, 1)


async def test_who_comes_when_many_wait_is_asked_to_come_back() -> None:
    """And what is at hand is given even then."""
    drawings, artist = Drawings(), Artist()
    artist.may_end.set()
    await drawings.get("at hand", artist.draw)
    artist.may_end.clear()
    waiting = [asyncio.create_task(drawings.get(str(n), artist.draw)) for n in range(MOST_WAITING)]
    await asyncio.sleep(0)
    with pytest.raises(TooManyReaders):
        await drawings.get("one more", artist.draw)
    assert await drawings.get("at hand", artist.draw) == b"a picture"
    artist.may_end.set()
    await asyncio.gather(*waiting)
    assert await drawings.get("one more", artist.draw) == b"a picture"


async def test_what_fails_is_tried_again_by_the_next() -> None:
    """No failure and no absence is kept."""
    drawings, artist = Drawings(), Artist()
    artist.may_end.set()

    async def fail() -> bytes:
        raise OSError

    async def nothing() -> None:
        return None

    with pytest.raises(OSError):  # noqa: PT011  # it has no text
        await drawings.get("one", fail)
    assert await drawings.get("one", nothing) is None
    assert await drawings.get("one", artist.draw) == b"a picture"


async def test_what_is_at_hand_takes_bounded_room() -> None:
    """The page that was opened longest ago goes first."""
    drawings, drawn = Drawings(), []

    async def large(name: str) -> bytes:
        drawn.append(name)
        return b"x" * (MOST_BYTES // 3)

    for name in ("a", "b", "c", "a", "d", "a", "b"):
        await drawings.get(name, lambda name=name: large(name))  # type: ignore[misc]
    assert drawn == ["a", "b", "c", "d", "b"]
    assert sum(len(content) for content in drawings._kept.values()) <= MOST_BYTES


def test_the_sample_on_the_landing_page_is_a_real_message() -> None:
    """Its first lines are those that the channel of a breach has."""
    lines = sample_message().splitlines()
    assert lines[0] == "🔔 AWS Spend Alert"
    assert "🏦 AWS Account: 123456789012" in lines
    assert any(line.startswith("🔴 Status: Exceeded Budget") for line in lines)
    assert lines[-1].endswith("https://…/reports/…")
