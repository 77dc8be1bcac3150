"""The two ways to assume a role: as an identity of AWS, or with a token of our own making."""

from __future__ import annotations

import json
import re
from abc import abstractmethod
from collections.abc import Awaitable, Callable
from datetime import datetime
from functools import partial
from typing import Any, Protocol

from adapters.aws.clients import Aws
from adapters.aws.operations import AwsAnswer, Operation
from adapters.aws.policy import SESSION_POLICY
from application.aws_errors import (
    AccessKeyUnknown,
    AwsUnavailable,
    CredentialsExpired,
    CredentialsMissing,
    PermissionMissing,
    RequestRefused,
    SecretKeyWrong,
)
from application.credentials import AccessKey
from application.role_errors import (
    IssuerRefused,
    IssuerUnknown,
    IssuerUnreachable,
    OwnIdentityMissing,
    RoleNotLetIn,
)

HOUR = 3600
SHORTEST = 900
"""Seconds that a session lasts; every role allows an hour unless its account is special. Source: STS."""

NOBODY = "spend-monitor-nobody"
"""A subject that is no channel's."""

ASSUMED_ROLE = re.compile(r"arn:([\w-]+):sts::(\d{12}):assumed-role/([^/]+)/.*")
UNKNOWN = (AccessKeyUnknown, CredentialsExpired, SecretKeyWrong)
"""What AWS says when it is our own identity that it does not take."""

Assumed = tuple[AccessKey, datetime]
"""A temporary key, and when it ends."""

MakeToken = Callable[[str], str]
"""Makes a token for a subject."""


class Way(Protocol):
    """How a role is assumed."""

    @abstractmethod
    async def assume(self, arn: str, external_id: str | None) -> Assumed:
        """Ask STS for a session that may do no more than the calls made here.

        Args:
            arn: The role.
            external_id: What its trust policy must ask for. None: come without, to see if it asks at all.

        Raises:
            RoleRefused: AWS says no.
            AwsUnavailable: Worth trying later.
        """

    @abstractmethod
    async def partition(self) -> str:
        """``aws``, ``aws-cn`` …: where this service works."""

    @abstractmethod
    async def trusted(self) -> str:
        """Whom a trust policy must name: the ARN of an identity, or the address of an issuer.

        Raises:
            RoleRefused: This service has no identity.
            AwsUnavailable: Worth trying later.
        """


class ByExternalId(Way):
    """``AssumeRole``, signed by the process's own identity.

    Args:
        aws: Where to ask.
        own_key: The process's own.
        session_name: What the customer reads in CloudTrail.
    """

    def __init__(self, aws: Aws, own_key: Callable[[], Awaitable[AccessKey]], session_name: str) -> None:
        self._aws = aws
        self._own_key = own_key
        self._session_name = session_name
        self._trusted = ""

    async def assume(self, arn: str, external_id: str | None) -> Assumed:
        """See the port."""
        key = await self._key()
        try:
            given = {"ExternalId": external_id} if external_id else {}
            ask = partial(self._aws.call, ASSUME_ROLE, key)
            reply = await _as_long_as_allowed(ask, _session_of(arn, self._session_name) | given)
        except PermissionMissing as refusal:
            raise RoleNotLetIn from refusal
        except UNKNOWN as refusal:
            raise OwnIdentityMissing(str(refusal)) from refusal
        return _assumed(arn, reply)

    async def partition(self) -> str:
        """See the port."""
        return await self._aws.partition()

    async def trusted(self) -> str:
        """See the port. AWS is asked once."""
        if not self._trusted:
            key = await self._key()
            try:
                self._trusted = (await self._aws.call(GET_CALLER_ARN, key, {})).content
            except UNKNOWN as refusal:
                raise OwnIdentityMissing(str(refusal)) from refusal
        return self._trusted

    async def _key(self) -> AccessKey:
        try:
            return await self._own_key()
        except CredentialsMissing as refusal:
            raise OwnIdentityMissing(refusal.detail) from refusal


class ByWebIdentity(Way):
    """``AssumeRoleWithWebIdentity``: unsigned, the token is the proof.

    Args:
        aws: Where to ask.
        make_token: Signs a token that is good for minutes.
        issuer: Who signs: the service's address.
        session_name: What the customer reads in CloudTrail.
    """

    def __init__(self, aws: Aws, make_token: MakeToken, issuer: str, session_name: str) -> None:
        self._aws = aws
        self._make_token = make_token
        self._issuer = issuer
        self._session_name = session_name

    async def assume(self, arn: str, external_id: str | None) -> Assumed:
        """See the port. Without an id it comes as nobody."""
        token = {"WebIdentityToken": self._make_token(external_id or NOBODY)}
        try:
            ask = partial(self._aws.call, ASSUME_ROLE_WITH_WEB_IDENTITY, None)
            reply = await _as_long_as_allowed(ask, _session_of(arn, self._session_name) | token)
        except PermissionMissing as refusal:
            raise RoleNotLetIn from refusal
        except CredentialsExpired as refusal:
            raise IssuerRefused from refusal
        except RequestRefused as refusal:
            raise _token_refused(refusal) from refusal
        return _assumed(arn, reply)

    async def partition(self) -> str:
        """See the port."""
        return await self._aws.partition()

    async def trusted(self) -> str:
        """See the port."""
        return self._issuer


def _own_arn(answer: AwsAnswer) -> str:
    """A role's session is trusted by the role's own ARN; its path, if it has one, AWS does not tell."""
    arn = str(answer.parsed().get("Arn", ""))
    session = ASSUMED_ROLE.fullmatch(arn)
    return f"arn:{session[1]}:iam::{session[2]}:role/{session[3]}" if session else arn


def session_name(host: str | None) -> str:
    """Tells the customer's auditor who it was: at most 64 characters that STS takes.

    Args:
        host: Where this service lives, if that is known.
    """
    return f"spend-monitor@{host}"[:64] if host else "spend-monitor"


async def _as_long_as_allowed(
    ask: Callable[[dict[str, Any]], Awaitable[Any]], session: dict[str, Any]
) -> Any:
    try:
        return (await ask(session)).content
    except RequestRefused as refusal:
        if "DurationSeconds" not in refusal.detail:
            raise
        return (await ask(session | {"DurationSeconds": SHORTEST})).content


def _session_of(arn: str, name: str) -> dict[str, Any]:
    policy = json.dumps(SESSION_POLICY, separators=(",", ":"))
    return {"RoleArn": arn, "RoleSessionName": name, "DurationSeconds": HOUR, "Policy": policy}


def _assumed(arn: str, found: dict[str, Any]) -> Assumed:
    key = AccessKey(found["AccessKeyId"], found["SecretAccessKey"], found["SessionToken"], role_arn=arn)
    return key, found["Expiration"]


def _token_refused(
    refusal: RequestRefused,
) -> IssuerUnknown | IssuerRefused | IssuerUnreachable | RequestRefused:
    """``InvalidIdentityToken`` stands for three things; AWS's words tell them apart."""
    code, _, said = refusal.detail.partition(": ")
    if (
        code in {"IDPCommunicationError", "IDPCommunicationErrorException"}
        or "retrieve verification key" in said
    ):
        return IssuerUnreachable("AWS could not fetch this service's public keys.")
    if "No OpenIDConnect provider" in said:
        return IssuerUnknown()
    if code.startswith(("InvalidIdentityToken", "IDPRejectedClaim")):
        return IssuerRefused(said)
    return refusal


def _credentials(answer: AwsAnswer) -> dict[str, Any]:
    found = answer.parsed().get("Credentials", {})
    if not {"AccessKeyId", "SecretAccessKey", "SessionToken", "Expiration"} <= found.keys():
        raise AwsUnavailable("AWS gave no credentials for this role.")
    return dict(found)


GET_CALLER_ARN = Operation("sts", "get_caller_identity", paid=False, read=_own_arn)
ASSUME_ROLE = Operation("sts", "assume_role", paid=False, read=_credentials)
ASSUME_ROLE_WITH_WEB_IDENTITY = Operation(
    "sts", "assume_role_with_web_identity", paid=False, read=_credentials, secrets=("WebIdentityToken",)
)
