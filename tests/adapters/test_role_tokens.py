"""Roles with tokens of the service's own, on an STS that verifies them with the keys that it serves."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from aiohttp.test_utils import unused_port

from adapters.issuer import Issuer, new_signing_keys
from application.aws_errors import RequestRefused
from application.credentials import Role
from application.let_in import RoleAccess
from application.role_errors import IssuerRefused, IssuerUnknown, IssuerUnreachable
from tests.doubles.fakes.clock import FixedClock
from tests.doubles.sts import SIGNING_KEYS, RolesWorld, open_roles, parts_of

ARN = "arn:aws:iam::111122223333:role/spend"
ID = "spend-monitor-of-this-channel"
ROLE = Role(ARN, ID)


@pytest.fixture
async def by_token(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[RolesWorld]:
    """A process that is an issuer."""
    async with open_roles(RoleAccess.WEB_IDENTITY, monkeypatch) as world:
        yield world


async def test_with_tokens_nothing_is_signed_by_an_identity(by_token: RolesWorld) -> None:
    """The machine's own key is not even looked at."""
    by_token.add_role(ARN, ID)
    await by_token.access.key(ROLE)
    assert [request.access_key_id for request in by_token.requests] == ["", ""]


async def test_every_destination_is_a_subject_of_its_own(by_token: RolesWorld) -> None:
    """The token says who comes, to AWS alone, and is over in five minutes."""
    by_token.add_role(ARN, ID)
    await by_token.access.key(ROLE)
    claims = parts_of(by_token.tried[0]["WebIdentityToken"])[1]
    assert (claims["sub"], claims["aud"], claims["exp"] - claims["iat"]) == (ID, "sts.amazonaws.com", 300)
    assert parts_of(by_token.tried[1]["WebIdentityToken"])[1]["sub"] == "spend-monitor-nobody"


async def test_a_new_signing_key_is_published_before_it_signs(by_token: RolesWorld) -> None:
    """While keys rotate two are published, and tokens of either are taken."""
    by_token.add_role(ARN, ID)
    old, new = SIGNING_KEYS, new_signing_keys()
    url = by_token.trusts
    for keys in ([*old, *new], [*new, *old]):
        by_token.issuer = Issuer(keys, url, by_token.clock)
        by_token.start()
        assert await by_token.access.key(ROLE)
    assert len(by_token.issuer.jwks()["keys"]) == 2


async def test_a_token_of_an_unpublished_key_is_refused(by_token: RolesWorld) -> None:
    """The double verifies the signature with what the service serves."""
    by_token.add_role(ARN, ID)
    forged = Issuer(new_signing_keys(), by_token.trusts, by_token.clock)
    published, by_token.issuer = by_token.issuer, forged
    by_token.start()
    by_token.issuer = published
    with pytest.raises(IssuerRefused, match="signature"):
        await by_token.access.key(ROLE)


async def test_an_account_without_the_provider_is_told_to_make_it(by_token: RolesWorld) -> None:
    """The role is there, the identity provider is not."""
    by_token.add_role(ARN, ID)
    by_token.providers.clear()
    with pytest.raises(IssuerUnknown):
        await by_token.access.key(ROLE)


async def test_another_audience_is_refused(by_token: RolesWorld) -> None:
    """The provider in IAM was made for another client."""
    by_token.add_role(ARN, ID)
    by_token.providers[by_token.trusts] = "somebody-else"
    with pytest.raises(IssuerRefused, match="audience"):
        await by_token.access.key(ROLE)


async def test_an_issuer_that_aws_cannot_reach_is_tried_again(by_token: RolesWorld) -> None:
    """It is the service's own trouble, and may pass."""
    url = f"http://127.0.0.1:{unused_port()}"
    by_token.trusts = url
    by_token.providers[url] = "sts.amazonaws.com"
    by_token.issuer = Issuer(SIGNING_KEYS, url, by_token.clock)
    by_token.start()
    with pytest.raises(IssuerUnreachable):
        await by_token.access.key(ROLE)


async def test_a_clock_that_is_off_is_told(by_token: RolesWorld) -> None:
    """A token that was over when it was made."""
    by_token.add_role(ARN, ID)
    an_hour_ago = FixedClock(by_token.clock.now() - timedelta(hours=1))
    by_token.issuer = Issuer(SIGNING_KEYS, by_token.trusts, an_hour_ago)
    by_token.start()
    with pytest.raises(IssuerRefused) as caught:
        await by_token.access.key(ROLE)
    assert "clock" in caught.value.remedy


async def test_a_token_is_never_repeated(by_token: RolesWorld, caplog: pytest.LogCaptureFixture) -> None:
    """However gossipy AWS is, neither the error nor a log at debug level holds the token or its signature."""
    caplog.set_level(logging.DEBUG)
    by_token.repeats = True
    with pytest.raises(RequestRefused) as caught:
        await by_token.access.key(ROLE)
    token = by_token.tried[0]["WebIdentityToken"]
    for part in (token, *token.split(".")[1:]):
        assert part not in f"{caught.value} {caught.value.detail} {caplog.text}"
