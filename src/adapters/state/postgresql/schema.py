"""What the database holds, in a schema of its own."""

from __future__ import annotations

from typing import Any

from adapters.state.state import StateRefused

LOCK = 0x5350_4D4E
"""The advisory lock ("SPMN") under which one process at a time changes the schema."""

VERSION_1 = """
    -- Unfinished ticks. state: waiting | paused | leased. at: waiting: its turn; paused: when it is tried
    -- again; leased: when the lease ends. attempts: leases since the last pause.
    CREATE TABLE spend_monitor.tick (
        seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        id text NOT NULL,
        channel text NOT NULL,
        twin text NOT NULL UNIQUE,
        accepted_at timestamptz NOT NULL,
        payload bytea NOT NULL,
        host text NOT NULL,
        turn timestamptz NOT NULL,
        state text NOT NULL DEFAULT 'waiting',
        at timestamptz NOT NULL,
        attempts integer NOT NULL DEFAULT 0,
        reason text NOT NULL DEFAULT '',
        why text NOT NULL DEFAULT '',
        progress bytea NOT NULL DEFAULT '',
        owner integer NOT NULL DEFAULT 0,
        token bigint NOT NULL DEFAULT 0
    );
    CREATE INDEX tick_by_state ON spend_monitor.tick (state, at, seq);
    CREATE INDEX tick_by_turn ON spend_monitor.tick (channel, turn);
    CREATE INDEX tick_by_id ON spend_monitor.tick (id);
    CREATE TABLE spend_monitor.given_up (
        seq bigint PRIMARY KEY,
        id text NOT NULL,
        channel text NOT NULL,
        twin text NOT NULL,
        accepted_at timestamptz NOT NULL,
        payload bytea NOT NULL,
        host text NOT NULL,
        at timestamptz NOT NULL,
        attempts integer NOT NULL,
        reason text NOT NULL
    );
    CREATE INDEX given_up_by_id ON spend_monitor.given_up (id);
    CREATE INDEX given_up_by_age ON spend_monitor.given_up (at);
    CREATE TABLE spend_monitor.page (
        channel text NOT NULL,
        topic text NOT NULL,
        revision bigint NOT NULL DEFAULT 1,
        written_on date NOT NULL,
        content bytea NOT NULL,
        PRIMARY KEY (channel, topic)
    );
    CREATE INDEX page_by_age ON spend_monitor.page (written_on);
    CREATE TABLE spend_monitor.stored (
        key text PRIMARY KEY,
        expires_at timestamptz NOT NULL,
        value bytea NOT NULL
    );
    CREATE INDEX stored_by_expiry ON spend_monitor.stored (expires_at);
    -- Counting rows would cost more the more there are; the triggers keep these numbers.
    CREATE TABLE spend_monitor.tally (
        unfinished bigint NOT NULL, given_up bigint NOT NULL, proved_at timestamptz
    );
    INSERT INTO spend_monitor.tally VALUES (0, 0, NULL);
    CREATE FUNCTION spend_monitor.count_rows() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE
        change bigint;
    BEGIN
        IF TG_OP = 'INSERT' THEN
            SELECT count(*) INTO change FROM changed;
        ELSE
            SELECT -count(*) INTO change FROM changed;
        END IF;
        IF change <> 0 AND TG_TABLE_NAME = 'tick' THEN
            UPDATE spend_monitor.tally SET unfinished = unfinished + change;
        ELSIF change <> 0 THEN
            UPDATE spend_monitor.tally SET given_up = given_up + change;
        END IF;
        RETURN NULL;
    END $$;
    CREATE TRIGGER ticks_in AFTER INSERT ON spend_monitor.tick
        REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION spend_monitor.count_rows();
    CREATE TRIGGER ticks_out AFTER DELETE ON spend_monitor.tick
        REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION spend_monitor.count_rows();
    CREATE TRIGGER ticks_aside AFTER INSERT ON spend_monitor.given_up
        REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION spend_monitor.count_rows();
    CREATE TRIGGER ticks_gone AFTER DELETE ON spend_monitor.given_up
        REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION spend_monitor.count_rows();
"""

VERSION_2 = """
    -- known: whether anything had been delivered to the channel when the tick came in. asks: its settings.
    ALTER TABLE spend_monitor.tick
        ADD asks text NOT NULL DEFAULT '', ADD known boolean NOT NULL DEFAULT true;
    ALTER TABLE spend_monitor.given_up
        ADD asks text NOT NULL DEFAULT '', ADD known boolean NOT NULL DEFAULT true;
    CREATE INDEX stranger_by_host ON spend_monitor.tick (host) WHERE NOT known;
    DROP INDEX spend_monitor.given_up_by_age;
    CREATE INDEX given_up_by_worth ON spend_monitor.given_up (known, at);
    -- worth: of adapters.state.ledger_pages, what the page says.
    ALTER TABLE spend_monitor.page
        ADD worth smallint NOT NULL DEFAULT 3,
        ADD written_at timestamptz NOT NULL DEFAULT now(),
        DROP written_on;
    CREATE INDEX page_by_worth ON spend_monitor.page (worth, written_at);
    -- The tally counts payloads' bytes too, and how much of all is strangers'.
    ALTER TABLE spend_monitor.tally
        ADD bytes bigint NOT NULL DEFAULT 0, ADD strangers bigint NOT NULL DEFAULT 0,
        ADD stranger_bytes bigint NOT NULL DEFAULT 0, ADD given_up_bytes bigint NOT NULL DEFAULT 0;
    UPDATE spend_monitor.tally SET
        bytes = (SELECT coalesce(sum(length(payload)), 0) FROM spend_monitor.tick),
        given_up_bytes = (SELECT coalesce(sum(length(payload)), 0) FROM spend_monitor.given_up);
    CREATE OR REPLACE FUNCTION spend_monitor.count_rows() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE
        sign integer := CASE TG_OP WHEN 'INSERT' THEN 1 ELSE -1 END;
        counted record;
    BEGIN
        SELECT count(*) AS rows, coalesce(sum(length(payload)), 0) AS bytes,
            count(*) FILTER (WHERE NOT known) AS strangers,
            coalesce(sum(length(payload)) FILTER (WHERE NOT known), 0) AS stranger_bytes
        INTO counted FROM changed;
        IF counted.rows > 0 AND TG_TABLE_NAME = 'tick' THEN
            UPDATE spend_monitor.tally SET
                unfinished = unfinished + sign * counted.rows, bytes = bytes + sign * counted.bytes,
                strangers = strangers + sign * counted.strangers,
                stranger_bytes = stranger_bytes + sign * counted.stranger_bytes;
        ELSIF counted.rows > 0 THEN
            UPDATE spend_monitor.tally SET
                given_up = given_up + sign * counted.rows,
                given_up_bytes = given_up_bytes + sign * counted.bytes;
        END IF;
        RETURN NULL;
    END $$;
"""

TABLES = "SELECT 1 FROM pg_catalog.pg_tables WHERE schemaname = 'spend_monitor'"

MIGRATIONS = (VERSION_1, VERSION_2)
"""The n-th brings a database of version n - 1 to version n. A published one is never changed."""


async def prepare(connection: Any) -> None:
    """Bring the database to the present version; several processes may start at once.

    Raises:
        StateRefused: It is of a newer version; it is left as it is.
    """
    if await _version(connection) == len(MIGRATIONS):
        return
    async with connection.transaction():
        await connection.execute("SELECT pg_advisory_xact_lock($1)", LOCK)
        version = await _version(connection)  # again: another process may have been faster
        if version > len(MIGRATIONS):
            raise StateRefused(
                f"the PostgreSQL schema spend_monitor has version {version}, but this program knows up "
                f"to {len(MIGRATIONS)}; it is left as it is: run the newer program, or name another database"
            )
        await connection.execute("CREATE SCHEMA IF NOT EXISTS spend_monitor")
        await connection.execute("CREATE TABLE IF NOT EXISTS spend_monitor.version (number integer NOT NULL)")
        for statements in MIGRATIONS[version:]:
            await connection.execute(statements)
        await connection.execute("DELETE FROM spend_monitor.version")
        await connection.execute("INSERT INTO spend_monitor.version VALUES ($1)", len(MIGRATIONS))


async def _version(connection: Any) -> int:
    # Not to_regclass(): in a transaction that waited for the lock it may answer from before.
    if await connection.fetchval(f"SELECT EXISTS ({TABLES} AND tablename = 'version')") is False:
        return 0
    return int(await connection.fetchval("SELECT coalesce(max(number), 0) FROM spend_monitor.version"))
