"""What everything that lets credentials in must do."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import partial
from typing import Any

import pytest

from application.credentials import AccessKey, OwnCredentials, Role
from application.let_in import RoleAccess
from application.ports.access import Access
from application.role_errors import RoleNotLetIn
from tests.doubles.aws_service import HOST_KEY
from tests.doubles.fakes.aws import FakeAccess
from tests.doubles.sts import open_roles

ARN = "arn:aws:iam::111122223333:role/spend"
ROLE = Role(ARN, "spend-monitor-of-this-channel")


class World:
    """An access, and how to set up what stands behind it."""

    def __init__(self, access: Access, let_in: Callable[[Role], Any]) -> None:
        self.access = access
        self.let_in = let_in


@asynccontextmanager
async def open_fake(_: pytest.MonkeyPatch) -> AsyncIterator[World]:
    """The fake."""
    access = FakeAccess()
    access.own, access.refusal = AccessKey(HOST_KEY, "host-secret"), RoleNotLetIn()

    def let_in(role: Role) -> None:
        access.keys[role] = AccessKey("ASIAFAKE", "secret", "token", role_arn=role.arn)

    yield World(access, let_in)


@asynccontextmanager
async def open_real(way: RoleAccess, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[World]:
    """The adapter on a strict STS."""
    async with open_roles(way, monkeypatch) as world:
        yield World(world.access, lambda role: world.add_role(role.arn, role.external_id))


OPENERS: dict[str, Callable[[pytest.MonkeyPatch], AbstractAsyncContextManager[World]]] = {
    "fake": open_fake,
    "external-id": partial(open_real, RoleAccess.EXTERNAL_ID),
    "web-identity": partial(open_real, RoleAccess.WEB_IDENTITY),
}


@pytest.fixture(params=OPENERS)
async def world(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[World]:
    """Every access."""
    async with OPENERS[request.param](monkeypatch) as world:
        yield world


async def test_an_access_key_is_let_in_as_it_is(world: World) -> None:
    """Nobody is asked about it."""
    key = AccessKey("AKIAIOSFODNN7EXAMPLE", "secret")
    assert await world.access.key(key) is key


async def test_the_process_comes_as_itself(world: World) -> None:
    """Its own key is the one that the SDK finds."""
    assert await world.access.key(OwnCredentials()) == AccessKey(HOST_KEY, "host-secret")


async def test_a_role_that_trusts_gives_a_temporary_key(world: World) -> None:
    """It has a session token, and says whose it is."""
    world.let_in(ROLE)
    key = await world.access.key(ROLE)
    assert key.session_token
    assert key.who == ("role", ARN)


async def test_another_id_is_not_let_in(world: World) -> None:
    """Somebody else's channel that names the role gets no key."""
    world.let_in(ROLE)
    with pytest.raises(RoleNotLetIn):
        await world.access.key(Role(ARN, "spend-monitor-of-another-channel"))


async def test_a_role_that_is_not_there_is_refused(world: World) -> None:
    """AWS does not tell a missing role from one that trusts somebody else."""
    with pytest.raises(RoleNotLetIn):
        await world.access.key(ROLE)


async def test_many_roles_at_once_are_not_mixed_up(world: World) -> None:
    """Of fifty roles each gives its own key."""
    roles = [Role(f"arn:aws:iam::{n:012}:role/spend", f"id-{n}") for n in range(50)]
    for role in roles:
        world.let_in(role)
    keys = await asyncio.gather(*map(world.access.key, roles))
    assert [key.role_arn for key in keys] == [role.arn for role in roles]
