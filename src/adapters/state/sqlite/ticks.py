"""The ticks in their table: what the database's thread does for the inbox.

A waiting tick has a *turn*, the time of its acceptance, but at least a second after the turn of the channel's
tick before it; ticks are leased in the order of their turns. This is start-time fair queueing: the thousandth
tick of one channel stands behind what others send in the next thousand seconds, and yet is leased at once
when nobody else waits. Every statement finds its rows by an index, and none touches more than a bite of them,
so nothing costs more as the inbox fills up.
"""

from __future__ import annotations

import sqlite3
from sqlite3 import Connection
from typing import Any, NamedTuple

from adapters.state.sqlite.moments import from_micros, to_micros
from adapters.state.sqlite.owner import Owner
from application.ports.inbox import Depth, InboxEntry, Lease, SealedTick, TickState

BITE = 500
"""Rows that one job changes at most, so that the jobs beside it need not wait long."""

PUT = """
    INSERT INTO tick (id, channel, twin, accepted_at, payload, at)
    SELECT ?, ?, ?, ?, ?, max(?, coalesce(
        (SELECT max(at) + 1000000 FROM tick WHERE channel = ? AND state = 'waiting'), 0))
    WHERE (SELECT unfinished FROM tally) < ?
    ON CONFLICT DO NOTHING
"""
TWIN = "SELECT 1 FROM tick WHERE twin = ? AND state <> 'given-up'"

DUE = "SELECT seq, channel, at FROM tick WHERE state IN ('paused', 'leased') AND at <= ? LIMIT ?"
NEXT_DUE = "SELECT min(at) FROM tick WHERE state = ?"
ORPHANS = "SELECT seq, channel, accepted_at FROM tick WHERE state = 'leased' AND owner = ? LIMIT ?"
QUEUE = """
    UPDATE tick SET state = 'waiting', at = max(?, coalesce(
        (SELECT max(at) + 1000000 FROM tick WHERE channel = ? AND state = 'waiting'), 0))
    WHERE seq = ?
"""
FIRST = """
    SELECT seq, attempts, id, channel, twin, accepted_at, payload
    FROM tick WHERE state = 'waiting' ORDER BY at, seq LIMIT ?
"""
LEASE_FIRST = """
    UPDATE tick SET state = 'leased', at = ?, attempts = attempts + 1, owner = ?, token = ?
    WHERE seq IN (SELECT seq FROM tick WHERE state = 'waiting' ORDER BY at, seq LIMIT ?)
"""

HELD = "WHERE seq = ? AND token = ? AND state = 'leased' AND at > ?"
ACKNOWLEDGE = f"DELETE FROM tick {HELD}"  # noqa: S608  # constants only
SET_ASIDE = f"UPDATE tick SET state = ?, at = ?, reason = ? {HELD}"  # noqa: S608  # constants only
UNLEASE = """
    UPDATE tick SET state = 'waiting', at = accepted_at, attempts = attempts - 1
    WHERE seq = ? AND token = ? AND state = 'leased'
"""

COUNTS = "SELECT unfinished, given_up FROM tally"
OLDEST = "SELECT accepted_at FROM tick WHERE state <> 'given-up' ORDER BY id LIMIT 1"
ENTRY = "SELECT id, channel, state, accepted_at, attempts, at, reason FROM tick"
GIVEN_UP = f"{ENTRY} WHERE state = 'given-up' ORDER BY id LIMIT ?"
UNFINISHED = f"{ENTRY} WHERE state <> 'given-up' ORDER BY id LIMIT ?"
PROVE = "UPDATE tally SET proved_at = ?"

ONE_GIVEN_UP = "SELECT seq, channel, id FROM tick WHERE state = 'given-up' AND id = ?"
NEXT_GIVEN_UP = "SELECT seq, channel, id FROM tick WHERE state = 'given-up' AND id > ? ORDER BY id LIMIT ?"
REVIVE = """
    UPDATE OR IGNORE tick SET state = 'waiting', attempts = 0, reason = '', at = max(?, coalesce(
        (SELECT max(at) + 1000000 FROM tick WHERE channel = ? AND state = 'waiting'), 0))
    WHERE seq = ?
"""
DROP = "DELETE FROM tick WHERE seq = ?"


class Mark(NamedTuple):
    """A lease's token: the row, and a random number that no other lease of that row has."""

    seq: int
    token: int


def put(connection: Connection, tick: SealedTick, limit: int) -> bool | None:
    """True when it is stored, False when its twin is there, None when the inbox is full."""
    accepted_at = to_micros(tick.accepted_at)
    row = (tick.id, tick.channel, tick.twin, accepted_at, tick.payload)
    if connection.execute(PUT, (*row, accepted_at, tick.channel, limit)).rowcount:
        return True
    return False if connection.execute(TWIN, (tick.twin,)).fetchone() else None


def lease(
    connection: Connection, limit: int, now: int, expires_at: int, owner: str, token: int
) -> tuple[list[Lease], int | None]:
    """The leases and, when there are none, when the next tick comes back."""
    connection.executemany(QUEUE, _turn_channel_seq(connection.execute(DUE, (now, BITE))))
    rows = connection.execute(FIRST, (limit,)).fetchall()
    if not rows:
        return [], _next_due(connection)
    connection.execute(LEASE_FIRST, (expires_at, owner, token, limit))
    expiry = from_micros(expires_at)
    return [
        Lease(
            SealedTick(id_, channel, twin, from_micros(accepted_at), payload),
            attempts + 1,
            expiry,
            Mark(seq, token),
        )
        for seq, attempts, id_, channel, twin, accepted_at, payload in rows
    ], None


def _next_due(connection: Connection) -> int | None:
    dues = [connection.execute(NEXT_DUE, (state,)).fetchone()[0] for state in ("paused", "leased")]
    return min((due for due in dues if due is not None), default=None)


def _turn_channel_seq(rows: sqlite3.Cursor) -> list[tuple[int, str, int]]:
    return [(turn, channel, seq) for seq, channel, turn in rows]


def acknowledge(connection: Connection, mark: Mark, now: int) -> bool:
    """Forget the tick, if the lease holds."""
    return bool(connection.execute(ACKNOWLEDGE, (*mark, now)).rowcount)


def set_aside(connection: Connection, mark: Mark, now: int, state: TickState, at: int, reason: str) -> bool:
    """Pause or give up, if the lease holds."""
    return bool(connection.execute(SET_ASIDE, (state, at, reason, *mark, now)).rowcount)


def unlease(connection: Connection, marks: list[Mark]) -> None:
    """Put back what was leased for somebody who has gone, as if it had not been leased."""
    connection.executemany(UNLEASE, marks)


def give_back(connection: Connection, owner: str) -> int:
    """Put back a bite of the owner's leased ticks; how many."""
    rows = _turn_channel_seq(connection.execute(ORPHANS, (owner, BITE)))
    connection.executemany(QUEUE, rows)
    return len(rows)


def give_back_orphans(connection: Connection, owner: Owner) -> int:
    """Put back what dead owners had leased; how many. An owner without any left is forgotten."""
    total = 0
    for dead in owner.dead():
        given_back = give_back(connection, dead)
        if not given_back:
            owner.forget(dead)
        total += given_back
    return total


def depth(connection: Connection) -> Depth:
    """Two counters and the oldest."""
    unfinished, given_up = connection.execute(COUNTS).fetchone()
    oldest = connection.execute(OLDEST).fetchone()
    return Depth(unfinished, given_up, from_micros(oldest[0]) if oldest else None)


def entries(connection: Connection, limit: int) -> list[InboxEntry]:
    """Given-up ticks, then the others."""
    rows = connection.execute(GIVEN_UP, (limit,)).fetchall()
    rows += connection.execute(UNFINISHED, (limit - len(rows),)).fetchall()
    return [_entry(*row) for row in rows]


def _entry(
    id_: str, channel: str, state: str, accepted_at: int, attempts: int, at: int, reason: str
) -> InboxEntry:
    return InboxEntry(
        id_, channel, TickState(state), from_micros(accepted_at), attempts, from_micros(at), reason
    )


def revive(connection: Connection, tick_id: str | None, after: str, now: int) -> tuple[int, str | None]:
    """Put back a bite of given-up ticks; how many, and where to go on."""
    rows, last = _given_up(connection, tick_id, after)
    revived = sum(connection.execute(REVIVE, (now, channel, seq)).rowcount for seq, channel, _ in rows)
    return revived, last


def purge(connection: Connection, tick_id: str | None, after: str, _now: int) -> tuple[int, str | None]:
    """Drop a bite of given-up ticks; how many, and where to go on."""
    rows, last = _given_up(connection, tick_id, after)
    connection.executemany(DROP, [(seq,) for seq, _, _ in rows])
    return len(rows), last


def _given_up(
    connection: Connection, tick_id: str | None, after: str
) -> tuple[list[tuple[int, str, str]], str | None]:
    """A bite of rows, and the last one's id if there may be more."""
    if tick_id is not None:
        return connection.execute(ONE_GIVEN_UP, (tick_id,)).fetchall(), None
    rows: list[Any] = connection.execute(NEXT_GIVEN_UP, (after, BITE)).fetchall()
    return rows, rows[-1][2] if len(rows) == BITE else None


def prove(connection: Connection, now: int) -> None:
    """Change something, so that the commit has to write and sync."""
    connection.execute(PROVE, (now,))
