"""What strangers can make grow is bounded, and does not keep out those to whom something was delivered."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from functools import partial
from pathlib import Path

import pytest

from adapters.state.limits import Limits, Load
from adapters.state.moments import to_micros
from adapters.state.nats.inbox import NatsInbox
from adapters.state.sqlite.housekeeping import tidy
from adapters.state.sqlite.inbox import SqliteInbox
from application.errors import InboxFull
from application.ports.inbox import Inbox
from application.ports.intake import SealedTick
from application.ports.ledger import Claim, Ledger, Page
from application.ports.work_queue import Why
from domain.money import Money
from domain.periods import Period
from domain.reports import Told
from domain.thresholds import Verdict
from tests.contract.inboxes import PATIENCE, drain, ids
from tests.contract.states import HARNESSES, Harness, a_tick
from tests.doubles.fakes.clock import FixedClock

TOLD = Page(
    {Period(date(2026, 11, 22), date(2026, 11, 23)): Told((Verdict.WITHIN,), Money(Decimal(1), "USD"))},
    asks=("own",),
)


async def put_all(inbox: Inbox, ticks: list[SealedTick]) -> int:
    """Put them at once; how many are stored."""
    outcomes = await asyncio.gather(*map(inbox.put, ticks), return_exceptions=True)
    assert {type(outcome) for outcome in outcomes} <= {bool, InboxFull}
    return outcomes.count(True)


class TestInbox:
    """What waits."""

    async def test_bytes_count_too(self, roomy: Harness) -> None:
        """Few large ticks fill the inbox as many small ones do."""
        inbox = roomy.state.inbox
        bound = Limits(roomy.limit).bytes
        stored = await put_all(inbox, [a_tick(roomy.now(), size=bound // 20) for _ in range(30)])
        assert stored == 19  # beside its payload, each takes some bytes more

    async def test_known_channels_have_a_share_of_their_own(
        self, harness: Harness, inbox: Inbox, ledger: Ledger
    ) -> None:
        """When strangers have filled the inbox, ticks of channels that were told something come in."""
        await ledger.update("known", "costs", lambda _: TOLD)
        await ledger.update("failed", "settings", lambda _: Page(failures={"code": "2026-11-23"}))
        await ledger.update("claimed", "settings", lambda _: Page(claim=Claim("tick", harness.now())))
        strangers = await put_all(inbox, [a_tick(harness.now()) for _ in range(harness.limit + 10)])
        others = ("known", "failed", "claimed", "stranger")
        stored = [await put_all(inbox, [a_tick(harness.now(), channel=name)]) for name in others]
        assert (strangers, stored) == (harness.limit, [1, 1, 0, 0])

    async def test_known_channels_are_bounded_too(
        self, harness: Harness, inbox: Inbox, ledger: Ledger
    ) -> None:
        """By as much again."""
        await ledger.update("known", "costs", lambda _: TOLD)
        await put_all(inbox, [a_tick(harness.now()) for _ in range(harness.limit)])
        ticks = [a_tick(harness.now(), channel="known") for _ in range(harness.limit + 10)]
        assert await put_all(inbox, ticks) == harness.limit

    async def test_how_full_it_is(self, roomy: Harness) -> None:
        """By count or by bytes, whichever is more."""
        inbox = roomy.state.inbox
        await put_all(inbox, [a_tick(roomy.now()) for _ in range(roomy.limit // 4)])
        few = (await inbox.depth()).fullness
        large = Limits(roomy.limit).bytes // 11
        await put_all(inbox, [a_tick(roomy.now(), size=large) for _ in range(6)])
        many = (await inbox.depth()).fullness
        assert few == pytest.approx(0.25, abs=0.01)
        assert many == pytest.approx(6 / 11, abs=0.02)

    async def test_a_channels_own_question_waits_behind_no_other(
        self, harness: Harness, inbox: Inbox, ledger: Ledger
    ) -> None:
        """Whoever knows a return_url can bury new questions, but not those that are asked every day."""
        if isinstance(inbox, NatsInbox):
            pytest.skip("a work-queue stream hands ticks out in the order of acceptance")
        await ledger.update("known", "costs", lambda _: TOLD)
        await put_all(
            inbox, [a_tick(harness.now(), channel="known", asks="junk") for _ in range(harness.many - 4)]
        )
        own = a_tick(harness.now(), channel="known", asks="own")
        new = a_tick(harness.now(), channel="known", asks="new")
        other = a_tick(harness.now() + timedelta(seconds=2))
        await put_all(inbox, [new, own, other])
        order = ids(await drain(inbox))
        assert order.index(own.id) < order.index(other.id) < order.index(new.id)


class TestDue:
    """Since when a tick waits that could be worked on."""

    async def test_the_oldest(self, harness: Harness, inbox: Inbox) -> None:
        """None, while none waits; then the first."""
        nothing = (await inbox.depth()).oldest_due_at
        ticks = [a_tick(harness.now() - timedelta(minutes=minutes)) for minutes in (9, 7)]
        for tick in ticks:
            await inbox.put(tick)
        both = (await inbox.depth()).oldest_due_at
        (lease,) = await inbox.lease(1, PATIENCE)
        second = (await inbox.depth()).oldest_due_at
        await inbox.pause(lease, harness.now() + timedelta(hours=1), "away", Why.FAILURE)
        await drain(inbox)
        leased = (await inbox.depth()).oldest_due_at
        assert (nothing, both, second, leased) == (None, ticks[0].accepted_at, ticks[1].accepted_at, None)


class TestGivenUp:
    """What is kept of what was given up on."""

    async def test_the_oldest_go_first(self, harness: Harness, inbox: Inbox) -> None:
        """As many are kept as the limit says, and those are the last."""
        async with asyncio.timeout(30):
            given_up: list[str] = []
            while len(given_up) < harness.limit + 5:
                await put_all(inbox, [a_tick(harness.now()) for _ in range(harness.limit // 2)])
                for lease in await drain(inbox):
                    await inbox.give_up(lease, "refused")
                    given_up.append(lease.tick.id)
        kept = [entry.id for entry in await inbox.entries()]
        assert given_up[-harness.limit :] == kept

    async def test_bytes_count_too(self, roomy: Harness) -> None:
        """Large ones are dropped sooner."""
        inbox = roomy.state.inbox
        for _ in range(22):
            await inbox.put(a_tick(roomy.now(), size=Limits(roomy.limit).bytes // 20))
            (lease,) = await inbox.lease(1, PATIENCE)
            await inbox.give_up(lease, "refused")
        depth = await inbox.depth()
        assert (depth.given_up < 20, depth.given_up_fullness <= 1) == (True, True)

    async def test_strangers_go_before_others(self, harness: Harness, inbox: Inbox, ledger: Ledger) -> None:
        """What a channel missed that is told things every day is not washed away by what nobody ever read."""
        if isinstance(inbox, NatsInbox):
            pytest.skip("a stream drops its oldest message, whoever's it is")
        await ledger.update("known", "costs", lambda _: TOLD)
        missed = a_tick(harness.now(), channel="known")
        for tick in [missed, *(a_tick(harness.now()) for _ in range(harness.limit + 5))]:
            await inbox.put(tick)
            (lease,) = await inbox.lease(1, PATIENCE)
            await inbox.give_up(lease, "away")
        entries = await inbox.entries()
        assert (len(entries), missed.id in [entry.id for entry in entries]) == (harness.limit, True)


class TestLedger:
    """What is known of channels."""

    async def test_known(self, harness: Harness, ledger: Ledger) -> None:
        """A channel is known when it was told something, and by what was asked."""
        claim = Claim("tick", harness.now())
        await ledger.update("told", "costs", lambda _: TOLD)
        await ledger.update("failed", "settings", lambda _: Page(failures={"code": "2026-11-23"}))
        await ledger.update("claimed", "settings", lambda _: Page(claim=claim))
        await ledger.update("silent", "costs", lambda _: Page(since=date(2026, 11, 23)))
        names = ("told", "failed", "claimed", "silent", "never", "tol")
        known = [name for name in names if await ledger.knows(name)]
        asked = [(name, asks) for name in names for asks in ("own", "junk") if await ledger.knows(name, asks)]
        assert (known, asked) == (["told", "failed"], [("told", "own")])

    async def test_of_several_pages(self, harness: Harness, ledger: Ledger) -> None:
        """A channel that was told something stays known, whatever else is about to be said there."""
        await ledger.update("channel", "b", lambda _: TOLD)
        for topic in ("a", "c"):
            await ledger.update("channel", topic, lambda _: Page(claim=Claim("tick", harness.now())))
        assert (await ledger.knows("channel"), await ledger.knows("channel", "own")) == (True, True)


async def test_pages_that_say_nothing_do_not_stay(tmp_path: Path) -> None:
    """A claim where nobody was ever told anything is forgotten within hours, and so many are kept at most."""
    for name in ("memory", "sqlite"):
        async with HARNESSES[name](tmp_path) as harness:
            ledger = harness.state.ledger
            claimed = partial(replace, claim=Claim("tick", harness.now()))
            for number in range(harness.limit + 50):
                await ledger.update(f"channel-{number}", "settings", claimed)
            await ledger.update("told", "costs", lambda _: TOLD)
            await _keep_house(harness)
            kept = [
                (await ledger.read(f"channel-{number}", "settings")).claim is not None
                for number in range(harness.limit + 50)
            ]
            await harness.advance(7200)
            await _keep_house(harness)
            later = await ledger.read(f"channel-{harness.limit + 49}", "settings")
            told = await ledger.read("told", "costs")
            assert (kept, later, told) == ([False] * 50 + [True] * harness.limit, Page(), TOLD)


async def _keep_house(harness: Harness) -> None:
    if isinstance(harness.state.inbox, SqliteInbox):
        now = to_micros(harness.now())
        while await harness.state.inbox._engine.write(tidy, now, harness.limit):
            pass


def check(ticks: int, of_host: int = 0) -> bool:
    """Whether there is room for a stranger's tick at a limit of 1,600."""
    try:
        Limits(1600).check(
            a_tick(FixedClock().now()),
            Load(ticks, 0),
            known=False,
            others_of_channel=lambda: 0,
            others_of_host=lambda: of_host,
        )
    except InboxFull:
        return False
    return True


def test_a_late_host() -> None:
    """When strangers have used up their share, hosts that have few waiting get a quarter more."""
    offers = [check(1600), check(1600, of_host=99), check(1600, of_host=100), check(2000)]
    assert offers == [True, True, False, False]


def test_a_channel_that_asks_too_much() -> None:
    """One channel cannot use up the share of all."""
    limits = Limits(100_000)
    with pytest.raises(InboxFull, match="of this channel"):
        limits.check(
            a_tick(FixedClock().now()),
            Load(50_000, 0),
            known=True,
            others_of_channel=lambda: 5000,
            others_of_host=lambda: 0,
        )
