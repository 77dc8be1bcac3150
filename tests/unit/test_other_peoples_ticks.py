"""Nobody can silence, delay, pollute or read another's ticks: a test for each way."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from application.answer import Outcome
from application.aws_errors import AccessKeyUnknown, AwsUnavailable, PermissionMissing
from application.credentials import AccessKey
from tests.doubles.fakes.aws import Account
from tests.doubles.fakes.world import ACCOUNT, DAY, KEY, URL, World, bill, settings

OTHER = AccessKey("AKIAOTHER", "other-secret")
THEIRS = "https://example.net/theirs"
JUNK = [
    b"null",
    b"[]",
    b'{"threshold": 1}',
    b'"' + b"x" * 30_000 + b'"',
    settings(threshold="junk"),
    settings(credentials=AccessKey("AKIAJUNK", "junk")),
    json.dumps([{"label": "threshold", "default": ["[" * 50]}]).encode(),
]


@pytest.fixture
async def world() -> World:
    """A channel that is told every day, on the morning of the next day."""
    world = World()
    assert (await world.tick()).outcome is Outcome.TOLD
    world.clock.move(DAY)
    world.account.bill = bill(world.today)
    return world


class TestTheSameReturnUrl:
    """A stranger who knows it."""

    @pytest.mark.parametrize("junk", JUNK)
    async def test_junk_silences_nobody(self, world: World, junk: bytes) -> None:
        """Whatever a stranger has the channel told, its own report comes."""
        await world.tick(junk)
        assert (await world.tick()).outcome is Outcome.TOLD

    async def test_another_account_silences_nobody(self, world: World) -> None:
        """A stranger's own account, with the same threshold, is another topic."""
        world.aws.add(OTHER, Account("999999999999", bill(world.today)))
        await world.tick(settings(credentials=OTHER))
        answer = await world.tick()
        assert (answer.outcome, answer.account_id) == (Outcome.TOLD, ACCOUNT)

    async def test_a_tick_that_hangs_delays_nobody(self, world: World) -> None:
        """While a stranger's tick of the channel is tried again and again, the channel's own is answered."""
        world.aws.fail(OTHER, AwsUnavailable("AWS timed out."))
        stranger = await world.tick(settings(credentials=OTHER))
        assert (stranger.outcome, (await world.tick()).outcome) == (Outcome.RETRY, Outcome.TOLD)

    async def test_a_filled_queue_delays_nobody(self, world: World) -> None:
        """The question that the channel is told about every day stands in front of a stranger's hundreds."""
        for number in range(300):
            await world.accept(settings(threshold=f"junk {number}"))
        own = await world.accept()
        (first,) = await world.lease(1)
        (second,) = await world.lease(1)
        assert own.tick_id in {first.tick.id, second.tick.id}

    async def test_a_lease_that_is_held_delays_nobody(self, world: World) -> None:
        """A stranger's tick that a worker is busy with, or has died with, holds nothing up."""
        await world.accept(settings(threshold="junk"))
        await world.lease()
        assert (await world.tick()).outcome is Outcome.TOLD

    async def test_the_twin_of_another_day(self, world: World) -> None:
        """What a stranger left waiting yesterday is not taken for today's question."""
        await world.accept()
        await world.lease()
        world.clock.move(DAY)
        world.account.bill = bill(world.today)
        assert (await world.accept()).stored


class TestTheSameAccount:
    """Another key of it, or none."""

    async def test_a_key_without_rights(self, world: World) -> None:
        """What is refused to one key is not refused to another."""
        world.aws.fail(OTHER, PermissionMissing("ce:GetCostAndUsage"))
        refused = await world.tick(settings(credentials=OTHER), return_url=THEIRS)
        assert (refused.outcome, (await world.tick()).outcome) == (Outcome.FAILURE_TOLD, Outcome.TOLD)

    async def test_the_key_with_a_wrong_secret(self, world: World) -> None:
        """Who has only half of a key is told nothing of the account, and its owner hears as before."""
        wrong = AccessKey(KEY.access_key_id, "guessed")
        refused = await world.tick(settings(credentials=wrong), return_url=THEIRS)
        assert refused.outcome is Outcome.FAILURE_TOLD
        assert ACCOUNT not in world.texts[-1]
        assert (await world.tick()).outcome is Outcome.TOLD

    async def test_the_same_key_elsewhere(self, world: World) -> None:
        """A report goes to the return_url that asked, and what one channel was told is news to another."""
        await world.tick(return_url=THEIRS)
        told = len(world.texts)
        assert (await world.tick()).outcome is Outcome.TOLD
        assert len(world.texts) == told + 1


class TestReading:
    """What a stranger might learn."""

    async def test_the_answer_goes_where_it_was_asked(self, world: World) -> None:
        """Never to another return_url, whatever a tick says of channels."""
        raw = json.loads(settings())
        raw.append({"label": "return_url", "default": THEIRS})
        await world.tick(json.dumps(raw).encode())
        assert {url for url, _ in world.channel.posts} == {URL}

    async def test_what_waits_tells_nothing(self, world: World) -> None:
        """Neither the key nor the return_url stands in what rests."""
        await world.accept()
        (lease,) = await world.lease()
        rests = repr(lease.tick).encode() + lease.tick.payload
        assert KEY.secret_access_key.encode() not in rests
        assert URL.encode() not in rests


async def test_an_unknown_key_is_not_remembered_against_the_owner(world: World) -> None:
    """A key that AWS did not know yet is asked about again when its owner has made it."""
    world.aws.fail(KEY, AccessKeyUnknown())
    failed = await world.tick()
    world.aws.fail(KEY, None)
    world.clock.move(timedelta(hours=1))
    answers = [failed, *await world.work_for(DAY)]
    assert Outcome.TOLD in {answer.outcome for answer in answers} | {(await world.tick()).outcome}
