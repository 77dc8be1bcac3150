"""A role lets in the one channel that it was made for."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta

import pytest

from adapters.vault import AesGcmVault
from application.answer import Answer, Outcome
from application.aws_errors import PermissionMissing
from application.credentials import AccessKey, Role
from application.let_in import LetIn, LinkUnknown, RoleAccess
from application.role_errors import OwnIdentityMissing, RoleAccessOff, RoleNotLetIn, RoleOpen
from tests.doubles.fakes.clock import FixedClock
from tests.doubles.fakes.world import URL, World, settings

ARN = "arn:aws:iam::123456789012:role/spend"
FORGED_URL = "https://ping.telex.im/v1/return/a-strangers-channel"
RAW = settings(credentials=AccessKey("key", "key"), aws_role_arn=ARN)
OLD, NEW = b"o" * 32, b"n" * 32
FORM = re.compile(r"[\w+=,.@:/-]{2,1224}", re.ASCII)


def let_in(*keys: bytes, access: RoleAccess = RoleAccess.EXTERNAL_ID) -> LetIn:
    """What a process with these secret keys has."""
    return LetIn(AesGcmVault(keys or (OLD,)), FixedClock(), access, "https://spend.example")


def world_with_role() -> World:
    """The pretended world, in which the account lets this channel in by a role."""
    world = World()
    world.access.refusal = RoleNotLetIn()
    key = AccessKey("ASIATEMPORARY", "secret", "token", role_arn=ARN)
    world.access.keys[Role(ARN, world.let_in.external_id(URL))] = key
    world.aws.add(key, world.account)
    return world


async def tick(world: World, url: str = URL) -> Answer:
    """A tick that names the role."""
    return await world.tick(RAW, url)


async def test_a_role_gives_the_report_that_a_key_gives() -> None:
    """The channel that the role was made for reads its report."""
    world = world_with_role()
    answer = await tick(world)
    assert (answer.outcome, answer.account_id) == (Outcome.TOLD, "123456789012")


async def test_a_forged_tick_learns_nothing_and_costs_nothing() -> None:
    """A stranger names somebody else's role just after its owner's report: nothing is asked, or told."""
    world = world_with_role()
    await tick(world)
    asked = len(world.aws.asked)
    answer = await tick(world, FORGED_URL)
    assert (answer.cause, answer.account_id, len(world.aws.asked)) == ("role-not-let-in", "", asked)
    assert "$" not in world.texts[-1]


async def test_what_is_missing_is_told_step_by_step() -> None:
    """The channel's own external id, the line of the trust policy, and a link to the page."""
    world = World()
    world.access.refusal = RoleNotLetIn()
    await tick(world)
    text, external_id = world.texts[-1], world.let_in.external_id(URL)
    assert f'{{"StringEquals": {{"sts:ExternalId": "{external_id}"}}}}' in text
    (link,) = re.findall(r"https://spend\.example/access/(\S+)", text)
    assert world.let_in.open(link) == Role(ARN, external_id)


def let_in_now(world: World) -> None:
    """The owner makes the role."""
    later = world_with_role()
    world.access.keys, world.aws = later.access.keys, later.aws
    world.restart()


async def test_the_channel_is_told_when_it_works() -> None:
    """Without a further tick: the same one looks again, and reports in the period in which it was refused."""
    world = World()
    world.access.refusal = RoleNotLetIn()
    assert (await tick(world)).outcome is Outcome.FAILURE_TOLD
    assert {answer.outcome for answer in await world.work_for(timedelta(hours=2))} == {Outcome.WAITS}
    let_in_now(world)
    answers = await world.work_for(timedelta(minutes=15))
    assert [answer.outcome for answer in answers] == [Outcome.TOLD]
    assert len(world.texts) == 2
    assert await world.inbox.entries() == []


async def test_the_same_tick_again_looks_at_once() -> None:
    """Whoever has made the role and saves the settings anew need not wait for the pause's end."""
    world = World()
    world.access.refusal = RoleNotLetIn()
    await tick(world)
    await world.work_for(timedelta(hours=2))
    let_in_now(world)
    await world.accept(RAW, URL)
    assert [answer.outcome for answer in await world.work()] == [Outcome.TOLD]


async def test_after_a_day_nobody_looks_any_more() -> None:
    """Some hundred free requests; the next day's tick asks anew."""
    world = World()
    world.access.refusal = RoleNotLetIn()
    await tick(world)
    await world.work_for(timedelta(days=2))
    assert await world.inbox.entries() == []
    assert 90 < len(world.access.asked) < 130
    assert len(world.texts) == 1


@pytest.mark.parametrize("failure", [RoleAccessOff(), OwnIdentityMissing(), PermissionMissing()])
async def test_what_the_owner_cannot_mend_brings_no_steps(failure: Exception) -> None:
    """Where roles are off, or the permission is missing, no trust policy needs to be touched."""
    world = World()
    world.access.refusal = failure  # type: ignore[assignment]  # each is one of AWS's
    await tick(world)
    assert "/access/" not in world.texts[-1]
    assert "trust policy" not in world.texts[-1]


async def test_an_open_role_is_told_the_missing_line() -> None:
    """It is not used, whatever it would give."""
    world = World()
    world.access.refusal = RoleOpen()
    await tick(world)
    assert "sts:ExternalId" in world.texts[-1]


def test_every_destination_has_an_id_of_its_own_that_aws_takes() -> None:
    """Channels and watches never share one, and nobody can guess it."""
    one = let_in()
    ids = [
        one.external_id(URL),
        one.external_id(FORGED_URL),
        one.external_id(URL + "?x=1"),
        one.external_id_of_watch(URL),
        let_in(NEW).external_id(URL),
    ]
    assert len(set(ids)) == len(ids)
    assert all(FORM.fullmatch(each) for each in ids)


def test_an_id_outlives_rotation() -> None:
    """It stays as it is while the key that it was made from is listed."""
    assert let_in(NEW, OLD).external_id(URL) == let_in(OLD).external_id(URL)


def test_an_operators_own_id_stands_as_it_is() -> None:
    """A watch's role keeps what the watches file says."""
    world = World()
    monitor = world.answer_tick.settings.read(RAW)
    own = replace(monitor, credentials=Role(ARN, "theirs"))
    assert world.let_in.named_for_watch(own, "production").credentials == Role(
        ARN, "theirs", is_strangers=False
    )
    made = world.let_in.external_id_of_watch("production")
    assert world.let_in.named_for_watch(monitor, "production").credentials == Role(
        ARN, made, is_strangers=False
    )


def link_of(one: LetIn) -> str:
    """The token of a link."""
    monitor = one.named(World().answer_tick.settings.read(RAW), URL)
    way_in = one.way_in(monitor, RoleNotLetIn())
    assert way_in is not None
    return way_in.link.rpartition("/")[2]


def test_a_link_lives_through_rotation_and_ends_after_thirty_days() -> None:
    """Who holds it can read; later it is as unknown as one that never was."""
    token = link_of(let_in(OLD))
    rotated = let_in(NEW, OLD)
    assert rotated.open(token).arn == ARN
    clock = FixedClock()
    clock.move(timedelta(days=30))
    with pytest.raises(LinkUnknown):
        replace(rotated, clock=clock).open(token)


@pytest.mark.parametrize("token", ["", "x", "A" * 200, "A" * 5000, "ä", "../..", "%00", "a\nb", "=" * 8])
def test_a_forged_link_is_unknown(token: str) -> None:
    """Nobody can make one, whatever it is spelt of."""
    with pytest.raises(LinkUnknown):
        let_in().open(token)


def test_what_was_sealed_for_something_else_is_no_link() -> None:
    """A tick at rest does not open a page."""
    one = let_in()
    token = link_of(one)
    with pytest.raises(LinkUnknown):
        let_in(NEW).open(token)
    with pytest.raises(LinkUnknown):
        one.open(token[:-4] + "AAAA")


def test_with_tokens_the_subject_is_asked_for() -> None:
    """The line of the trust policy names the issuer."""
    one = let_in(access=RoleAccess.WEB_IDENTITY)
    way_in = one.way_in(one.named(World().answer_tick.settings.read(RAW), URL), RoleNotLetIn())
    assert way_in is not None
    assert (way_in.id_name, way_in.condition_key) == ("subject", "spend.example:sub")


def test_without_a_public_address_the_line_is_told_all_the_same() -> None:
    """There is no page to link to, but the id is in the message."""
    one = replace(let_in(), public_url=None)
    way_in = one.way_in(one.named(World().answer_tick.settings.read(RAW), URL), RoleNotLetIn())
    assert way_in is not None
    assert one.external_id(URL) in way_in.steps[1]
