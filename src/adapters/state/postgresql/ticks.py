"""The statements of the inbox.

A tick has a *turn*, the time of its acceptance, but at least a second after the turn of its channel's tick
before it; ticks are leased in the order of their turns, which is start-time fair queueing. A tick that comes
back, after a pause or from a lost lease, has its turn at that time.

Whoever changes how many ticks there are locks the tally first, so that the limit holds exactly and no two
wait for each other. Every statement finds its rows by an index, so nothing costs more as the inbox fills up.
"""

from __future__ import annotations

from datetime import timedelta

APART = timedelta(seconds=1)
"""Between the turns of one channel's ticks."""

TALLY = """
    SELECT unfinished, bytes, strangers, stranger_bytes, given_up, given_up_bytes FROM spend_monitor.tally
"""
LOCK_TALLY = f"{TALLY} FOR UPDATE"
NOTIFY = "SELECT pg_notify($1, '')"

LAST_TURNS = """
    SELECT channel, max(turn) + interval '1 second'
    FROM spend_monitor.tick WHERE channel = ANY($1) GROUP BY channel
"""
LOOK_AGAIN = """
    WITH woken AS (
        UPDATE spend_monitor.tick SET at = $2 WHERE twin = ANY($1) AND state = 'paused' AND why = 'news'
    )
    SELECT twin FROM spend_monitor.tick WHERE twin = ANY($1)
"""
KNOWN = "SELECT DISTINCT channel FROM spend_monitor.page WHERE channel = ANY($1) AND worth >= 2"
TOLD = "SELECT channel, content FROM spend_monitor.page WHERE channel = ANY($1) AND worth = 3"
OF_CHANNELS = """
    SELECT channel, count(*) FROM spend_monitor.tick WHERE channel = ANY($1) GROUP BY channel
"""
OF_HOSTS = """
    SELECT host, count(*) FROM spend_monitor.tick WHERE host = ANY($1) AND NOT known GROUP BY host
"""
PUT = """
    INSERT INTO spend_monitor.tick (id, channel, twin, accepted_at, payload, host, asks, known, turn, at)
    SELECT id, channel, twin, accepted_at, payload, host, asks, known, turn, turn FROM unnest(
        $1::text[], $2::text[], $3::text[], $4::timestamptz[], $5::bytea[], $6::text[], $7::text[],
        $8::boolean[], $9::timestamptz[]
    ) WITH ORDINALITY AS new (id, channel, twin, accepted_at, payload, host, asks, known, turn, number)
    ORDER BY number
"""

COME_BACK = """
    UPDATE spend_monitor.tick SET state = 'waiting' WHERE seq IN (
        SELECT seq FROM spend_monitor.tick WHERE state IN ('paused', 'leased') AND at <= $1
        LIMIT $2 FOR UPDATE SKIP LOCKED
    )
"""
LEASE = """
    WITH first AS (
        SELECT seq, at AS due FROM spend_monitor.tick WHERE state = 'waiting'
        ORDER BY at, seq LIMIT $1 FOR UPDATE SKIP LOCKED
    ), leased AS (
        UPDATE spend_monitor.tick
        SET state = 'leased', at = $2, attempts = attempts + 1, owner = $3, token = $4
        FROM first WHERE tick.seq = first.seq
        RETURNING tick.seq, due, attempts, progress, id, channel, twin, accepted_at, payload, host, asks
    )
    SELECT * FROM leased ORDER BY due, seq
"""
NEXT_BACK = "SELECT min(at) AS at FROM spend_monitor.tick WHERE state IN ('paused', 'leased')"
GIVE_BACK = """
    UPDATE spend_monitor.tick SET state = 'waiting', at = turn, attempts = attempts - 1
    WHERE state = 'leased' AND owner = $1
"""

UNSEEN = """
    SELECT DISTINCT owner FROM spend_monitor.tick WHERE state = 'leased' AND owner <> 0 AND owner NOT IN (
        SELECT objid::bigint FROM pg_locks WHERE locktype = 'advisory' AND classid = $1::bigint::oid
        AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
    )
"""
GIVE_BACK_ORPHANS = """
    UPDATE spend_monitor.tick SET state = 'waiting', at = turn WHERE state = 'leased' AND owner = $1
"""

HELD = "seq = $1 AND token = $2 AND state = 'leased' AND at > $3"
FORGET = """
    DELETE FROM spend_monitor.tick USING unnest($1::bigint[], $2::bigint[]) AS held (seq, token)
    WHERE tick.seq = held.seq AND tick.token = held.token AND state = 'leased' AND at > $3
    RETURNING tick.seq
"""
PAUSE = f"""
    UPDATE spend_monitor.tick
    SET state = 'paused', at = $4, reason = $5, why = $6, progress = $7, attempts = 0
    WHERE {HELD} RETURNING 1
"""  # noqa: S608  # constants only
TAKE_OUT = f"""
    DELETE FROM spend_monitor.tick WHERE {HELD}
    RETURNING seq, id, channel, twin, accepted_at, payload, host, asks, known
"""  # noqa: S608  # constants only
SET_ASIDE = """
    INSERT INTO spend_monitor.given_up
        (seq, id, channel, twin, accepted_at, payload, host, asks, known, at, attempts, reason)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
"""
DROP_OLDEST = """
    DELETE FROM spend_monitor.given_up
    WHERE seq = (SELECT seq FROM spend_monitor.given_up ORDER BY known, at LIMIT 1)
"""

OLDEST_DUE = """
    SELECT min(at) AS at FROM (
        (SELECT at FROM spend_monitor.tick WHERE state = 'waiting' AND at <= $1 ORDER BY at LIMIT 1)
        UNION ALL
        (SELECT at FROM spend_monitor.tick WHERE state = 'paused' AND at <= $1 ORDER BY at LIMIT 1)
        UNION ALL
        (SELECT at FROM spend_monitor.tick WHERE state = 'leased' AND at <= $1 ORDER BY at LIMIT 1)
    ) AS due
"""
OLDEST = "SELECT accepted_at FROM spend_monitor.tick ORDER BY seq LIMIT 1"
GIVEN_UP = """
    SELECT id, channel, 'given-up' AS state, accepted_at, attempts, at, reason,
        '' AS why, ''::bytea AS progress
    FROM spend_monitor.given_up ORDER BY seq LIMIT $1
"""
UNFINISHED = """
    SELECT id, channel, state, accepted_at, attempts, at, reason, why, progress
    FROM spend_monitor.tick ORDER BY seq LIMIT $1
"""

SOME_GIVEN_UP = """
    SELECT seq FROM spend_monitor.given_up
    WHERE ($1::text IS NULL OR id = $1) AND seq > $2 ORDER BY seq LIMIT $3
"""
REVIVE = """
    INSERT INTO spend_monitor.tick (seq, id, channel, twin, accepted_at, payload, host, asks, known, turn, at)
    OVERRIDING SYSTEM VALUE
    SELECT seq, id, channel, twin, accepted_at, payload, host, asks, known, later.turn, later.turn
    FROM spend_monitor.given_up AS old, LATERAL (
        SELECT greatest($2, max(turn) + interval '1 second') AS turn
        FROM spend_monitor.tick WHERE channel = old.channel
    ) AS later
    WHERE seq = $1
    ON CONFLICT DO NOTHING RETURNING 1
"""
DROP_GIVEN_UP = "DELETE FROM spend_monitor.given_up WHERE seq = ANY($1::bigint[])"
END_PAUSE = "UPDATE spend_monitor.tick SET at = $2 WHERE id = $1 AND state = 'paused' RETURNING 1"
DROP_UNFINISHED = """
    DELETE FROM spend_monitor.tick WHERE id = $1 AND state IN ('waiting', 'paused') RETURNING 1
"""

PROVE = "UPDATE spend_monitor.tally SET proved_at = $1"

PRUNE_GIVEN_UP = "DELETE FROM spend_monitor.given_up WHERE at <= $1"
PRUNE_PAGES = "DELETE FROM spend_monitor.page WHERE worth = $1 AND written_at <= $2"
PRUNE_REFUSE = """
    DELETE FROM spend_monitor.page WHERE (channel, topic) IN (
        SELECT channel, topic FROM spend_monitor.page WHERE worth = $1 ORDER BY written_at DESC OFFSET $2
    )
"""
PRUNE_STORED = "DELETE FROM spend_monitor.stored WHERE expires_at <= $1"
