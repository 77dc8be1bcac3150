"""Who comes in with a batch of ticks, and what is there already."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from adapters.state.ledger_pages import decode_page
from adapters.state.limits import Limits, Load, Loads, size_of
from adapters.state.postgresql import ticks
from application.ports.intake import SealedTick


@dataclass(slots=True)
class Crowd:
    """What the limits and the order of turns depend on, as it is while the tally is locked.

    Args:
        limits: What there may be.
        loads: What is there, by whether its channels are known.
        known: The channels that something was ever delivered to.
        own: Channels with what each was told about.
        turns: By channel, when its next turn is.
        of_channel: By channel, how many of its are there, where that may matter.
        of_host: By host, how many strangers' are there, where that may matter.
    """

    limits: Limits
    loads: dict[bool, Load]
    known: set[str]
    own: set[tuple[str, str]]
    turns: dict[str, datetime]
    of_channel: Counter[str]
    of_host: Counter[str]

    def let_in(self, tick: SealedTick) -> tuple[object, ...]:
        """The tick's row, if there is room for it.

        Raises:
            InboxFull: There is not.
        """
        known, own = tick.channel in self.known, (tick.channel, tick.asks) in self.own
        load = self.loads[known]
        self.limits.check(
            tick,
            load,
            known=known,
            others_of_channel=lambda: 0 if own else self.of_channel[tick.channel],
            others_of_host=lambda: self.of_host[tick.host],
        )
        self.loads[known] = Load(load.ticks + 1, load.bytes + size_of(tick))
        self.of_channel[tick.channel] += 1
        self.of_host[tick.host] += not known
        next_turn = max(tick.accepted_at, self.turns.get(tick.channel, tick.accepted_at))
        turn = tick.accepted_at if own else next_turn
        self.turns[tick.channel] = max(turn + ticks.APART, next_turn)
        row = (tick.id, tick.channel, tick.twin, tick.accepted_at, tick.payload, tick.host, tick.asks)
        return (*row, known, turn)


async def look_around(connection: Any, batch: Sequence[SealedTick], limits: Limits) -> Crowd:
    """Lock the tally, and ask for what the batch has to do with."""
    strangers, known_load, _ = Loads.counted(*await connection.fetchrow(ticks.LOCK_TALLY))
    channels = list({tick.channel for tick in batch})
    known = {row["channel"] for row in await connection.fetch(ticks.KNOWN, channels)}
    turns = dict(await connection.fetch(ticks.LAST_TURNS, channels))
    told = await connection.fetch(ticks.TOLD, list(known & set(turns)))
    of_channel: Counter[str] = Counter()
    of_host: Counter[str] = Counter()
    if max(strangers.ticks, known_load.ticks) + len(batch) > limits.of_a_channel:
        of_channel.update(dict(await connection.fetch(ticks.OF_CHANNELS, channels)))
    if strangers.ticks + len(batch) > limits.ticks:
        hosts = list({tick.host for tick in batch})
        of_host.update(dict(await connection.fetch(ticks.OF_HOSTS, hosts)))
    return Crowd(
        limits,
        {False: strangers, True: known_load},
        known,
        {(row["channel"], asks) for row in told for asks in decode_page(row["content"]).asks},
        turns,
        of_channel,
        of_host,
    )
