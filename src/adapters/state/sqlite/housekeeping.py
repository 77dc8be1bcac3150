"""What keeps the file from growing for ever."""

from __future__ import annotations

from sqlite3 import Connection

from adapters.state.ledger_pages import KEPT, Worth
from adapters.state.limits import GIVEN_UP_KEPT
from adapters.state.moments import MICROSECOND

BITE = 200
"""Rows or file pages that one job frees, so that the jobs beside it need not wait long."""

FREE_PAGES_KEPT = 1000
"""File pages (of 4 KiB) that stay in the file for what comes next; the rest goes back to the disk."""

PRUNE_PAGES = """
    DELETE FROM page WHERE rowid IN (SELECT rowid FROM page WHERE worth = ? AND written_at <= ? LIMIT ?)
"""
COUNT_PAGES = "SELECT count(*) FROM page WHERE worth = ?"
PRUNE_OLDEST = """
    DELETE FROM page WHERE rowid IN (SELECT rowid FROM page WHERE worth = ? ORDER BY written_at LIMIT ?)
"""
PRUNE_GIVEN_UP = """
    DELETE FROM given_up
    WHERE seq IN (SELECT seq FROM given_up WHERE known IN (0, 1) AND at <= ? LIMIT ?)
"""
PRUNE_STORED = """
    DELETE FROM stored WHERE key IN (SELECT key FROM stored WHERE expires_at <= ? LIMIT ?)
"""


def tidy(connection: Connection, now: int, most_refuse: int) -> bool:
    """Free a bite of what nobody will ask for any more; whether there may be more.

    Args:
        connection: In a transaction.
        now: Microseconds since 1970.
        most_refuse: How many pages of each kind there may be that say nothing that was told of costs.
    """
    pruned = [
        *(
            connection.execute(PRUNE_PAGES, (kind, now - kept // MICROSECOND, BITE)).rowcount
            for kind, kept in KEPT.items()
        ),
        *(_prune_oldest(connection, kind, most_refuse) for kind in (Worth.CLAIM, Worth.FAILURES)),
        connection.execute(PRUNE_GIVEN_UP, (now - GIVEN_UP_KEPT // MICROSECOND, BITE)).rowcount,
        connection.execute(PRUNE_STORED, (now, BITE)).rowcount,
    ]
    free = _free_pages(connection)
    for _ in range(min(free - FREE_PAGES_KEPT, BITE)):
        connection.execute("PRAGMA incremental_vacuum(1)")
    return BITE in {*pruned, free - _free_pages(connection)}


def _prune_oldest(connection: Connection, kind: Worth, most: int) -> int:
    """Free a bite of those that are too many; return how many."""
    count: int = connection.execute(COUNT_PAGES, (kind,)).fetchone()[0]
    return connection.execute(PRUNE_OLDEST, (kind, min(count - most, BITE))).rowcount if count > most else 0


def _free_pages(connection: Connection) -> int:
    free: int = connection.execute("PRAGMA freelist_count").fetchone()[0]
    return free
