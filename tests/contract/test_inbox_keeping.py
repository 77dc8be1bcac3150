"""What every inbox must do with ticks that are not answered at once, and what it shows of them."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from decimal import Decimal

import pytest

from application.ports.dead_letters import TickState
from application.ports.inbox import Inbox
from application.ports.intake import SealedTick
from application.ports.work_queue import NOTHING_YET, Progress, Why
from domain.settling import Seen
from tests.contract.inboxes import FAILED, PATIENCE, drain, ids, lease_all, lease_one
from tests.contract.states import LEASE_SECONDS, Harness, a_tick


class TestPause:
    """Trying later."""

    async def test_not_before_its_time(self, harness: Harness, inbox: Inbox) -> None:
        """A paused tick is left alone until its time has come, and then has its progress with it."""
        tick = a_tick(harness.now())
        await inbox.put(tick)
        await inbox.pause(
            await lease_one(inbox), harness.now() + timedelta(seconds=0.4), "away", Why.FAILURE, FAILED
        )
        early = await inbox.lease(1, 0.05)
        await harness.advance(0.5)
        late = await lease_one(inbox)
        assert ([], tick, 1, FAILED) == (list(early), late.tick, late.attempt, late.progress)

    async def test_wakes_up_for_it(self, harness: Harness, inbox: Inbox) -> None:
        """A worker that waits gets a paused tick when its time has come, not when the wait is over."""
        await inbox.put(a_tick(harness.now()))
        await inbox.pause(
            await lease_one(inbox), harness.now() + timedelta(seconds=0.3), "away", Why.FAILURE, FAILED
        )
        waiting = asyncio.create_task(inbox.lease(1, 60))
        await asyncio.sleep(0.01)
        await harness.advance(0.4)
        async with asyncio.timeout(PATIENCE):
            assert len(await waiting) == 1

    async def test_at_once(self, harness: Harness, inbox: Inbox) -> None:
        """A tick that is put back for now, as on a stop, can be leased now."""
        await inbox.put(a_tick(harness.now()))
        done = await inbox.pause(await lease_one(inbox), harness.now(), "stopped", Why.FAILURE, FAILED)
        assert (done, (await lease_one(inbox)).attempt) == (True, 1)

    async def test_later_ones_are_not_held_up(self, harness: Harness, inbox: Inbox) -> None:
        """Ticks that are paused stand in nobody's way."""
        await asyncio.gather(*[inbox.put(a_tick(harness.now())) for _ in range(harness.many // 2)])
        for lease in await drain(inbox):
            await inbox.pause(lease, harness.now() + timedelta(hours=1), "away", Why.FAILURE, FAILED)
        tick = a_tick(harness.now())
        await inbox.put(tick)
        assert [tick.id] == ids(await drain(inbox))

    async def test_progress_as_it_was_given(self, harness: Harness, inbox: Inbox) -> None:
        """All of it comes back, from pause to pause; a tick that has come nowhere has none."""
        await inbox.put(a_tick(harness.now()))
        at = harness.now().replace(microsecond=123456)
        progress = Progress(
            3, at, 2, 1, 1, at, at, Seen(at, Decimal("0.10000000000000000001"), at, Decimal(0))
        )
        leases = []
        for given in (progress, NOTHING_YET, progress):
            leases.append(await lease_one(inbox))
            await inbox.pause(leases[-1], harness.now(), "away", Why.FAILURE, given)
        leases.append(await lease_one(inbox))
        assert [NOTHING_YET, progress, NOTHING_YET, progress] == [lease.progress for lease in leases]

    async def test_a_lease_without_a_result_after_a_pause(self, harness: Harness, inbox: Inbox) -> None:
        """Only leases that ended without a result count as attempts; they take no progress away."""
        await inbox.put(a_tick(harness.now()))
        for _ in range(3):
            await inbox.pause(await lease_one(inbox), harness.now(), "busy", Why.TURN, FAILED)
        attempts = []
        for _ in range(3):
            lease = await lease_one(inbox)
            attempts.append((lease.attempt, lease.progress))
            await harness.advance(LEASE_SECONDS * 1.2)
        assert attempts == [(1, FAILED), (2, FAILED), (3, FAILED)]

    async def test_another_process_goes_on(self, harness: Harness, inbox: Inbox) -> None:
        """What one process has noted of a tick, the next one to lease it knows."""
        await inbox.put(a_tick(harness.now()))
        await inbox.pause(await lease_one(inbox), harness.now(), "away", Why.FAILURE, FAILED)
        async with harness.another() as other:
            lease = await lease_one(other.inbox)
            assert (lease.progress, await other.inbox.acknowledge(lease)) == (FAILED, True)


class TestNews:
    """Waiting for AWS to publish, or for somebody to mend something."""

    @pytest.fixture
    async def waiting(self, harness: Harness, inbox: Inbox) -> SealedTick:
        """A tick that waits for news, for an hour."""
        tick = a_tick(harness.now(), twin="same")
        await inbox.put(tick)
        await self.wait_for_news(harness, inbox)
        return tick

    @staticmethod
    async def wait_for_news(harness: Harness, inbox: Inbox) -> None:
        """Pause what is leased next."""
        at = harness.now() + timedelta(hours=1)
        await inbox.pause(await lease_one(inbox), at, "not published", Why.NEWS, Progress(looks=1))

    async def test_the_same_tick_again_ends_the_pause(
        self, harness: Harness, inbox: Inbox, waiting: SealedTick
    ) -> None:
        """It is not stored; the one that waits is leased now, as it was, with its progress."""
        assert await drain(inbox) == []
        stored = await inbox.put(a_tick(harness.now(), twin="same"))
        lease = await lease_one(inbox)
        assert (False, waiting, Progress(looks=1)) == (stored, lease.tick, lease.progress)
        assert (await inbox.acknowledge(lease), (await inbox.depth()).unfinished) == (True, 0)

    async def test_again_and_again(self, harness: Harness, inbox: Inbox, waiting: SealedTick) -> None:
        """However often it is put again, there is one tick, and each time it looks once."""
        for _ in range(3):
            await inbox.put(a_tick(harness.now(), twin="same"))
            await inbox.put(a_tick(harness.now(), twin="same"))
            await self.wait_for_news(harness, inbox)
            assert (await drain(inbox), (await inbox.depth()).unfinished) == ([], 1)
        [entry] = await inbox.entries()
        assert (waiting.id, TickState.PAUSED, Why.NEWS) == (entry.id, entry.state, entry.why)

    async def test_a_worker_that_waits_is_woken(
        self, harness: Harness, inbox: Inbox, waiting: SealedTick
    ) -> None:
        """The end of the pause is noticed as soon as a new tick is."""
        leasing = asyncio.create_task(inbox.lease(1, 60))
        await asyncio.sleep(0.01)
        await inbox.put(a_tick(harness.now(), twin="same"))
        async with asyncio.timeout(PATIENCE):
            assert [waiting.id] == ids(await leasing)

    @pytest.mark.parametrize("why", [Why.FAILURE, Why.TURN])
    async def test_other_pauses_are_kept(self, harness: Harness, inbox: Inbox, why: Why) -> None:
        """Who hammers us with one tick hammers nobody else through us."""
        await inbox.put(a_tick(harness.now(), twin="same"))
        await inbox.pause(await lease_one(inbox), harness.now() + timedelta(hours=1), "away", why, FAILED)
        assert (await inbox.put(a_tick(harness.now(), twin="same")), await drain(inbox)) == (False, [])

    async def test_a_full_inbox(self, harness: Harness, inbox: Inbox, waiting: SealedTick) -> None:
        """A tick that waits needs no room of its own to be put again; it is not refused."""
        await asyncio.gather(*[inbox.put(a_tick(harness.now())) for _ in range(harness.limit - 1)])
        assert not await inbox.put(a_tick(harness.now(), twin="same"))
        assert waiting.id in {entry.id for entry in await inbox.entries()}

    async def test_revive_ends_a_pause(self, harness: Harness, inbox: Inbox) -> None:
        """By its id, an operator lets any paused tick be tried now; what waits anyhow is left alone."""
        tick = a_tick(harness.now())
        await inbox.put(tick)
        before = await inbox.revive(tick.id)
        await inbox.pause(
            await lease_one(inbox), harness.now() + timedelta(hours=1), "a", Why.FAILURE, FAILED
        )
        revived = await inbox.revive(tick.id)
        assert (0, 1, [tick.id]) == (before, revived, ids([await lease_one(inbox)]))

    async def test_purge_of_what_waits(self, harness: Harness, inbox: Inbox, waiting: SealedTick) -> None:
        """By its id, a tick that waits or is paused is dropped; nothing of it comes back."""
        fresh = a_tick(harness.now())
        await inbox.put(fresh)
        purged = (await inbox.purge(waiting.id), await inbox.purge(fresh.id))
        assert (purged, await drain(inbox), (await inbox.depth()).unfinished) == ((1, 1), [], 0)

    async def test_purge_of_what_is_leased(self, harness: Harness, inbox: Inbox) -> None:
        """What somebody works on is not dropped under his hands."""
        tick = a_tick(harness.now())
        await inbox.put(tick)
        lease = await lease_one(inbox)
        assert (await inbox.purge(tick.id), await inbox.acknowledge(lease)) == (0, True)


class TestGiveUp:
    """Kept aside."""

    @pytest.fixture
    async def given_up(self, harness: Harness, inbox: Inbox) -> list[str]:
        """Three ticks given up on."""
        ticks = [
            a_tick(harness.now(), channel=f"channel-{number}", twin=f"twin-{number}") for number in range(3)
        ]
        for tick in ticks:
            await inbox.put(tick)
        for lease in await drain(inbox):
            await inbox.give_up(lease, f"reason {lease.tick.channel}")
        return [tick.id for tick in ticks]

    async def test_is_not_leased(self, inbox: Inbox, given_up: list[str]) -> None:
        """Nobody works on what was given up on, and all of it is kept."""
        assert ([], len(given_up)) == (await drain(inbox), (await inbox.depth()).given_up)

    async def test_revive_all(self, inbox: Inbox, given_up: list[str]) -> None:
        """All are tried again as if for the first time."""
        revived = await inbox.revive()
        leases = await drain(inbox)
        assert (3, set(given_up), {1}, 0) == (
            revived,
            set(ids(leases)),
            {lease.attempt for lease in leases},
            (await inbox.depth()).given_up,
        )

    async def test_revived_ones_have_come_nowhere(self, harness: Harness, inbox: Inbox) -> None:
        """Whatever a tick had behind it when it was given up on, it begins anew, also if its worker dies."""
        await inbox.put(a_tick(harness.now()))
        await inbox.pause(await lease_one(inbox), harness.now(), "away", Why.FAILURE, FAILED)
        await inbox.give_up(await lease_one(inbox), "away for a day")
        [given_up] = await inbox.entries()
        await inbox.revive()
        first = await lease_one(inbox)
        await harness.advance(LEASE_SECONDS * 1.2)
        second = await lease_one(inbox)
        assert (given_up.attempts, first.progress, second.progress) == (2, NOTHING_YET, NOTHING_YET)

    async def test_revive_one(self, inbox: Inbox, given_up: list[str]) -> None:
        """One is tried again, the others stay."""
        revived = await inbox.revive(given_up[1])
        assert (1, [given_up[1]], 2) == (revived, ids(await drain(inbox)), (await inbox.depth()).given_up)

    async def test_revive_an_unknown_one(self, inbox: Inbox, given_up: list[str]) -> None:
        """What is not there is not put back."""
        assert (0, len(given_up)) == (await inbox.revive("nobody"), (await inbox.depth()).given_up)

    async def test_revive_the_twin_of_an_unfinished_tick(
        self, harness: Harness, inbox: Inbox, given_up: list[str]
    ) -> None:
        """What an unfinished tick asks is not asked twice: the given-up one stays where it is."""
        await inbox.put(a_tick(harness.now(), twin="twin-1"))
        revived = await inbox.revive()
        left = [entry.id for entry in await inbox.entries() if entry.state is TickState.GIVEN_UP]
        assert (2, [given_up[1]]) == (revived, left)

    async def test_a_lease_from_before(self, harness: Harness, inbox: Inbox) -> None:
        """A lease from before the giving up says nothing about the revived tick."""
        await inbox.put(a_tick(harness.now()))
        before = await lease_one(inbox)
        await inbox.give_up(before, "refused")
        await inbox.revive()
        await lease_one(inbox)
        assert (await inbox.acknowledge(before), (await inbox.depth()).unfinished) == (False, 1)

    async def test_purge_all(self, inbox: Inbox, given_up: list[str]) -> None:
        """All are dropped."""
        assert (len(given_up), []) == (await inbox.purge(), await inbox.entries())

    async def test_purge_one(self, inbox: Inbox, given_up: list[str]) -> None:
        """One is dropped, the others stay."""
        purged = await inbox.purge(given_up[0])
        assert (1, given_up[1:]) == (purged, [entry.id for entry in await inbox.entries()])

    async def test_purge_drops_nothing_else(self, harness: Harness, inbox: Inbox) -> None:
        """What is not given up on is purged by its id only."""
        tick = a_tick(harness.now())
        await inbox.put(tick)
        purged = (await inbox.purge("another"), await inbox.purge())
        assert ((0, 0), [tick.id]) == (purged, ids(await drain(inbox)))

    async def test_more_than_a_handful(self, harness: Harness, inbox: Inbox) -> None:
        """Any number is revived, and any number purged."""
        number = harness.limit
        await asyncio.gather(*[inbox.put(a_tick(harness.now())) for _ in range(number)])
        await asyncio.gather(
            *[inbox.give_up(each, "refused") for each in await lease_all(inbox, harness.limit)]
        )
        revived = await inbox.revive()
        await asyncio.gather(
            *[inbox.give_up(each, "again") for each in await lease_all(inbox, harness.limit)]
        )
        assert (revived, await inbox.purge()) == (number, number)


class TestInsight:
    """What can be seen of it."""

    async def test_an_empty_inbox(self, inbox: Inbox) -> None:
        """Nothing is there, and nothing is the oldest."""
        depth = await inbox.depth()
        assert (depth.unfinished, depth.given_up, depth.oldest_accepted_at) == (0, 0, None)

    async def test_depth(self, harness: Harness, inbox: Inbox) -> None:
        """What waits, is paused or is leased is unfinished; what is answered is gone; given-up is apart."""
        ticks = [a_tick(harness.now()) for _ in range(6)]
        for tick in ticks:
            await inbox.put(tick)
        await inbox.acknowledge(await lease_one(inbox))
        await inbox.give_up(await lease_one(inbox), "refused")
        await inbox.pause(
            await lease_one(inbox), harness.now() + timedelta(hours=1), "away", Why.FAILURE, FAILED
        )
        await lease_one(inbox)
        depth = await inbox.depth()
        assert (4, 1, ticks[2].accepted_at) == (depth.unfinished, depth.given_up, depth.oldest_accepted_at)

    async def test_entries(self, harness: Harness, inbox: Inbox) -> None:
        """Every tick is listed with its state, its attempts and why it is not answered yet."""
        ticks = [a_tick(harness.now()) for _ in range(4)]
        for tick in ticks:
            await inbox.put(tick)
        at = harness.now() + timedelta(hours=1)
        await inbox.pause(await lease_one(inbox), at, "channel-unavailable: away", Why.FAILURE, FAILED)
        lease = await lease_one(inbox)
        await inbox.give_up(await lease_one(inbox), "channel-refused: no")
        given_up, paused, leased, waiting = await inbox.entries()
        assert [
            (ticks[2].id, TickState.GIVEN_UP, 1, "channel-refused: no", None),
            (ticks[0].id, TickState.PAUSED, 1, "channel-unavailable: away", Why.FAILURE),
            (ticks[1].id, TickState.LEASED, 1, "", None),
            (ticks[3].id, TickState.WAITING, 0, "", None),
        ] == [
            (entry.id, entry.state, entry.attempts, entry.reason, entry.why)
            for entry in (given_up, paused, leased, waiting)
        ]
        assert (at, lease.expires_at) == (paused.at, leased.at)
        assert (ticks[3].channel, ticks[3].accepted_at) == (waiting.channel, waiting.accepted_at)

    async def test_entries_up_to_a_limit(self, harness: Harness, inbox: Inbox) -> None:
        """No more are listed than asked for, and the oldest are."""
        ticks = [a_tick(harness.now()) for _ in range(8)]
        for tick in ticks:
            await inbox.put(tick)
        assert [tick.id for tick in ticks[:5]] == [entry.id for entry in await inbox.entries(5)]

    async def test_the_reason_of_the_last_failure(self, harness: Harness, inbox: Inbox) -> None:
        """While a tick is tried again, the list still says why it failed before."""
        await inbox.put(a_tick(harness.now()))
        await inbox.pause(await lease_one(inbox), harness.now(), "away", Why.FAILURE, FAILED)
        await lease_one(inbox)
        assert [entry.reason for entry in await inbox.entries()] == ["away"]

    async def test_seen_by_another_process(self, harness: Harness, inbox: Inbox) -> None:
        """The list and the counts are the same for every process."""
        await asyncio.gather(*[inbox.put(a_tick(harness.now())) for _ in range(3)])
        async with harness.another() as other:
            assert (await inbox.depth(), await inbox.entries()) == (
                await other.inbox.depth(),
                await other.inbox.entries(),
            )

    async def test_probe(self, inbox: Inbox) -> None:
        """A storage that works passes, and nothing is left of the proof."""
        await inbox.probe()
        assert (await inbox.depth()).unfinished == 0
