"""The ticks in their tables: what the database's thread does for the inbox.

A tick has a *turn*, the time of its acceptance, but at least a second after the turn of its channel's tick
before it; ticks are leased in the order of their turns. This is start-time fair queueing: the thousandth tick
of one channel stands behind what others send in the next thousand seconds, and yet is leased at once when
nobody else waits. A tick that comes back, after a pause or from a lost lease, has its turn at that time.

Every statement finds its rows by an index, so nothing costs more as the inbox fills up.
"""

from __future__ import annotations

from datetime import datetime
from sqlite3 import Connection
from typing import NamedTuple

from adapters.state.ledger_pages import DELIVERED
from adapters.state.limits import Limits, Loads
from adapters.state.moments import SECOND, from_micros, to_micros
from adapters.state.progress import decode_progress, encode_progress, tries
from adapters.state.sqlite.ledger import KNOWN, knows
from adapters.state.sqlite.owner import Owner
from adapters.state.waiting import Taken
from application.errors import InboxFull
from application.ports.dead_letters import InboxEntry, TickState
from application.ports.inbox import Depth
from application.ports.intake import SealedTick
from application.ports.work_queue import Lease, Progress, Why

BITE = 500
"""Rows that one job changes at most, so that the jobs beside it need not wait long."""

LAST_TURN = "SELECT max(turn) FROM tick WHERE channel = ?"
COUNTS = "unfinished, bytes, strangers, stranger_bytes, given_up, given_up_bytes"
TALLY = f"SELECT {COUNTS} FROM tally"  # noqa: S608  # constants only
BEFORE_PUT = f"SELECT ({LAST_TURN}), EXISTS ({KNOWN}), {COUNTS} FROM tally"  # noqa: S608  # likewise
OF_CHANNEL = "SELECT count(*) FROM tick WHERE channel = ?"
OF_HOST = "SELECT count(*) FROM tick WHERE host = ? AND known = 0"
PUT = """
    INSERT INTO tick (id, channel, twin, accepted_at, payload, host, asks, known, turn, at)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING
"""
TWIN = "SELECT state, why FROM tick WHERE twin = ?"
LOOK_AGAIN = "UPDATE tick SET at = ? WHERE twin = ? AND state = 'paused'"

COME_BACK = """
    UPDATE tick SET state = 'waiting'
    WHERE seq IN (SELECT seq FROM tick WHERE state IN ('paused', 'leased') AND at <= ? LIMIT ?)
"""
NEXT_BACK = "SELECT min(at) FROM tick WHERE state = ?"
FIRST = """
    SELECT seq, attempts, progress, id, channel, twin, accepted_at, payload, host, asks
    FROM tick WHERE state = 'waiting' ORDER BY at, seq LIMIT ?
"""
LEASE_FIRST = """
    UPDATE tick SET state = 'leased', at = ?, attempts = attempts + 1, owner = ?, token = ?
    WHERE seq IN (SELECT seq FROM tick WHERE state = 'waiting' ORDER BY at, seq LIMIT ?)
"""
UNLEASE = """
    UPDATE tick SET state = 'waiting', at = turn, attempts = attempts - 1
    WHERE seq = ? AND token = ? AND state = 'leased'
"""
GIVE_BACK = "UPDATE tick SET state = 'waiting', at = turn WHERE state = 'leased' AND owner = ?"
GIVE_BACK_UNTRIED = """
    UPDATE tick SET state = 'waiting', at = turn, attempts = attempts - 1
    WHERE state = 'leased' AND owner = ?
"""

HELD = "WHERE seq = ? AND token = ? AND state = 'leased' AND at > ?"
FORGET = f"DELETE FROM tick {HELD}"  # noqa: S608  # constants only
PAUSE = f"""
    UPDATE tick SET state = 'paused', at = ?, reason = ?, why = ?, progress = ?, attempts = 0 {HELD}
"""  # noqa: S608  # constants only
GIVE_UP = f"""
    INSERT INTO given_up
        (seq, id, channel, twin, accepted_at, at, attempts, reason, payload, host, asks, known)
    SELECT seq, id, channel, twin, accepted_at, ?, ?, ?, payload, host, asks, known FROM tick {HELD}
"""  # noqa: S608  # constants only
DROP_OLDEST = "DELETE FROM given_up WHERE seq = (SELECT seq FROM given_up ORDER BY known, at LIMIT 1)"

OLDEST = "SELECT accepted_at FROM tick ORDER BY seq LIMIT 1"
GIVEN_UP = """
    SELECT id, channel, 'given-up', accepted_at, attempts, at, reason, '', x''
    FROM given_up ORDER BY seq LIMIT ?
"""
UNFINISHED = """
    SELECT id, channel, state, accepted_at, attempts, at, reason, why, progress
    FROM tick ORDER BY seq LIMIT ?
"""

ONE_GIVEN_UP = "SELECT seq, channel FROM given_up WHERE id = ?"
NEXT_GIVEN_UP = "SELECT seq, channel FROM given_up WHERE seq > ? ORDER BY seq LIMIT ?"
REVIVE = """
    INSERT INTO tick (seq, id, channel, twin, accepted_at, payload, host, asks, known, turn, at)
    SELECT seq, id, channel, twin, accepted_at, payload, host, asks, known, ?, ? FROM given_up WHERE seq = ?
    ON CONFLICT DO NOTHING
"""
PURGE = "DELETE FROM given_up WHERE seq = ?"
END_PAUSE = "UPDATE tick SET at = ? WHERE id = ? AND state = 'paused'"
PURGE_UNFINISHED = "DELETE FROM tick WHERE id = ? AND state IN ('waiting', 'paused')"

PROVE = "UPDATE tally SET proved_at = ?"


class Mark(NamedTuple):
    """A lease's token: the row, and a random number that no other lease of that row has."""

    seq: int
    token: int


def put(connection: Connection, tick: SealedTick, limits: Limits, now: int) -> bool:
    """True when it is stored, False when its twin is there.

    Raises:
        InboxFull: There is no room for it.
    """
    accepted_at = to_micros(tick.accepted_at)
    last_turn, known, *counts = connection.execute(
        BEFORE_PUT, (tick.channel, tick.channel, DELIVERED)
    ).fetchone()
    # What the channel was told about before waits behind nothing else of the channel.
    is_own = last_turn is not None and known and knows(connection, tick.channel, tick.asks)
    is_first = last_turn is None or is_own
    loads = Loads.counted(*counts)
    try:
        limits.check(
            tick,
            loads.known if known else loads.strangers,
            known=known,
            others_of_channel=lambda: 0 if is_first else _count(connection, OF_CHANNEL, tick.channel),
            others_of_host=lambda: _count(connection, OF_HOST, tick.host),
        )
    except InboxFull:
        if _has_twin(connection, tick, now):
            return False
        raise
    turn = accepted_at if last_turn is None or is_own else max(accepted_at, last_turn + SECOND)
    row = (tick.id, tick.channel, tick.twin, accepted_at, tick.payload, tick.host, tick.asks)
    stored = connection.execute(PUT, (*row, known, turn, turn)).rowcount == 1
    return stored or not _has_twin(connection, tick, now)


def _has_twin(connection: Connection, tick: SealedTick, now: int) -> bool:
    """Whether its twin is there; one that waits for news does so no longer."""
    twin = connection.execute(TWIN, (tick.twin,)).fetchone()
    if twin == (TickState.PAUSED, Why.NEWS):
        connection.execute(LOOK_AGAIN, (now, tick.twin))
    return twin is not None


def _count(connection: Connection, statement: str, key: str) -> int:
    count: int = connection.execute(statement, (key,)).fetchone()[0]
    return count


def _loads(connection: Connection) -> Loads:
    return Loads.counted(*connection.execute(TALLY).fetchone())


def _turn(connection: Connection, channel: str, earliest: int) -> int:
    last: int | None = connection.execute(LAST_TURN, (channel,)).fetchone()[0]
    return earliest if last is None else max(earliest, last + SECOND)


def lease(connection: Connection, limit: int, now: int, expires_at: int, owner: str, token: int) -> Taken:
    """The leases and, when there are none, when the next tick comes back."""
    connection.execute(COME_BACK, (now, BITE))
    rows = connection.execute(FIRST, (limit,)).fetchall()
    if not rows:
        return [], _next_back(connection)
    connection.execute(LEASE_FIRST, (expires_at, owner, token, limit))
    expiry = from_micros(expires_at)
    return [
        Lease(
            SealedTick(id_, channel, twin, from_micros(accepted_at), payload, host, asks),
            attempts + 1,
            expiry,
            Mark(seq, token),
            decode_progress(progress),
        )
        for seq, attempts, progress, id_, channel, twin, accepted_at, payload, host, asks in rows
    ], None


def _next_back(connection: Connection) -> datetime | None:
    times = [connection.execute(NEXT_BACK, (state,)).fetchone()[0] for state in ("paused", "leased")]
    return min((from_micros(at) for at in times if at is not None), default=None)


def unlease(connection: Connection, marks: list[Mark]) -> None:
    """Put back what was leased for somebody who has gone, as if it had not been leased."""
    connection.executemany(UNLEASE, marks)


def give_back_untried(connection: Connection, owner: str) -> None:
    """Put back what an owner that stops has leased, as if it had not been leased."""
    connection.execute(GIVE_BACK_UNTRIED, (owner,))


def give_back_orphans(connection: Connection, owner: Owner) -> int:
    """Put back what dead owners had leased; return how many. An owner without any left is forgotten."""
    total = 0
    for dead in owner.dead():
        given_back = connection.execute(GIVE_BACK, (dead,)).rowcount
        if not given_back:
            owner.forget(dead)
        total += given_back
    return total


def acknowledge(connection: Connection, mark: Mark, now: int) -> bool:
    """Forget the tick, if the lease holds."""
    return bool(connection.execute(FORGET, (*mark, now)).rowcount)


def pause(
    connection: Connection, mark: Mark, now: int, until: int, reason: str, why: Why, progress: Progress
) -> bool:
    """Pause the tick, if the lease holds."""
    row = (until, reason, why, encode_progress(progress))
    return bool(connection.execute(PAUSE, (*row, *mark, now)).rowcount)


def give_up(connection: Connection, mark: Mark, now: int, attempts: int, reason: str, limits: Limits) -> bool:
    """Set the tick aside, if the lease holds, and drop what is too much then."""
    if not connection.execute(GIVE_UP, (now, attempts, reason, *mark, now)).rowcount:
        return False
    connection.execute(FORGET, (*mark, now))
    for _ in range(BITE):
        if not limits.exceeded_by(_loads(connection).given_up):
            break
        connection.execute(DROP_OLDEST)
    return True


def depth(connection: Connection, limits: Limits, now: int) -> Depth:
    """The counters and the oldest."""
    oldest = connection.execute(OLDEST).fetchone()
    states = (TickState.WAITING, TickState.PAUSED, TickState.LEASED)
    firsts = (connection.execute(NEXT_BACK, (state,)).fetchone()[0] for state in states)
    due = min((at for at in firsts if at is not None and at <= now), default=None)
    return limits.depth(
        _loads(connection),
        from_micros(oldest[0]) if oldest else None,
        from_micros(due) if due is not None else None,
    )


def entries(connection: Connection, limit: int) -> list[InboxEntry]:
    """Given-up ticks, then the others."""
    rows = connection.execute(GIVEN_UP, (limit,)).fetchall()
    rows += connection.execute(UNFINISHED, (limit - len(rows),)).fetchall()
    return [
        InboxEntry(
            id_,
            channel,
            TickState(state),
            from_micros(accepted_at),
            tries(decode_progress(progress), attempts),
            from_micros(at),
            reason,
            Why(why) if state == TickState.PAUSED else None,
        )
        for id_, channel, state, accepted_at, attempts, at, reason, why, progress in rows
    ]


def revive(connection: Connection, tick_id: str | None, after: int, now: int) -> tuple[int, int | None]:
    """Put back a bite of given-up ticks; return how many, and where to go on."""
    revived = connection.execute(END_PAUSE, (now, tick_id)).rowcount if tick_id else 0
    rows, last = _given_up(connection, tick_id, after)
    for seq, channel in rows:
        turn = _turn(connection, channel, now)
        if connection.execute(REVIVE, (turn, turn, seq)).rowcount:  # else its twin is there
            connection.execute(PURGE, (seq,))
            revived += 1
    return revived, last


def purge(connection: Connection, tick_id: str | None, after: int, _now: int) -> tuple[int, int | None]:
    """Drop a bite of given-up ticks; return how many, and where to go on."""
    rows, last = _given_up(connection, tick_id, after)
    connection.executemany(PURGE, [(seq,) for seq, _ in rows])
    waiting = connection.execute(PURGE_UNFINISHED, (tick_id,)).rowcount if tick_id else 0
    return len(rows) + waiting, last


def _given_up(
    connection: Connection, tick_id: str | None, after: int
) -> tuple[list[tuple[int, str]], int | None]:
    """A bite of rows, and the last one's number if there may be more."""
    if tick_id is not None:
        return connection.execute(ONE_GIVEN_UP, (tick_id,)).fetchall(), None
    rows: list[tuple[int, str]] = connection.execute(NEXT_GIVEN_UP, (after, BITE)).fetchall()
    return rows, rows[-1][0] if len(rows) == BITE else None


def prove(connection: Connection, now: int) -> None:
    """Change something, so that the commit has to write and sync."""
    connection.execute(PROVE, (now,))
