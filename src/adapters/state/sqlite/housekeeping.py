"""What keeps the file from growing for ever."""

from __future__ import annotations

from datetime import timedelta
from sqlite3 import Connection

from adapters.state.sqlite.moments import MICROSECOND

PAGES_KEPT = timedelta(days=400) // MICROSECOND
"""Longer than the thirteen months that Cost Explorer looks back."""

GIVEN_UP_KEPT = timedelta(days=30) // MICROSECOND

BITE = 200
"""Rows or file pages that one job frees, so that the jobs beside it need not wait long."""

FREE_PAGES_KEPT = 1000
"""File pages (of 4 KiB) that stay in the file for what comes next; the rest goes back to the disk."""

PRUNE_PAGES = """
    DELETE FROM page WHERE rowid IN (SELECT rowid FROM page WHERE written_at <= ? LIMIT ?)
"""
PRUNE_GIVEN_UP = """
    DELETE FROM given_up WHERE seq IN (SELECT seq FROM given_up WHERE at <= ? LIMIT ?)
"""
PRUNE_STORED = """
    DELETE FROM stored WHERE key IN (SELECT key FROM stored WHERE expires_at <= ? LIMIT ?)
"""


def tidy(connection: Connection, now: int) -> bool:
    """Free a bite of what nobody will ask for any more; whether there may be more.

    Args:
        connection: In a transaction.
        now: Microseconds since 1970.
    """
    pruned = [
        connection.execute(PRUNE_PAGES, (now - PAGES_KEPT, BITE)).rowcount,
        connection.execute(PRUNE_GIVEN_UP, (now - GIVEN_UP_KEPT, BITE)).rowcount,
        connection.execute(PRUNE_STORED, (now, BITE)).rowcount,
    ]
    free = _free_pages(connection)
    for _ in range(min(free - FREE_PAGES_KEPT, BITE)):
        connection.execute("PRAGMA incremental_vacuum(1)")
    return BITE in {*pruned, free - _free_pages(connection)}


def _free_pages(connection: Connection) -> int:
    free: int = connection.execute("PRAGMA freelist_count").fetchone()[0]
    return free
