"""What every inbox must do with ticks: take them in, and lease them out."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from application.errors import InboxFull
from application.ports.inbox import Inbox
from application.ports.work_queue import Lease, Why
from tests.contract.inboxes import FAILED, PATIENCE, drain, ids, lease_one
from tests.contract.states import LEASE_SECONDS, Harness, a_tick


class TestPut:
    """Coming in."""

    async def test_leased_as_it_was_put(self, harness: Harness, inbox: Inbox) -> None:
        """Nothing of a tick is changed or lost while it rests."""
        tick = a_tick(harness.now())
        stored = await inbox.put(tick)
        lease = await lease_one(inbox)
        assert (True, tick, 1) == (stored, lease.tick, lease.attempt)

    async def test_any_payload(self, harness: Harness, inbox: Inbox) -> None:
        """The largest tick that the door lets in, of any bytes, comes out as it went in."""
        tick = a_tick(harness.now())
        object.__setattr__(tick, "payload", bytes(range(256)) * 1024)
        await inbox.put(tick)
        assert tick.payload == (await lease_one(inbox)).tick.payload

    async def test_twin_of_a_waiting_tick(self, harness: Harness, inbox: Inbox) -> None:
        """A tick that asks the same as a waiting one is not stored."""
        await inbox.put(a_tick(harness.now(), twin="same"))
        stored = await inbox.put(a_tick(harness.now(), twin="same"))
        assert (stored, (await inbox.depth()).unfinished) == (False, 1)

    async def test_twin_of_a_leased_tick(self, harness: Harness, inbox: Inbox) -> None:
        """A tick that asks the same as one that is worked on is not stored."""
        await inbox.put(a_tick(harness.now(), twin="same"))
        await lease_one(inbox)
        assert not await inbox.put(a_tick(harness.now(), twin="same"))

    async def test_twin_of_a_paused_tick(self, harness: Harness, inbox: Inbox) -> None:
        """A tick that asks the same as one that will be tried again is not stored."""
        await inbox.put(a_tick(harness.now(), twin="same"))
        await inbox.pause(
            await lease_one(inbox), harness.now() + timedelta(hours=1), "away", Why.FAILURE, FAILED
        )
        assert not await inbox.put(a_tick(harness.now(), twin="same"))

    async def test_twin_of_an_answered_tick(self, harness: Harness, inbox: Inbox) -> None:
        """What is answered is nobody's twin: the same question is a new one."""
        await inbox.put(a_tick(harness.now(), twin="same"))
        await inbox.acknowledge(await lease_one(inbox))
        assert await inbox.put(a_tick(harness.now(), twin="same"))

    async def test_twin_of_a_given_up_tick(self, harness: Harness, inbox: Inbox) -> None:
        """What was given up on will not be answered, so the same question is a new one."""
        await inbox.put(a_tick(harness.now(), twin="same"))
        await inbox.give_up(await lease_one(inbox), "refused")
        assert await inbox.put(a_tick(harness.now(), twin="same"))

    async def test_one_of_many_twins(self, harness: Harness, inbox: Inbox) -> None:
        """Of ticks that ask the same at the same moment, one is stored."""
        twins = [a_tick(harness.now(), channel="c", twin="same") for _ in range(harness.many)]
        stored = await asyncio.gather(*map(inbox.put, twins))
        assert sum(stored) == 1

    async def test_limit(self, harness: Harness, inbox: Inbox) -> None:
        """However many come at once, exactly as many as the limit are stored, and the others are told."""
        puts = [inbox.put(a_tick(harness.now())) for _ in range(harness.limit + 10)]
        outcomes = await asyncio.gather(*puts, return_exceptions=True)
        stored = outcomes.count(True)
        refused = sum(isinstance(outcome, InboxFull) for outcome in outcomes)
        assert (stored, refused, (await inbox.depth()).unfinished) == (harness.limit, 10, harness.limit)

    async def test_only_unfinished_ticks_count(self, harness: Harness, inbox: Inbox) -> None:
        """A full inbox has room again for each tick that is answered or given up on, and no more."""
        await asyncio.gather(*[inbox.put(a_tick(harness.now())) for _ in range(harness.limit)])
        await inbox.acknowledge(await lease_one(inbox))
        await inbox.give_up(await lease_one(inbox), "refused")
        await inbox.pause(
            await lease_one(inbox), harness.now() + timedelta(hours=1), "away", Why.FAILURE, FAILED
        )
        await lease_one(inbox)
        puts = [inbox.put(a_tick(harness.now())) for _ in range(5)]
        outcomes = await asyncio.gather(*puts, return_exceptions=True)
        assert outcomes.count(True) == 2

    async def test_twin_at_a_full_inbox(self, harness: Harness, inbox: Inbox) -> None:
        """A tick whose twin waits is not refused: it needs no room."""
        await inbox.put(a_tick(harness.now(), twin="same"))
        await asyncio.gather(*[inbox.put(a_tick(harness.now())) for _ in range(harness.limit - 1)])
        assert not await inbox.put(a_tick(harness.now(), twin="same"))


class TestOrder:
    """Whose turn it is."""

    async def test_order_of_acceptance(self, harness: Harness, inbox: Inbox) -> None:
        """Different channels' ticks are leased in the order in which they were accepted."""
        ticks = [a_tick(harness.now()) for _ in range(harness.many)]
        for tick in ticks:
            await inbox.put(tick)
        assert [tick.id for tick in ticks] == ids(await drain(inbox))

    async def test_one_channel_starves_nobody(self, harness: Harness, inbox: Inbox) -> None:
        """Behind a channel with many ticks, the ticks of others need not wait for all of them."""
        loud = [a_tick(harness.now(), channel="loud") for _ in range(harness.many - 3)]
        await asyncio.gather(*map(inbox.put, loud))
        quiet = [a_tick(harness.now()) for _ in range(3)]
        for tick in quiet:
            await inbox.put(tick)
        first = ids(await inbox.lease(harness.many // 2, PATIENCE))
        assert [tick.id for tick in quiet] == [id_ for id_ in first if id_ in {tick.id for tick in quiet}]

    async def test_a_lone_channel_need_not_wait(self, harness: Harness, inbox: Inbox) -> None:
        """Fairness costs nothing when nobody else is there: all of a channel's ticks are leased at once."""
        ticks = [a_tick(harness.now(), channel="loud") for _ in range(harness.many)]
        await asyncio.gather(*map(inbox.put, ticks))
        assert len(await inbox.lease(100, PATIENCE)) == len(ticks)


class TestLease:
    """Going out."""

    async def test_an_empty_inbox(self, inbox: Inbox) -> None:
        """There is nothing to lease, and no waiting for it when none was asked for."""
        async with asyncio.timeout(PATIENCE):
            assert list(await inbox.lease(5, 0)) == []

    async def test_no_more_than_the_limit(self, harness: Harness, inbox: Inbox) -> None:
        """A worker gets as many as it has room for."""
        await asyncio.gather(*[inbox.put(a_tick(harness.now())) for _ in range(9)])
        assert [len(await inbox.lease(4, PATIENCE)) for _ in range(3)] == [4, 4, 1]

    async def test_expires_when_the_lease_length_is_over(self, harness: Harness, inbox: Inbox) -> None:
        """A lease says until when the tick is the worker's own."""
        await inbox.put(a_tick(harness.now()))
        before = harness.now()
        lease = await lease_one(inbox)
        length = timedelta(seconds=LEASE_SECONDS)
        assert before + length <= lease.expires_at <= harness.now() + length

    async def test_nobody_else_gets_a_leased_tick(self, harness: Harness, inbox: Inbox) -> None:
        """Of many workers in two processes that lease at the same time, one gets each tick."""
        await asyncio.gather(*[inbox.put(a_tick(harness.now())) for _ in range(harness.many)])
        async with harness.another() as other:
            both = [inbox, other.inbox] * 4
            rounds = [await asyncio.gather(*[each.lease(7, 0.05) for each in both]) for _ in range(2)]
            leased = [lease for leases in rounds for part in leases for lease in part]
            assert harness.many == len(leased) == len(set(ids(leased)))

    async def test_wakes_up_for_a_tick(self, harness: Harness, inbox: Inbox) -> None:
        """A worker that waits gets a tick as soon as it is put, not when the wait is over."""
        waiting = asyncio.create_task(inbox.lease(1, 60))
        await asyncio.sleep(0.01)
        await inbox.put(a_tick(harness.now()))
        async with asyncio.timeout(PATIENCE):
            assert len(await waiting) == 1

    async def test_every_waiting_worker_wakes_up(self, harness: Harness, inbox: Inbox) -> None:
        """Ticks for three workers wake three."""
        waiting = [asyncio.create_task(inbox.lease(1, 60)) for _ in range(3)]
        await asyncio.sleep(0.01)
        await asyncio.gather(*[inbox.put(a_tick(harness.now())) for _ in range(3)])
        async with asyncio.timeout(PATIENCE):
            assert [len(leases) for leases in await asyncio.gather(*waiting)] == [1, 1, 1]

    async def test_another_process_put_it(self, harness: Harness, inbox: Inbox) -> None:
        """A worker that waits gets what another process has put, within a few seconds."""
        waiting = asyncio.create_task(inbox.lease(1, 60))
        async with harness.another() as other:
            await other.inbox.put(a_tick(harness.now()))
            async with asyncio.timeout(PATIENCE):
                assert len(await waiting) == 1

    async def test_an_expired_lease_comes_back(self, harness: Harness, inbox: Inbox) -> None:
        """A tick whose worker says nothing is leased again, as a further attempt."""
        tick = a_tick(harness.now())
        await inbox.put(tick)
        await lease_one(inbox)
        await harness.advance(LEASE_SECONDS * 1.2)
        again = await lease_one(inbox)
        assert (tick, 2) == (again.tick, again.attempt)


class TestLostLease:
    """A lease that has expired says nothing any more."""

    @pytest.fixture
    async def lost(self, harness: Harness, inbox: Inbox) -> Lease:
        """A lease that has expired; somebody else has the tick."""
        await inbox.put(a_tick(harness.now()))
        lease = await lease_one(inbox)
        await harness.advance(LEASE_SECONDS * 1.2)
        return lease

    async def test_acknowledge(self, inbox: Inbox, lost: Lease) -> None:
        """The tick stays: its new worker answers for it."""
        new = await lease_one(inbox)
        outcomes = (await inbox.acknowledge(lost), await inbox.acknowledge(new))
        assert outcomes == (False, True)

    async def test_pause(self, harness: Harness, inbox: Inbox, lost: Lease) -> None:
        """The tick is not paused under its new worker's hands."""
        new = await lease_one(inbox)
        outcomes = (
            await inbox.pause(lost, harness.now(), "late", Why.FAILURE, FAILED),
            await inbox.acknowledge(new),
        )
        assert (outcomes, await inbox.entries()) == ((False, True), [])

    async def test_give_up(self, inbox: Inbox, lost: Lease) -> None:
        """The tick is not given up under its new worker's hands."""
        new = await lease_one(inbox)
        outcomes = (await inbox.give_up(lost, "late"), await inbox.acknowledge(new))
        assert (outcomes, await inbox.entries()) == ((False, True), [])

    async def test_lost_even_if_nobody_has_it_yet(self, inbox: Inbox, lost: Lease) -> None:
        """After its end a lease is lost, whether or not the tick has been leased again."""
        assert (await inbox.acknowledge(lost), (await inbox.depth()).unfinished) == (False, 1)

    async def test_used_twice(self, harness: Harness, inbox: Inbox) -> None:
        """A lease ends with the first thing said about it."""
        await inbox.put(a_tick(harness.now()))
        lease = await lease_one(inbox)
        await inbox.pause(lease, harness.now() + timedelta(hours=1), "away", Why.FAILURE, FAILED)
        outcomes = (await inbox.acknowledge(lease), await inbox.give_up(lease, "refused"))
        assert (outcomes, (await inbox.depth()).unfinished) == ((False, False), 1)
