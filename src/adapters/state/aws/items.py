"""Ticks as items of the table, and the writes that change them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple, cast

from adapters.state.aws.table import Item, Write
from adapters.state.limits import size_of
from adapters.state.moments import from_micros, to_micros
from adapters.state.progress import decode_progress, tries
from application.ports.dead_letters import InboxEntry, TickState
from application.ports.intake import SealedTick
from application.ports.work_queue import Lease, Progress, Why

TICK, GIVEN_UP = "tick", "given-up"
"""The partitions of unfinished ticks (by twin), and of given-up ones (by id)."""

WAITING, LATER = "waiting", "later"
"""The lines of the index: ticks whose turn has come, and those that come back at a time."""

HELD = "#token = :token AND #at > :now"
MOVED = "#rev = :rev"


COUNTERS = ("strangers", "strangers_bytes", "known", "known_bytes", "given_up", "given_up_bytes")


class Mark(NamedTuple):
    """A lease's token: a random text that no other lease has, and whether the tick's channel is known."""

    text: str
    known: bool


def due_at(at: int, tick_id: str) -> str:
    """The place in its line of the index."""
    return f"{at:020d}#{tick_id}"


def coming_in(tick: SealedTick, turn: int, *, known: bool) -> Write:
    """The tick as it comes in."""
    item = {
        **sealed(tick),
        "known": int(known),
        "turn": turn,
        "phase": TickState.WAITING.value,
        "at": turn,
        "line": WAITING,
        "due": due_at(turn, tick.id),
        "attempts": 0,
        "rev": 1,
    }
    return Write(TICK, tick.twin, item=item, condition="attribute_not_exists(#pk)")


def sealed(tick: SealedTick) -> dict[str, Any]:
    """What an item keeps of a tick as it was accepted."""
    return {
        "id": tick.id,
        "channel": tick.channel,
        "twin": tick.twin,
        "host": tick.host,
        "asks": tick.asks,
        "accepted": to_micros(tick.accepted_at),
        "payload": tick.payload,
    }


def tick_of(item: Item) -> SealedTick:
    """The inverse of ``sealed``."""
    return SealedTick(
        item["id"],
        item["channel"],
        item["twin"],
        from_micros(item["accepted"]),
        item["payload"],
        item["host"],
        item["asks"],
    )


def progress_of(item: Item) -> Progress:
    """How far the tick of an item has come."""
    return decode_progress(item.get("progress", b""))


def entry_of(item: Item) -> InboxEntry:
    """What may be shown of an item."""
    state = TickState(item.get("phase", TickState.GIVEN_UP))
    return InboxEntry(
        item["id"],
        item["channel"],
        state,
        from_micros(item["accepted"]),
        tries(progress_of(item), item["attempts"]),
        from_micros(item["at"]),
        item.get("reason", ""),
        Why(item["why"]) if state is TickState.PAUSED else None,
    )


def change(key: str, changes: Mapping[str, Any], condition: str, values: Mapping[str, Any]) -> Write:
    """Set these, and raise the revision."""
    assignments = ", ".join(f"#{name} = :new_{name}" for name in changes)
    return Write(
        TICK,
        key,
        change=f"SET {assignments} ADD #rev :one",
        condition=condition,
        values={**{f":new_{name}": value for name, value in changes.items()}, **values, ":one": 1},
    )


def counted(tick: SealedTick, *, unfinished: int = 0, known: bool = True, given_up: int = 0) -> Write:
    """Add this tick to the counters, or take it out of them."""
    size = size_of(tick)
    of_strangers, of_known = (0, unfinished) if known else (unfinished, 0)
    by = (of_strangers, of_strangers * size, of_known, of_known * size, given_up, given_up * size)
    return Write(
        "tally",
        "-",
        change="ADD " + ", ".join(f"#{counter} :{counter}" for counter in COUNTERS),
        values={f":{counter}": number for counter, number in zip(COUNTERS, by, strict=True)},
    )


def counted_out(tick: SealedTick, *, known: bool, given_up: int = 0) -> Write:
    """Take an unfinished tick out of the counters."""
    return counted(tick, unfinished=-1, known=known, given_up=given_up)


def is_known(lease: Lease) -> bool:
    """Whether something was ever told to the channel of a leased tick."""
    return cast("Mark", lease.token).known
