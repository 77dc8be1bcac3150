"""The inbox in DynamoDB, with an SQS queue that wakes whoever works.

The table holds every tick and says whose turn it is. A message in the queue is the key of a tick that may be
due: on AWS Lambda, where nothing runs between two ticks, it starts a worker; a process that runs is woken by
it. A message that is lost or comes twice changes nothing: each process looks into the table every second, and
``sweep`` on a schedule does on Lambda.

A tick's key is its twin's hash, so that a put with a condition is all that keeps twins apart. Every change is
one write of one item, which DynamoDB makes durable at once; only the counters are written apart, and counted
anew by ``sweep``.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, cast

from adapters.state.aws.given_up import GivenUpTicks
from adapters.state.aws.items import (
    HELD,
    LATER,
    MOVED,
    TICK,
    WAITING,
    Mark,
    change,
    coming_in,
    counted,
    due_at,
    entry_of,
    is_known,
    progress_of,
    tick_of,
)
from adapters.state.aws.queue import Queue
from adapters.state.aws.table import ConditionFailedError, Item, Table, Write
from adapters.state.aws.tally import Tally
from adapters.state.aws.turns import next_turn
from adapters.state.limits import Limits
from adapters.state.moments import from_micros, to_micros
from adapters.state.progress import encode_progress
from adapters.state.waiting import News, Taken
from application.ports.clock import Clock
from application.ports.dead_letters import InboxEntry, TickState
from application.ports.inbox import Depth, Inbox
from application.ports.intake import SealedTick
from application.ports.ledger import Ledger
from application.ports.work_queue import NOTHING_YET, Lease, Progress, Why

FEWEST_LOOKED_AT = 50
"""Of what waits: workers that look at one moment then find some that no other takes."""


class SqsDynamoDbInbox(Inbox):
    """Accepted ticks as items, each with a revision ``rev`` that every change raises.

    Args:
        table: Where they are.
        ledger: Knows which channels were told something.
        queue: What wakes whoever works.
        clock: What time it is.
        limits: What there may be.
        lease_length: How long a tick may be worked on.
    """

    def __init__(
        self,
        table: Table,
        ledger: Ledger,
        queue: Queue,
        clock: Clock,
        limits: Limits,
        lease_length: timedelta,
    ) -> None:
        self._table = table
        self._ledger = ledger
        self._queue = queue
        self._clock = clock
        self._limits = limits
        self._tally = Tally(table, limits)
        self._given_up = GivenUpTicks(table, self._tally, clock, limits)
        self._lease_length = lease_length
        self._owner = secrets.token_hex(8)
        self._news = News(clock)
        self._listener: asyncio.Task[None] | None = None

    async def put(self, tick: SealedTick) -> bool:
        """Count the tick and put it, unless its twin is there or there is no room for it."""
        if await self._look_again(tick.twin):
            return False
        known = await self._ledger.knows(tick.channel)
        own = known and await self._ledger.knows(tick.channel, tick.asks)
        while not await self._tally.let_in(tick, known=known, own=own):
            pass  # somebody else was counted in meanwhile
        if await self._come_in(tick, tick.accepted_at, known=known, own=own):
            return True
        await self._tally.count_out(tick, known=known)
        await self._look_again(tick.twin)
        return False

    async def lease(self, limit: int, wait: float) -> Sequence[Lease]:
        """Look now, at every message, when a tick is due, and every second."""
        if self._listener is None:
            self._listener = asyncio.create_task(self._queue.listen(self._news.wake), name="sqs")
        return await self._news.first(lambda: self._take(limit), wait)

    async def lease_one(self, key: str) -> Lease | datetime | None:
        """Lease the tick of a message, or say when it is due, or None when it is not there any more."""
        item = await self._table.get(TICK, key)
        if item is None:
            return None
        if item["phase"] != TickState.WAITING and item["at"] > to_micros(self._clock.now()):
            return from_micros(item["at"])
        return await self._lease_item(item) or self._clock.now() + self._lease_length

    async def wake_at(self, key: str, at: datetime) -> None:
        """Send a message for the tick that comes then, or as late as SQS can before it."""
        await self._queue.send(key, (at - self._clock.now()).total_seconds())

    async def acknowledge(self, lease: Lease) -> bool:
        """Delete the tick, if the lease holds."""
        try:
            await self._table.write(Write(TICK, lease.tick.twin, condition=HELD, values=self._held(lease)))
        except ConditionFailedError:
            return False
        await self._tally.count_out(lease.tick, known=is_known(lease))
        return True

    async def pause(
        self, lease: Lease, until: datetime, reason: str, why: Why, progress: Progress = NOTHING_YET
    ) -> bool:
        """Change the tick, if the lease holds."""
        at = to_micros(until)
        changes = {
            "phase": TickState.PAUSED.value,
            "at": at,
            "due": due_at(at, lease.tick.id),
            "reason": reason,
            "why": why.value,
            "progress": encode_progress(progress),
            "attempts": 0,
            "token": "",
        }
        try:
            await self._table.write(change(lease.tick.twin, changes, HELD, self._held(lease)))
        except ConditionFailedError:
            return False
        await self.wake_at(lease.tick.twin, until)
        self._news.wake()
        return True

    async def give_up(self, lease: Lease, reason: str) -> bool:
        """Copy the tick aside and then delete it, if the lease holds: a crash in between loses nothing."""
        await self._given_up.keep(lease, reason)
        try:
            await self._table.write(Write(TICK, lease.tick.twin, condition=HELD, values=self._held(lease)))
        except ConditionFailedError:
            await self._given_up.drop(lease.tick.id)
            return False
        loads = await self._tally.count_out(lease.tick, known=is_known(lease), given_up=1)
        await self._given_up.make_room(loads)
        return True

    async def depth(self) -> Depth:
        """Get the counters, the oldest tick, and what is due for longest."""
        oldest = await anext(self._table.by_id(TICK, limit=1), None)
        until = due_at(to_micros(self._clock.now()), "~")
        due = [
            item["at"]
            for line in (WAITING, LATER)
            async for item in self._table.due(line, until=until, limit=1)
        ]
        return self._limits.depth(
            await self._tally.loads(),
            from_micros(oldest["accepted"]) if oldest else None,
            from_micros(min(due)) if due else None,
        )

    async def entries(self, limit: int = 1000) -> Sequence[InboxEntry]:
        """Query the first items."""
        given_up = [item async for item in self._given_up.all(limit)]
        unfinished = [item async for item in self._table.by_id(TICK, limit=limit - len(given_up))]
        return [entry_of(item) for item in [*given_up, *unfinished]]

    async def revive(self, tick_id: str | None = None) -> int:
        """Put back one by one."""
        revived = 0
        if tick_id is not None and (item := await anext(self._table.by_id(TICK, tick_id=tick_id), None)):
            revived += await self._end_pause(item)
        for item in await self._given_up.chosen(tick_id):
            tick, known = tick_of(item), bool(item["known"])
            if await self._come_in(tick, self._clock.now(), known=known):  # else its twin is there
                await self._given_up.drop(tick.id)
                await self._table.write(counted(tick, unfinished=1, known=known, given_up=-1))
                revived += 1
        return revived

    async def purge(self, tick_id: str | None = None) -> int:
        """Delete one by one."""
        dropped = await self._given_up.purge(tick_id)
        if tick_id is not None and (item := await anext(self._table.by_id(TICK, tick_id=tick_id), None)):
            dropped += await self._drop_unfinished(item)
        return dropped

    async def probe(self) -> None:
        """Write something."""
        await self._table.write(Write("proof", "-", item={"at": to_micros(self._clock.now())}))

    async def close(self) -> None:
        """Stop listening, and put back what this inbox has leased, as if it had not been leased."""
        if self._listener:
            self._listener.cancel()
            await asyncio.gather(self._listener, return_exceptions=True)
            async for item in self._table.due(LATER):
                if item["phase"] == TickState.LEASED and item.get("owner") == self._owner:
                    await self._give_back(item)

    async def sweep(self, limit: int) -> Sequence[Lease]:
        """Count anew, and lease what is due although no message came for it."""
        await self._tally.count_anew(self._given_up.all())
        return (await self._take(limit))[0]

    async def _come_in(self, tick: SealedTick, earliest: datetime, *, known: bool, own: bool = False) -> bool:
        """Put the tick where its channel's turn is, unless its twin is there, and wake whoever works."""
        turn = to_micros(earliest) if own else await next_turn(self._table, tick.channel, to_micros(earliest))
        try:
            await self._table.write(coming_in(tick, turn, known=known))
        except ConditionFailedError:
            return False
        await self._wake(tick.twin)
        return True

    async def _take(self, limit: int) -> Taken:
        now = self._clock.now()
        looked_at = max(limit, FEWEST_LOOKED_AT)
        until = due_at(to_micros(now), "~")
        back = [item async for item in self._table.due(LATER, until=until, limit=looked_at)]
        waiting = [item async for item in self._table.due(WAITING, limit=looked_at)]
        candidates = sorted([*back, *waiting], key=lambda item: str(item["due"]))
        leases: list[Lease] = []
        while candidates and len(leases) < limit:  # those that others were faster at leave room for the next
            bite, candidates = candidates[: limit - len(leases)], candidates[limit - len(leases) :]
            taken = await asyncio.gather(*[self._lease_item(item) for item in bite])
            leases += [lease for lease in taken if lease]
        if leases:
            return leases, None
        next_back = await anext(self._table.due(LATER, limit=1), None)
        return [], from_micros(next_back["at"]) if next_back else None

    async def _lease_item(self, item: Item) -> Lease | None:
        """Lease a tick as it was seen; None if it has changed since."""
        expires_at, token = self._clock.now() + self._lease_length, secrets.token_hex(8)
        at = to_micros(expires_at)
        changes = {
            "phase": TickState.LEASED.value,
            "at": at,
            "line": LATER,
            "due": due_at(at, item["id"]),
            "attempts": item["attempts"] + 1,
            "owner": self._owner,
            "token": token,
        }
        try:
            await self._table.write(change(item["sk"], changes, MOVED, {":rev": item["rev"]}))
        except ConditionFailedError:
            return None
        mark = Mark(token, bool(item["known"]))
        return Lease(tick_of(item), item["attempts"] + 1, expires_at, mark, progress_of(item))

    def _held(self, lease: Lease) -> Mapping[str, Any]:
        return {":token": cast("Mark", lease.token).text, ":now": to_micros(self._clock.now())}

    async def _look_again(self, twin: str) -> bool:
        """Whether there is such a tick; one that waits for news is tried at once."""
        item = await self._table.get(TICK, twin)
        if item and item.get("why") == Why.NEWS:
            await self._end_pause(item)
        return item is not None

    async def _end_pause(self, item: Item) -> bool:
        if item["phase"] != TickState.PAUSED:
            return False
        at = to_micros(self._clock.now())
        changes = {"at": at, "due": due_at(at, item["id"])}
        try:
            await self._table.write(change(item["sk"], changes, MOVED, {":rev": item["rev"]}))
        except ConditionFailedError:
            return False
        await self._wake(item["sk"])
        return True

    async def _drop_unfinished(self, item: Item) -> bool:
        if item["phase"] == TickState.LEASED:
            return False
        try:
            await self._table.write(Write(TICK, item["sk"], condition=MOVED, values={":rev": item["rev"]}))
        except ConditionFailedError:
            return False
        await self._tally.count_out(tick_of(item), known=bool(item["known"]))
        return True

    async def _give_back(self, item: Item) -> None:
        changes = {
            "phase": TickState.WAITING.value,
            "at": item["turn"],
            "line": WAITING,
            "due": due_at(item["turn"], item["id"]),
            "attempts": item["attempts"] - 1,
            "token": "",
        }
        try:
            await self._table.write(change(item["sk"], changes, MOVED, {":rev": item["rev"]}))
        except ConditionFailedError:
            return
        await self._wake(item["sk"])

    async def _wake(self, key: str) -> None:
        await self._queue.send(key)
        self._news.wake()
