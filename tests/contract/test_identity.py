"""What every identity must do."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from application.aws_errors import (
    AccessKeyUnknown,
    AccountNotActivated,
    AwsUnavailable,
    ClockOff,
    CredentialsExpired,
    EndpointMismatched,
    PermissionMissing,
    RequestRefused,
    SecretKeyWrong,
)
from application.credentials import AccessKey
from tests.doubles.aws_service import Canned, World, open_double, open_fake, open_moto
from tests.doubles.fakes.aws import Account

CREDENTIALS = AccessKey("AKIAIDENTITYIDENTITY", "secret/of+identity")

SAID = [
    Canned(AccessKeyUnknown, 403, "InvalidClientTokenId"),
    Canned(AccessKeyUnknown, 400, "IncompleteSignature"),
    Canned(SecretKeyWrong, 403, "SignatureDoesNotMatch"),
    Canned(CredentialsExpired, 403, "ExpiredToken"),
    Canned(PermissionMissing, 403, "AccessDenied"),
    Canned(AccountNotActivated, 403, "OptInRequired"),
    Canned(ClockOff, 403, "SignatureDoesNotMatch", "Signature expired: 20261101T000000Z is now earlier"),
    Canned(ClockOff, 400, "RequestExpired"),
    Canned(
        EndpointMismatched, 403, "SignatureDoesNotMatch", "Credential should be scoped to a valid region."
    ),
    Canned(RequestRefused, 403, "RegionDisabledException"),
    Canned(AwsUnavailable, 400, "Throttling"),
    Canned(AwsUnavailable, 500, "InternalFailure"),
    Canned(AwsUnavailable, 503, body=b"<html>away</html>"),
    Canned(AwsUnavailable, 200, body=b"{not xml"),
    Canned(AwsUnavailable, 200, body=b"<a><b>another answer</b></a>"),
    Canned(AwsUnavailable, 302, body=b"<html>elsewhere</html>"),
    Canned(AwsUnavailable, 404, body=b"no AWS lives here"),
    Canned(AwsUnavailable, drops=True),
]


@pytest.fixture(params=[open_fake, open_double])
async def world(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[World]:
    """Every identity, and an AWS for it that can say no."""
    async with request.param(monkeypatch) as world:
        yield world


@pytest.mark.parametrize("open_world", [open_fake, open_double, open_moto])
async def test_credentials_name_their_account(open_world: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Valid credentials give the account's 12 digits."""
    async with open_world(monkeypatch) as world:
        world.add(CREDENTIALS, Account("123456789012"))
        assert await world.identity.account_id(CREDENTIALS) == "123456789012"


async def test_temporary_credentials_bring_their_token(world: World) -> None:
    """With a session token the account is found as well."""
    credentials = AccessKey("ASIAIDENTITYIDENTITY", "secret", "token/with+signs==")
    world.add(credentials, Account("210987654321"))
    assert await world.identity.account_id(credentials) == "210987654321"


async def test_an_unknown_key_is_refused(world: World) -> None:
    """AWS does not know the key."""
    with pytest.raises(AccessKeyUnknown):
        await world.identity.account_id(CREDENTIALS)


async def test_a_wrong_secret_is_refused(world: World) -> None:
    """The key is right, the secret is another's."""
    world.add(CREDENTIALS, Account("123456789012"))
    with pytest.raises(SecretKeyWrong):
        await world.identity.account_id(AccessKey(CREDENTIALS.access_key_id, "another"))


@pytest.mark.parametrize(
    ("credentials", "error"),
    [
        (AccessKey("", "secret"), AccessKeyUnknown),
        (AccessKey("AKIA\r\nX-Evil: 1", "secret"), AccessKeyUnknown),
        (AccessKey("AKIA/20260101/us-east-1", "secret"), AccessKeyUnknown),
        (AccessKey("AKIAÄÖÜ", "secret"), AccessKeyUnknown),
        (AccessKey("AKIA\ud800", "secret"), AccessKeyUnknown),
        (AccessKey("AKIDENTITY", ""), SecretKeyWrong),
    ],
    ids=ascii,
)
async def test_what_is_no_credential_is_refused(
    world: World, credentials: AccessKey, error: type[Exception]
) -> None:
    """Text that no access key is made of is answered like a wrong key, and forges no header."""
    world.add(AccessKey("AKIDENTITY", "secret"), Account("123456789012"))
    with pytest.raises(error):
        await world.identity.account_id(credentials)


@pytest.mark.parametrize("canned", SAID, ids=str)
async def test_what_aws_says_becomes_an_error(world: World, canned: Canned) -> None:
    """Every refusal and every trouble has its own error."""
    world.add(CREDENTIALS, Account("123456789012"))
    world.answer(CREDENTIALS, canned)
    with pytest.raises(canned.raises) as caught:
        await world.identity.account_id(CREDENTIALS)
    assert (type(caught.value), caught.value.paid_requests) == (canned.raises, 0)


async def test_many_tenants_at_once_are_not_mixed_up(world: World) -> None:
    """200 tenants that ask at the same time each get their own account."""
    tenants = {AccessKey(f"AKIATENANT{n:010}", f"secret{n}"): f"{n:012}" for n in range(200)}
    for credentials, account_id in tenants.items():
        world.add(credentials, Account(account_id))
    found = await asyncio.gather(*(world.identity.account_id(credentials) for credentials in tenants))
    assert list(tenants.values()) == found
