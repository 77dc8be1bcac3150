"""When it is a channel's turn: its ticks count as accepted a second apart, whoever takes them in."""

from __future__ import annotations

from datetime import timedelta

from adapters.state.aws.table import ConditionFailedError, Table, Write
from adapters.state.moments import SECOND, from_micros

TURN_KEPT = timedelta(days=1)


async def next_turn(table: Table, channel: str, earliest: int) -> int:
    """``earliest``, or a second after the channel's last turn if that is later; no two get the same."""
    key, ttl = f"turn#{channel}", int((from_micros(earliest) + TURN_KEPT).timestamp())
    first = Write(
        key,
        "-",
        change="SET #turn = :turn, #ttl = :ttl",
        condition="attribute_not_exists(#turn) OR #turn <= :before",
        values={":turn": earliest, ":before": earliest - SECOND, ":ttl": ttl},
    )
    after = Write(key, "-", change="ADD #turn :second", values={":second": SECOND})
    try:
        return int((await table.write(first, returns=True))["turn"])
    except ConditionFailedError:
        return int((await table.write(after, returns=True))["turn"])
