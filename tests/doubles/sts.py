"""An STS that checks what AWS checks of roles: whom they trust, for which id, and what a session may do."""

from __future__ import annotations

import base64
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicNumbers
from cryptography.hazmat.primitives.hashes import SHA256

from adapters.aws.access import AwsAccess, Own
from adapters.aws.assuming import ByExternalId, ByWebIdentity, Way, session_name
from adapters.aws.clients import Aws, open_aws
from adapters.aws.cost_explorer import CostExplorer
from adapters.aws.roles import Roles
from adapters.aws.sts import StsIdentity
from adapters.clock import SystemClock
from adapters.issuer import Issuer, new_signing_keys
from adapters.state.memory import MemoryStore
from application.aws_errors import AwsError
from application.credentials import AccessKey
from application.let_in import RoleAccess
from application.ports.clock import Clock
from tests.doubles.aws_service import HOST_KEY, Canned, DoubleWorld, _xml, point_sdk_at
from tests.doubles.fakes.aws import Account
from tests.doubles.fakes.clock import FixedClock
from tests.doubles.fakes.vault import FakeVault

OUR_ACCOUNT = "999988887777"
OUR_ARN = f"arn:aws:iam::{OUR_ACCOUNT}:user/costs"
AUDIENCE = "sts.amazonaws.com"
SIGNING_KEYS = new_signing_keys()
"""Made once for all tests: it takes its time."""


@dataclass(slots=True)
class TrustedRole:
    """A role in somebody's account.

    Args:
        account: Whose bill it may read.
        id: The external id or subject that its trust policy asks for; None: it asks for none.
        trusts: The identity, or the issuer, that it trusts.
        actions: What its policy allows.
        seconds: Its longest session.
        lasts: Seconds that AWS gives in truth, if that is not what was asked for.
    """

    account: Account
    id: str | None
    trusts: str = OUR_ARN
    actions: frozenset[str] = frozenset({"ce:GetCostAndUsage", "iam:ListUsers"})
    seconds: int = 3600
    lasts: int | None = None


@dataclass(frozen=True, slots=True)
class Assumed:
    """A session that was given."""

    role: TrustedRole
    name: str
    allows: frozenset[str] = field(default_factory=frozenset)


class StsDouble(DoubleWorld):
    """Everything that ``DoubleWorld`` does, and roles.

    Attributes:
        roles: By ARN.
        providers: Issuers that the customers' accounts know, with their audiences.
        sessions: What was given, oldest first.
        ignores_session_policies: As AWS never does.
        repeats: Whether it says in its error what it was told.
        can_decode: Whether it knows ``DecodeAuthorizationMessage``.
        clock: AWS's, and in ``RolesWorld`` the process's too.
    """

    def __init__(self) -> None:
        super().__init__()
        self.clock: Clock = SystemClock()
        self.roles: dict[str, TrustedRole] = {}
        self.providers: dict[str, str] = {}
        self.sessions: list[Assumed] = []
        self.ignores_session_policies = False
        self.can_decode = True
        self.repeats = False
        self._given: dict[str, Assumed] = {}
        self._numbers = count(1)
        self.add(AccessKey(HOST_KEY, "host-secret"), Account(OUR_ACCOUNT))

    @property
    def tried(self) -> list[Mapping[str, Any]]:
        """The parameters of every try to assume a role, oldest first."""
        return [each.parameters for each in self.requests if each.operation.startswith("AssumeRole")]

    def refuses(self, operation: str, credentials: AccessKey) -> Canned | None:
        """Evaluate role and session policy: both must allow it."""
        session = self._given.get(credentials.access_key_id)
        action = "ce:GetCostAndUsage" if operation == "GetCostAndUsage" else f"sts:{operation}"
        if session is None or operation == "GetCallerIdentity" or action in session.allows:
            return None
        if operation == "DecodeAuthorizationMessage" and not self.can_decode:
            return None
        code = "AccessDeniedException" if action.startswith("ce:") else "AccessDenied"
        return Canned(AwsError, 403, code, f"User: x is not authorized to perform: {action}")

    def signed(self, operation: str, parameters: Mapping[str, Any], account: Account) -> web.Response:
        """``AssumeRole``."""
        if operation == "DecodeAuthorizationMessage" and self.can_decode:
            return self._sts_error(Canned(AwsError, 400, "InvalidAuthorizationMessageException"))
        if operation != "AssumeRole":
            return super().signed(operation, parameters, account)
        role = self.roles.get(parameters["RoleArn"])
        caller = f"arn:aws:iam::{account.id}:user/costs"
        if not role or role.trusts != caller or role.id not in {None, parameters.get("ExternalId")}:
            return self._denied(parameters, "AssumeRole")
        return self._assume(role, parameters, "AssumeRole")

    async def unsigned(self, operation: str, parameters: Mapping[str, Any]) -> web.Response | None:
        """``AssumeRoleWithWebIdentity``."""
        if operation != "AssumeRoleWithWebIdentity":
            return None
        if self.repeats:
            said = "I was told " + parameters["WebIdentityToken"]
            return self._sts_error(Canned(AwsError, 400, "ValidationError", said))
        token = parameters["WebIdentityToken"]
        if trouble := await self._trouble_with(token):
            return self._sts_error(Canned(AwsError, 400, *trouble))
        role, claims = self.roles.get(parameters["RoleArn"]), parts_of(token)[1]
        if not role or role.trusts != claims["iss"] or role.id not in {None, claims["sub"]}:
            return self._denied(parameters, operation)
        return self._assume(role, parameters, operation)

    async def _trouble_with(self, token: str) -> tuple[str, str] | None:
        """The code and words with which AWS refuses a token; None: it is good."""
        header, claims, signature, text = parts_of(token)
        said = ""
        if (issuer := claims["iss"]) not in self.providers:
            return "InvalidIdentityToken", f"No OpenIDConnect provider found in your account for {issuer}"
        try:
            (await _keys_of(issuer))[header["kid"]].verify(signature, text, PKCS1v15(), SHA256())
        except aiohttp.ClientError:
            said = "Couldn't retrieve verification key from your identity provider"
        except (InvalidSignature, KeyError):
            said = "Provided Token is not a valid signature"
        if not said and (header["alg"] != "RS256" or claims["aud"] != self.providers[issuer]):
            said = "Incorrect token audience"
        if said:
            return "InvalidIdentityToken", said
        if not claims["iat"] - 60 <= self.clock.now().timestamp() < claims["exp"]:
            return "ExpiredTokenException", "Token expired"
        return None

    def _assume(self, role: TrustedRole, parameters: Mapping[str, Any], operation: str) -> web.Response:
        seconds = int(parameters["DurationSeconds"])
        if seconds > role.seconds:
            said = "The requested DurationSeconds exceeds the MaxSessionDuration set for this role."
            return self._sts_error(Canned(AwsError, 400, "ValidationError", said))
        limits = json.loads(parameters["Policy"])["Statement"]
        allowed = {action for each in limits for action in each["Action"]}
        allows = role.actions if self.ignores_session_policies else role.actions & allowed
        session = Assumed(role, parameters["RoleSessionName"], allows)
        number = next(self._numbers)
        key = AccessKey(
            f"ASIATEMPORARY{number:07}", f"temporary-secret-{number}", f"temporary-token-{number}"
        )
        self.sessions.append(session)
        self._given[key.access_key_id] = session
        self.add(key, role.account)
        ends = self.clock.now() + timedelta(seconds=role.lasts or seconds)
        return _xml(
            200,
            f"<{operation}Response xmlns='https://sts.amazonaws.com/doc/2011-06-15/'><{operation}Result>"
            f"<AssumedRoleUser><AssumedRoleId>AROA:x</AssumedRoleId><Arn>{parameters['RoleArn']}</Arn>"
            f"</AssumedRoleUser><Credentials><AccessKeyId>{key.access_key_id}</AccessKeyId>"
            f"<SecretAccessKey>{key.secret_access_key}</SecretAccessKey>"
            f"<SessionToken>{key.session_token}</SessionToken>"
            f"<Expiration>{ends:%Y-%m-%dT%H:%M:%SZ}</Expiration></Credentials>"
            f"</{operation}Result></{operation}Response>",
        )

    def _denied(self, parameters: Mapping[str, Any], operation: str) -> web.Response:
        said = f"User: x is not authorized to perform: sts:{operation} on resource: {parameters['RoleArn']}"
        return self._sts_error(Canned(AwsError, 403, "AccessDenied", said))


def parts_of(token: str) -> tuple[dict[str, Any], dict[str, Any], bytes, bytes]:
    """Header, claims, signature, and what is signed. Source: RFC 7515, section 3.1."""
    header, claims, signature = (base64.urlsafe_b64decode(part + "==") for part in token.split("."))
    return json.loads(header), json.loads(claims), signature, token.rpartition(".")[0].encode()


async def _keys_of(issuer: str) -> dict[str, Any]:
    """The public keys that an issuer serves, by their ids. Source: RFC 7517, 7518."""
    async with aiohttp.ClientSession(raise_for_status=True) as client:
        async with client.get(f"{issuer}/.well-known/openid-configuration") as answer:
            found = await answer.json()
        assert found["issuer"] == issuer
        async with client.get(found["jwks_uri"]) as answer:
            keys = (await answer.json())["keys"]
    assert all(each.keys() == {"kty", "n", "e", "kid", "use", "alg"} for each in keys)
    return {
        each["kid"]: RSAPublicNumbers(_number(each["e"]), _number(each["n"])).public_key() for each in keys
    }


def _number(text: str) -> int:
    return int.from_bytes(base64.urlsafe_b64decode(text + "=="), "big")


class RolesWorld(StsDouble):
    """The double and a process that comes to it.

    Attributes:
        opened: The operator's roles that were found open.
    """

    issuer: Issuer

    def __init__(self) -> None:
        super().__init__()
        self.clock: FixedClock = FixedClock(datetime.now(UTC))
        self.store = MemoryStore(self.clock)
        self.opened: list[str] = []
        self.way = RoleAccess.EXTERNAL_ID
        self.trusts = OUR_ARN
        self._aws: Aws

    def start(self) -> None:
        """Start a process; what the one before held in memory is gone."""
        roles = Roles(self.how(), self.store, FakeVault(), self.clock, self.opened.append)
        self.access = AwsAccess(Own(), roles)

    def how(self) -> Way:
        """The adapter of the way."""
        name = session_name("spend.example")
        if self.way is RoleAccess.WEB_IDENTITY:
            return ByWebIdentity(self._aws, self.issuer.token, self.issuer.url, name)
        return ByExternalId(self._aws, Own().key, name)

    def add_role(self, arn: str, external_id: str | None, **options: Any) -> TrustedRole:
        """Make a role that trusts this process."""
        account = Account(arn.split(":")[4])
        role = self.roles[arn] = TrustedRole(account, external_id, self.trusts, **options)
        return role


@asynccontextmanager
async def open_roles(way: RoleAccess, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[RolesWorld]:
    """A process and an AWS with roles; with web identity also what the process publishes."""
    world = RolesWorld()
    world.way = way
    async with TestServer(world.app()) as server, TestServer(app_of(world)) as published:
        point_sdk_at(str(server.make_url("")), monkeypatch)
        url = str(published.make_url("")).rstrip("/")
        world.issuer = Issuer(SIGNING_KEYS, url, world.clock)
        if way is RoleAccess.WEB_IDENTITY:
            world.trusts = url
            world.providers[url] = AUDIENCE
        async with open_aws(concurrency=16) as aws:
            world._aws = aws
            world.identity, world.cost_source = StsIdentity(aws), CostExplorer(aws)
            world.start()
            yield world


def app_of(world: RolesWorld) -> web.Application:
    """What the process publishes as an issuer."""
    app = web.Application()

    async def discovery(_: web.Request) -> web.Response:
        return web.json_response(world.issuer.discovery())

    async def jwks(_: web.Request) -> web.Response:
        return web.json_response(world.issuer.jwks())

    app.router.add_get("/.well-known/openid-configuration", discovery)
    app.router.add_get("/.well-known/jwks.json", jwks)
    return app
