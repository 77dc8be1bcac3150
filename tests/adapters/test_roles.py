"""Roles, on an STS that checks trust policy, id, session policy and tokens."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import date, timedelta

import pytest

from adapters.aws.access import AwsAccess, Own
from adapters.aws.operations import Operation
from application.aws_errors import AwsBusy, AwsError, AwsRefused, CostExplorerAbsent, PermissionMissing
from application.credentials import AccessKey, Role
from application.let_in import RoleAccess
from application.ports.cost_source import CostQuery, Granularity
from application.role_errors import (
    OwnIdentityMissing,
    RoleAccessOff,
    RoleElsewhere,
    RoleNotLetIn,
    RoleOpen,
)
from domain.periods import DAY, Period
from tests.doubles.aws_service import HOST_KEY, Canned
from tests.doubles.sts import RolesWorld, open_roles

ARN = "arn:aws:iam::111122223333:role/spend"
ID = "spend-monitor-of-this-channel"
ROLE = Role(ARN, ID)
MINUTE = timedelta(minutes=1)
FIRST = date(2026, 10, 30)
BOTH = [RoleAccess.EXTERNAL_ID, RoleAccess.WEB_IDENTITY]


@pytest.fixture(params=BOTH, ids=str)
async def world(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[RolesWorld]:
    """A process that assumes roles in the one way and the other."""
    async with open_roles(request.param, monkeypatch) as world:
        yield world


async def test_all_who_wait_share_one_flight(world: RolesWorld) -> None:
    """A hundred checks of one role come with its id once, and without it once."""
    world.add_role(ARN, ID)
    keys = await asyncio.gather(*(world.access.key(ROLE) for _ in range(100)))
    assert (len(set(keys)), len(world.tried), len(world.sessions)) == (1, 2, 1)


async def test_a_key_is_kept_until_five_minutes_before_its_end(world: RolesWorld) -> None:
    """Then a new one is asked for; that the role is closed is known for a day, to every process."""
    world.add_role(ARN, ID)
    first = await world.access.key(ROLE)
    world.clock.move(54 * MINUTE)
    assert await world.access.key(ROLE) is first
    world.clock.move(MINUTE)
    world.start()
    second = await world.access.key(ROLE)
    assert (second != first, len(world.tried)) == (True, 3)


@pytest.mark.parametrize("way", BOTH, ids=str)
async def test_a_key_that_is_about_to_end_is_replaced(
    way: RoleAccess, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With less than five minutes left it serves this check and no other."""
    async with open_roles(way, monkeypatch) as world:
        world.add_role(ARN, ID, lasts=299)
        assert await world.access.key(ROLE) != await world.access.key(ROLE)


async def test_that_a_role_is_closed_is_looked_at_every_day(world: RolesWorld) -> None:
    """A trust policy that was opened since is found out a day later."""
    role = world.add_role(ARN, ID)
    await world.access.key(ROLE)
    role.id = None
    world.clock.move(timedelta(hours=23))
    assert await world.access.key(ROLE)
    world.clock.move(timedelta(hours=1))
    with pytest.raises(RoleOpen):
        await world.access.key(ROLE)


async def test_a_role_that_lets_everybody_in_is_refused(world: RolesWorld) -> None:
    """What a stranger names is not used without a condition on the id; its own line says which."""
    world.add_role(ARN, None)
    with pytest.raises(RoleOpen):
        await world.access.key(ROLE)
    assert [each.get("ExternalId") for each in world.tried] in ([ID, None], [None, None])


async def test_the_operators_own_open_role_is_warned_of(world: RolesWorld) -> None:
    """It is the operator's account: the key is given, the log says what is missing."""
    world.add_role(ARN, None)
    assert await world.access.key(Role(ARN, ID, is_strangers=False))
    assert world.opened == [ARN]


async def test_a_session_can_do_no_more_than_the_calls_made_here(world: RolesWorld) -> None:
    """The role may list users; its session here reads costs, knows its account, and nothing else."""
    role = world.add_role(ARN, ID)
    role.account.bill = {FIRST: {"Amazon EC2": "1.5"}}
    key = await world.access.key(ROLE)
    account_id = await world.identity.account_id(key)
    query = CostQuery(account_id, Period(FIRST, FIRST + DAY), Granularity.DAILY)
    answer = await world.cost_source.costs(key, query)
    assert f"{answer.history.entries[0].total}" == "1.5"
    assert world.sessions[0].allows == {"ce:GetCostAndUsage"}
    assert json.loads(world.tried[0]["Policy"])["Statement"][0]["Action"] == [
        "ce:GetCostAndUsage",
        "sts:GetCallerIdentity",
    ]
    decode = Operation("sts", "decode_authorization_message", paid=False, read=lambda answer: answer.status)
    with pytest.raises(PermissionMissing):
        await world._aws.call(decode, key, {"EncodedMessage": "x"})


async def test_a_role_whose_policy_lacks_the_permission_is_told_so(world: RolesWorld) -> None:
    """It lets us in, but costs cannot be read: another error than not being let in."""
    world.add_role(ARN, ID, actions=frozenset({"iam:ListUsers"}))
    key = await world.access.key(ROLE)
    with pytest.raises(PermissionMissing):
        await world.cost_source.costs(
            key, CostQuery("111122223333", Period(FIRST, FIRST + DAY), Granularity.DAILY)
        )


async def test_the_auditor_reads_who_it_was(world: RolesWorld) -> None:
    """The session's name is the service's address."""
    world.add_role(ARN, ID)
    await world.access.key(ROLE)
    assert world.sessions[0].name == "spend-monitor@spend.example"


async def test_a_role_with_shorter_sessions_is_asked_for_a_shorter_one(world: RolesWorld) -> None:
    """Less than an hour is enough."""
    world.add_role(ARN, ID, seconds=900)
    assert await world.access.key(ROLE)
    assert [int(each["DurationSeconds"]) for each in world.tried[:2]] == [3600, 900]


async def test_a_refusal_is_remembered_for_seconds(world: RolesWorld) -> None:
    """A burst of forged ticks does not reach AWS; whoever has mended the trust policy is let in soon."""
    for _ in range(5):
        with pytest.raises(RoleNotLetIn):
            await world.access.key(ROLE)
    assert len(world.tried) == 1
    world.add_role(ARN, ID)
    world.clock.move(timedelta(seconds=2))
    assert await world.access.key(ROLE)


async def test_roles_that_are_made_up_are_tried_at_a_measured_pace(world: RolesWorld) -> None:
    """After fifty refusals the others wait for their turn; a role that was let in before never does."""
    world.add_role(ARN, ID)
    await world.access.key(ROLE)
    made_up = [Role(f"arn:aws:iam::444455556666:role/r{n}", ID) for n in range(80)]
    results = [await asyncio.gather(world.access.key(each), return_exceptions=True) for each in made_up]
    kinds = [type(result) for (result,) in results]
    assert (kinds.count(RoleNotLetIn), kinds.count(AwsBusy)) == (51, 29)
    world.clock.move(timedelta(minutes=58))
    for each in made_up[:60]:
        with suppress(RoleNotLetIn, AwsBusy):
            await world.access.key(Role(each.arn, "again"))
    assert await world.access.key(ROLE)


@pytest.mark.parametrize(
    ("arn", "error"),
    [
        ("arn:aws-cn:iam::111122223333:role/spend", RoleElsewhere),
        ("arn:aws-us-gov:iam::111122223333:role/spend", CostExplorerAbsent),
    ],
)
async def test_a_role_of_another_partition_is_not_tried(
    world: RolesWorld, arn: str, error: type[AwsRefused]
) -> None:
    """AWS's separate worlds do not know each other, and one of them has no Cost Explorer."""
    with pytest.raises(error):
        await world.access.key(Role(arn, ID))
    assert world.tried == []


@pytest.mark.parametrize("key", [None, "AKIAUNKNOWNUNKNOWNUN"])
async def test_a_service_without_an_identity_says_so(
    key: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither a missing identity nor one that AWS does not know is the customer's fault."""
    async with open_roles(RoleAccess.EXTERNAL_ID, monkeypatch) as world:
        world.add_role(ARN, ID)
        monkeypatch.delenv("AWS_ACCESS_KEY_ID")
        if key:
            monkeypatch.setenv("AWS_ACCESS_KEY_ID", key)
        with pytest.raises(OwnIdentityMissing):
            await world.access.key(ROLE)


async def test_no_representation_shows_a_temporary_key(world: RolesWorld) -> None:
    """Neither the key's, nor the session's, nor what holds them."""
    world.add_role(ARN, ID)
    key = await world.access.key(ROLE)
    roles = world.access._roles
    assert roles is not None
    shown = repr([key, roles._sessions, world.access, world.issuer])
    assert "temporary" not in shown.lower()


async def test_without_role_access_no_role_is_tried(world: RolesWorld) -> None:
    """The channel is told that this deployment takes keys only."""
    world.add_role(ARN, ID)
    with pytest.raises(RoleAccessOff, match="keys only"):
        await AwsAccess(Own()).key(ROLE)
    assert world.tried == []


@pytest.mark.parametrize(
    ("arn", "trusted"),
    [
        ("arn:aws:iam::999988887777:user/team/costs", "arn:aws:iam::999988887777:user/team/costs"),
        ("arn:aws:sts::999988887777:assumed-role/service/i-0abc", "arn:aws:iam::999988887777:role/service"),
        (
            "arn:aws-cn:sts::999988887777:assumed-role/service/a@b",
            "arn:aws-cn:iam::999988887777:role/service",
        ),
    ],
)
async def test_a_trust_policy_names_the_role_and_not_its_session(
    arn: str, trusted: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """AWS tells who we are as a session; a trust policy wants the role. It is asked once."""
    async with open_roles(RoleAccess.EXTERNAL_ID, monkeypatch) as world:
        who = f"<GetCallerIdentityResult><Arn>{arn}</Arn></GetCallerIdentityResult>"
        body = f"<GetCallerIdentityResponse>{who}</GetCallerIdentityResponse>".encode()
        world.answer(AccessKey(HOST_KEY, "host-secret"), Canned(AwsError, 200, body=body))
        way = world.how()
        assert [await way.trusted(), await way.trusted()] == [trusted] * 2
        assert len(world.requests) == 1


async def test_who_we_are_is_not_known_without_an_identity(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither without a key nor with one that AWS does not know."""
    async with open_roles(RoleAccess.EXTERNAL_ID, monkeypatch) as world:
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAUNKNOWNUNKNOWNUN")
        with pytest.raises(OwnIdentityMissing):
            await world.how().trusted()
        monkeypatch.delenv("AWS_ACCESS_KEY_ID")
        with pytest.raises(OwnIdentityMissing):
            await world.how().trusted()
