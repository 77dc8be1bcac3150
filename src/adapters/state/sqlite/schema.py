"""What the database holds, and whether a file is one that may be used."""

from __future__ import annotations

import contextlib
import os
import sqlite3
from pathlib import Path

from adapters.state.state import StateRefused

APPLICATION_ID = 0x5350_4D4E
"""In the file's header ("SPMN"): this is our database, not somebody else's."""

CHECKED_WHOLE = 128 * 2**20
"""Bytes up to which a file is checked whole; of a larger one the inbox only, so that starts stay quick."""

VERSION_1 = (
    # Unfinished ticks. state: waiting | paused | leased. at: waiting: its turn; paused: when it is tried
    # again; leased: when the lease ends. All moments are microseconds since 1970 (UTC).
    """
    CREATE TABLE tick (
        seq INTEGER PRIMARY KEY AUTOINCREMENT,
        id TEXT NOT NULL,
        channel TEXT NOT NULL,
        twin TEXT NOT NULL UNIQUE,
        accepted_at INTEGER NOT NULL,
        turn INTEGER NOT NULL,
        state TEXT NOT NULL DEFAULT 'waiting',
        at INTEGER NOT NULL,
        attempts INTEGER NOT NULL DEFAULT 0,
        reason TEXT NOT NULL DEFAULT '',
        owner TEXT NOT NULL DEFAULT '',
        token INTEGER NOT NULL DEFAULT 0,
        payload BLOB NOT NULL
    )
    """,
    "CREATE INDEX tick_by_state ON tick (state, at)",
    "CREATE INDEX tick_by_turn ON tick (channel, turn)",
    """
    CREATE TABLE given_up (
        seq INTEGER PRIMARY KEY,
        id TEXT NOT NULL,
        channel TEXT NOT NULL,
        twin TEXT NOT NULL,
        accepted_at INTEGER NOT NULL,
        at INTEGER NOT NULL,
        attempts INTEGER NOT NULL,
        reason TEXT NOT NULL,
        payload BLOB NOT NULL
    )
    """,
    "CREATE INDEX given_up_by_id ON given_up (id)",
    "CREATE INDEX given_up_by_age ON given_up (at)",
    # Counting rows would cost more the more there are; the triggers keep these two numbers.
    "CREATE TABLE tally (unfinished INTEGER NOT NULL, given_up INTEGER NOT NULL, proved_at INTEGER NOT NULL)",
    "INSERT INTO tally VALUES (0, 0, 0)",
    "CREATE TRIGGER one_in AFTER INSERT ON tick BEGIN UPDATE tally SET unfinished = unfinished + 1; END",
    "CREATE TRIGGER one_out AFTER DELETE ON tick BEGIN UPDATE tally SET unfinished = unfinished - 1; END",
    "CREATE TRIGGER one_aside AFTER INSERT ON given_up BEGIN UPDATE tally SET given_up = given_up + 1; END",
    "CREATE TRIGGER one_gone AFTER DELETE ON given_up BEGIN UPDATE tally SET given_up = given_up - 1; END",
    """
    CREATE TABLE page (
        channel TEXT NOT NULL,
        topic TEXT NOT NULL,
        revision INTEGER NOT NULL DEFAULT 1,
        written_at INTEGER NOT NULL,
        content BLOB NOT NULL,
        PRIMARY KEY (channel, topic)
    )
    """,
    "CREATE INDEX page_by_age ON page (written_at)",
    "CREATE TABLE stored (key TEXT PRIMARY KEY, expires_at INTEGER NOT NULL, value BLOB NOT NULL)",
    "CREATE INDEX stored_by_expiry ON stored (expires_at)",
)

VERSION_2 = (
    # attempts: leases since the tick came in or was last paused. why and progress: of its last pause.
    "ALTER TABLE tick ADD COLUMN host TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE tick ADD COLUMN why TEXT NOT NULL DEFAULT 'failure'",
    "ALTER TABLE tick ADD COLUMN progress BLOB NOT NULL DEFAULT x''",
    "ALTER TABLE given_up ADD COLUMN host TEXT NOT NULL DEFAULT ''",
    "CREATE INDEX tick_by_id ON tick (id)",
    # Version 1 counted every lease, and a tick that was paused had failed since it came in.
    """
    UPDATE tick SET progress = CAST(
        printf('{"failures":%d,"failing_since":"%s"}', attempts,
               strftime('%Y-%m-%dT%H:%M:%SZ', accepted_at / 1000000, 'unixepoch')) AS BLOB)
    WHERE state = 'paused' AND attempts > 0
    """,
    "UPDATE tick SET attempts = 0",
)

VERSION_3 = (
    # known: whether anything had been delivered to the channel when the tick came in. asks: its settings.
    "ALTER TABLE tick ADD COLUMN asks TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE tick ADD COLUMN known INTEGER NOT NULL DEFAULT 1",
    "ALTER TABLE given_up ADD COLUMN asks TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE given_up ADD COLUMN known INTEGER NOT NULL DEFAULT 1",
    "CREATE INDEX stranger_by_host ON tick (host) WHERE known = 0",
    "DROP INDEX given_up_by_age",
    "CREATE INDEX given_up_by_worth ON given_up (known, at)",
    # worth: of adapters.state.ledger_pages, what the page says. Before version 3 that was not noted.
    "ALTER TABLE page ADD COLUMN worth INTEGER NOT NULL DEFAULT 3",
    """
    UPDATE page SET worth = CASE
        WHEN json_array_length(content, '$.told') > 0 THEN 3
        WHEN content ->> '$.failures' IS NOT NULL THEN 2
        WHEN content ->> '$.since' IS NOT NULL THEN 1 ELSE 0 END
    """,
    "DROP INDEX page_by_age",
    "CREATE INDEX page_by_worth ON page (worth, written_at)",
    # The tally counts payloads' bytes too, and how much of all is strangers'.
    "ALTER TABLE tally ADD COLUMN bytes INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE tally ADD COLUMN strangers INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE tally ADD COLUMN stranger_bytes INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE tally ADD COLUMN given_up_bytes INTEGER NOT NULL DEFAULT 0",
    "UPDATE tally SET bytes = (SELECT coalesce(sum(length(payload)), 0) FROM tick)",
    "UPDATE tally SET given_up_bytes = (SELECT coalesce(sum(length(payload)), 0) FROM given_up)",
    "DROP TRIGGER one_in",
    "DROP TRIGGER one_out",
    "DROP TRIGGER one_aside",
    "DROP TRIGGER one_gone",
    """
    CREATE TRIGGER one_in AFTER INSERT ON tick BEGIN UPDATE tally SET
        unfinished = unfinished + 1, bytes = bytes + length(NEW.payload),
        strangers = strangers + (NEW.known = 0),
        stranger_bytes = stranger_bytes + (NEW.known = 0) * length(NEW.payload);
    END
    """,
    """
    CREATE TRIGGER one_out AFTER DELETE ON tick BEGIN UPDATE tally SET
        unfinished = unfinished - 1, bytes = bytes - length(OLD.payload),
        strangers = strangers - (OLD.known = 0),
        stranger_bytes = stranger_bytes - (OLD.known = 0) * length(OLD.payload);
    END
    """,
    """
    CREATE TRIGGER one_aside AFTER INSERT ON given_up BEGIN UPDATE tally SET
        given_up = given_up + 1, given_up_bytes = given_up_bytes + length(NEW.payload);
    END
    """,
    """
    CREATE TRIGGER one_gone AFTER DELETE ON given_up BEGIN UPDATE tally SET
        given_up = given_up - 1, given_up_bytes = given_up_bytes - length(OLD.payload);
    END
    """,
)

MIGRATIONS = (VERSION_1, VERSION_2, VERSION_3)
"""The n-th brings a file of version n - 1 to version n. A published one is never changed."""


def inspect(path: Path) -> None:
    """Refuse a file that must not be used, before anything is written to it.

    Raises:
        StateRefused: It is damaged, of a newer version, or no database of ours.
        sqlite3.Error: It cannot be read.
    """
    if not path.exists() or path.stat().st_size == 0:
        return
    # Read-only: even closing a database that was opened for writing may write to it.
    uri = f"{path.absolute().as_uri()}?mode=ro"
    with contextlib.closing(sqlite3.connect(uri, uri=True, isolation_level=None)) as connection:
        try:
            _check_version(connection, path)
            whole = path.stat().st_size <= CHECKED_WHOLE
            problem = connection.execute(
                "PRAGMA quick_check(1)" if whole else "PRAGMA quick_check('tick')"
            ).fetchone()[0]
        except sqlite3.OperationalError:  # busy, unreadable: not the file's fault
            raise
        except sqlite3.DatabaseError as exc:
            raise _refused(path, f"is damaged, or no SQLite database ({exc})") from exc
    if problem != "ok":
        raise _refused(path, "is damaged")


def connect(path: Path, busy_timeout: float) -> sqlite3.Connection:
    """Open the database for writing, make it if there is none, and bring it to the present version.

    Args:
        path: The file.
        busy_timeout: Seconds to wait while another process writes.

    Raises:
        StateRefused: Another program has changed it to something that is not ours.
        sqlite3.Error, OSError: It cannot be opened or written.
    """
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    connection = sqlite3.connect(path, timeout=busy_timeout, isolation_level=None)
    try:
        if not connection.execute("PRAGMA page_count").fetchone()[0]:  # of an old file it is known
            connection.execute("PRAGMA auto_vacuum = INCREMENTAL")
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA wal_autocheckpoint = 4000")  # pages of 4 KiB: rarer than by default
        connection.execute("PRAGMA journal_size_limit = 67108864")
        connection.execute("PRAGMA cache_size = -16384")
        # What one statement may have to undo: else temporary files take as many writes as the log itself.
        connection.execute("PRAGMA temp_store = MEMORY")
        if _check_version(connection, path) < len(MIGRATIONS):
            _migrate(connection, path)
    except BaseException:
        connection.close()
        raise
    return connection


def _check_version(connection: sqlite3.Connection, path: Path) -> int:
    # In this order: another process may make the tables meanwhile, all at once and with our name on them.
    is_empty = not connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
    application_id = connection.execute("PRAGMA application_id").fetchone()[0]
    version: int = connection.execute("PRAGMA user_version").fetchone()[0]
    if application_id != APPLICATION_ID and not is_empty:
        raise _refused(path, "is the database of another program")
    if version > len(MIGRATIONS):
        raise _refused(
            path, f"has version {version}, but this program knows versions up to {len(MIGRATIONS)}"
        )
    return version


def _migrate(connection: sqlite3.Connection, path: Path) -> None:
    connection.execute("BEGIN IMMEDIATE")
    version = _check_version(connection, path)  # again: another process may have been faster
    for number, statements in enumerate(MIGRATIONS[version:], start=version + 1):
        for statement in statements:
            connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {number}")
    connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    connection.execute("COMMIT")


def _refused(path: Path, problem: str) -> StateRefused:
    return StateRefused(
        f"{path} {problem}; it is left as it is. Restore a backup, move the file away, "
        "or name another one in SPEND_MONITOR_STATE_URL"
    )
