"""What ``doctor --role`` finds out, on an STS that checks everything."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from adapters.aws.role_trials import AwsRoleTrials
from application.credentials import Role
from application.diagnose import Finding
from application.diagnose_role import DiagnoseRole
from application.let_in import LetIn, RoleAccess
from tests.doubles.fakes.vault import FakeVault
from tests.doubles.sts import RolesWorld, open_roles

ARN = "arn:aws:iam::111122223333:role/spend"
ID = "spend-monitor-of-this-channel"
ROLE = Role(ARN, ID)


@pytest.fixture(params=[RoleAccess.EXTERNAL_ID, RoleAccess.WEB_IDENTITY], ids=str)
async def world(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[RolesWorld]:
    """A process that assumes roles in the one way and the other."""
    async with open_roles(request.param, monkeypatch) as world:
        yield world


async def diagnose(world: RolesWorld, role: Role = ROLE) -> list[Finding]:
    """Run the use case."""
    let_in = LetIn(FakeVault(), world.clock, world.way, "https://spend.example")
    trials = AwsRoleTrials(world._aws, world.how())
    return await DiagnoseRole(trials, world.cost_source, let_in).execute(role, world.clock.now().date())


async def test_a_role_as_it_should_be_is_all_ticks(world: RolesWorld) -> None:
    """Who we are, the role with our id, without it, with another, the costs, and nothing else: six lines."""
    world.add_role(ARN, ID)
    findings = await diagnose(world)
    assert [finding.works for finding in findings] == [True] * 6
    assert world.trusts in findings[0].detail
    assert "can do nothing else" in findings[-1].detail


async def test_a_role_that_does_not_let_us_in_is_told_the_line(world: RolesWorld) -> None:
    """The diagnosis ends there; the remedy holds the condition with the id."""
    world.add_role(ARN, "another")
    findings = await diagnose(world)
    assert [finding.works for finding in findings] == [True, False]
    assert f'"{ID}"' in findings[-1].remedy


async def test_an_open_role_is_found_twice(world: RolesWorld) -> None:
    """It lets in without an id and with anybody's; the rest is looked at all the same."""
    world.add_role(ARN, None)
    findings = await diagnose(world)
    assert [finding.works for finding in findings] == [True, True, False, False, True, True]
    assert f'"{ID}"' in findings[2].remedy


async def test_a_role_without_the_permission_is_found_out(world: RolesWorld) -> None:
    """It lets in, but costs cannot be read."""
    world.add_role(ARN, ID, actions=frozenset({"iam:ListUsers"}))
    findings = await diagnose(world)
    assert [finding.works for finding in findings] == [True, True, True, True, False]
    assert "policy" in findings[-1].remedy


async def test_an_aws_that_ignores_the_policy_of_the_session_is_found_out(world: RolesWorld) -> None:
    """What must not be possible is tried, and told when it is."""
    actions = frozenset({"ce:GetCostAndUsage", "sts:DecodeAuthorizationMessage"})
    world.add_role(ARN, ID, actions=actions)
    world.ignores_session_policies = True
    findings = await diagnose(world)
    assert [finding.works for finding in findings] == [True, True, True, True, True, False]
    assert world.sessions[0].allows == actions


async def test_what_cannot_be_told_is_not_claimed(world: RolesWorld) -> None:
    """An AWS that does not know the trial says nothing about the session."""
    world.add_role(ARN, ID)
    world.can_decode = False
    findings = await diagnose(world)
    assert findings[-1].works
    assert "does not say" in findings[-1].detail


async def test_without_role_access_nothing_is_tried(world: RolesWorld) -> None:
    """The first line says what is off."""
    let_in = LetIn(FakeVault(), world.clock)
    findings = await DiagnoseRole(AwsRoleTrials(world._aws, None), world.cost_source, let_in).execute(
        ROLE, world.clock.now().date()
    )
    assert [finding.works for finding in findings] == [False]
    assert "SPEND_MONITOR_ROLE_ACCESS" in findings[0].remedy
    assert world.requests == []
