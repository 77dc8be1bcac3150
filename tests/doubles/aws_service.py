"""AWS for the contract suites: a strict local double, moto's server, and the fakes, all set up alike."""

from __future__ import annotations

import asyncio
import json
import re
import urllib.request
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from itertools import chain, repeat
from typing import Any, Protocol
from urllib.parse import parse_qsl

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from botocore.loaders import create_loader
from moto.server import ThreadedMotoServer

from adapters.aws.clients import open_aws
from adapters.aws.cost_explorer import CostExplorer
from adapters.aws.sts import StsIdentity
from application.aws_errors import AwsError
from application.credentials import AccessKey
from application.ports.cost_source import BY_ACCOUNT, CostSource, Granularity, GroupBy, GroupType
from application.ports.identity import Identity
from domain.periods import DAY, Period
from tests.doubles.cost_explorer import as_named, pages_of, scope_of, total
from tests.doubles.fakes.aws import Account, FakeAws, FakeCostSource, FakeIdentity
from tests.doubles.signature import signature_of

HOST_KEY = "AKIAHOSTSOWNHOSTSOWN"
"""Planted in the environment: no tenant's request may ever be signed with it."""


@dataclass(frozen=True, slots=True)
class Canned:
    """An answer that AWS gives whoever it is told to.

    Args:
        raises: What the adapter makes of it.
        status: HTTP status.
        code: AWS's error code.
        message: AWS's words.
        body: Sent as it is, in place of AWS's usual form.
        hangs: Never answers.
        drops: Closes the connection instead.
        times: How often before all is well again.
    """

    raises: type[AwsError]
    status: int = 400
    code: str = ""
    message: str = "said by AWS"
    body: bytes | None = None
    hangs: bool = False
    drops: bool = False
    times: int = 1000

    def __str__(self) -> str:
        return self.code or ("hangs" if self.hangs else "drops" if self.drops else repr(self.body))


class World(Protocol):
    """The two ports of one AWS, and how to set that AWS up."""

    identity: Identity
    cost_source: CostSource

    def add(self, credentials: AccessKey, account: Account) -> None:
        """Let these credentials belong to the account."""

    def answer(self, credentials: AccessKey, *canned: Canned) -> None:
        """Answer these credentials so, in this order."""


class FakeWorld(FakeAws, World):
    """The fakes."""

    def __init__(self) -> None:
        super().__init__()
        self.identity = FakeIdentity(self)
        self.cost_source = FakeCostSource(self)

    def answer(self, credentials: AccessKey, *canned: Canned) -> None:
        """Fail as the adapters would."""
        self.fail(credentials, canned[0].raises())


class MotoWorld(World):
    """moto's server: every credential belongs to one account, and costs come from a queue."""

    def __init__(self, url: str, identity: Identity, cost_source: CostSource) -> None:
        self._url = url
        self.identity = identity
        self.cost_source = cost_source

    def add(self, credentials: AccessKey, account: Account) -> None:  # noqa: ARG002  # moto takes any
        """Queue the pages of the whole bill, by day."""
        if not account.bill:
            return
        history = account.history(Period(min(account.bill), max(account.bill) + DAY), Granularity.DAILY)
        pages = pages_of(history, "AmortizedCost", account.page_size)
        self._post("static/ce/cost-and-usage-results", {"results": pages})

    def answer(self, credentials: AccessKey, *canned: Canned) -> None:
        """Do nothing: moto cannot."""
        raise NotImplementedError

    def _post(self, path: str, body: object) -> None:
        request = urllib.request.Request(  # noqa: S310  # loopback
            f"{self._url}/moto-api/{path}", json.dumps(body).encode(), {"Content-Type": "application/json"}
        )
        urllib.request.urlopen(request).close()  # noqa: S310  # likewise


@dataclass(slots=True)
class Request:
    """What reached the double."""

    operation: str
    access_key_id: str
    region: str
    parameters: Mapping[str, Any]
    headers: Mapping[str, str] = field(repr=False)


class DoubleWorld(World):
    """STS and Cost Explorer on one port, speaking AWS's protocols and checking every signature."""

    identity: Identity
    cost_source: CostSource

    def __init__(self) -> None:
        self._accounts: dict[str, tuple[AccessKey, Account]] = {}
        self._canned: dict[str, Iterator[Canned]] = {}
        self._questions: dict[str, Mapping[str, Any]] = {}
        self._released = asyncio.Event()
        self.requests: list[Request] = []

    def add(self, credentials: AccessKey, account: Account) -> None:
        """Let these credentials belong to the account."""
        self._accounts[credentials.access_key_id] = (credentials, account)

    def answer(self, credentials: AccessKey, *canned: Canned) -> None:
        """Answer these credentials so, in this order, whatever they ask."""
        self._canned[credentials.access_key_id] = chain.from_iterable(repeat(c, c.times) for c in canned)

    def app(self) -> web.Application:
        """The server; what hangs is let go when it closes."""
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._serve)
        app.on_shutdown.append(self._release)
        return app

    async def _release(self, _: web.Application) -> None:
        self._released.set()

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        body = await request.read()
        is_ce = "X-Amz-Target" in request.headers
        parameters = json.loads(body) if is_ce else dict(parse_qsl(body.decode()))
        operation = (
            request.headers["X-Amz-Target"].partition(".")[2]
            if is_ce
            else parameters.get("Action", request.path)
        )
        scope = re.search(r"Credential=([^,]*)", request.headers.get("Authorization", ""))
        key, day, region, service, _ = scope[1].split("/") if scope else [""] * 5
        self.requests.append(Request(operation, key, region, parameters, request.headers))
        fail = self._ce_error if is_ce else self._sts_error
        if canned := next(self._canned.get(key, iter(())), None):
            return await self._can(request, canned, fail)
        if not key and (answer := await self.unsigned(operation, parameters)):
            return answer
        if refused := self._refusal(request, body, key, (day, region, service), operation):
            return fail(refused)
        _, account = self._accounts[key]
        return self._ce(account, parameters) if is_ce else self.signed(operation, parameters, account)

    def _refusal(
        self, request: web.Request, body: bytes, key: str, scope: tuple[str, ...], operation: str
    ) -> Canned | None:
        is_ce = "X-Amz-Target" in request.headers
        if key not in self._accounts:
            code = "UnrecognizedClientException" if is_ce else "InvalidClientTokenId"
            return Canned(AwsError, 403, code, "The security token included in the request is invalid.")
        credentials, _ = self._accounts[key]
        signature = signature_of(request, body, credentials.secret_access_key, scope)
        if signature not in str(request.headers["Authorization"]):
            code = "InvalidSignatureException" if is_ce else "SignatureDoesNotMatch"
            return Canned(AwsError, 403, code, f"The signature of {key} does not match.")
        if credentials.session_token != request.headers.get("X-Amz-Security-Token"):
            return Canned(AwsError, 403, "ExpiredTokenException" if is_ce else "ExpiredToken")
        return self.refuses(operation, credentials)

    async def unsigned(self, operation: str, parameters: Mapping[str, Any]) -> web.Response | None:  # noqa: ARG002
        """What AWS answers without a signature; None: it wants one. For doubles that do more."""
        return None

    def refuses(self, operation: str, credentials: AccessKey) -> Canned | None:  # noqa: ARG002  # likewise
        """Why these credentials may not do this, if so; likewise."""
        return None

    def signed(self, operation: str, parameters: Mapping[str, Any], account: Account) -> web.Response:  # noqa: ARG002
        """What STS answers to a good signature; likewise."""
        if operation == "GetCallerIdentity":
            return self._sts(account)
        return self._sts_error(Canned(AwsError, 400, "InvalidAction", f"There is no {operation}"))

    async def _can(
        self, request: web.Request, canned: Canned, fail: Callable[[Canned], web.Response]
    ) -> web.StreamResponse:
        if canned.hangs:
            await self._released.wait()
        if canned.drops or canned.hangs:
            assert request.transport is not None
            request.transport.close()
            return web.Response()
        if canned.body is None:
            return fail(canned)
        return web.Response(status=canned.status, body=canned.body, headers={"Location": "/elsewhere"})

    def _sts(self, account: Account) -> web.Response:
        return _xml(
            200,
            "<GetCallerIdentityResponse xmlns='https://sts.amazonaws.com/doc/2011-06-15/'>"
            "<GetCallerIdentityResult><UserId>AIDAXXXXXXXXXXXXXXXXX</UserId>"
            f"<Account>{account.id}</Account><Arn>arn:aws:iam::{account.id}:user/costs</Arn>"
            "</GetCallerIdentityResult><ResponseMetadata><RequestId>1</RequestId></ResponseMetadata>"
            "</GetCallerIdentityResponse>",
        )

    def _sts_error(self, canned: Canned) -> web.Response:
        return _xml(
            canned.status,
            "<ErrorResponse xmlns='https://sts.amazonaws.com/doc/2011-06-15/'><Error><Type>Sender</Type>"
            f"<Code>{canned.code}</Code><Message>{canned.message}</Message></Error>"
            "<RequestId>1</RequestId></ErrorResponse>",
        )

    def _ce(self, account: Account, parameters: Mapping[str, Any]) -> web.Response:
        question = {name: value for name, value in parameters.items() if name != "NextPageToken"}
        token = parameters.get("NextPageToken", "")
        if token and self._questions.get(token) != question:
            return self._ce_error(Canned(AwsError, 400, "ValidationException", "Another question's token"))
        window = _period(parameters["TimePeriod"])
        group_by = [
            GroupBy(group["Key"], GroupType(group["Type"])) for group in parameters.get("GroupBy", [])
        ]
        scope = scope_of(parameters.get("Filter", {}))
        history = account.history(window, Granularity(parameters["Granularity"]), group_by, scope)
        history = as_named(history, group_by)
        metric = parameters["Metrics"][0]
        if not group_by:
            sums = [total(entry.period, entry.total, metric, history.currency) for entry in history.entries]
            return _json(200, {"ResultsByTime": sums, "DimensionValueAttributes": []})
        pages = pages_of(history, metric, account.page_size, account.id, account.unit_of_zeros)
        if BY_ACCOUNT in group_by:
            pages[0]["DimensionValueAttributes"] = [
                {"Value": key, "Attributes": {"description": name}} for key, name in account.names.items()
            ]
        page = pages[int(token.rpartition("-")[2]) if token else 0]
        if "NextPageToken" in page:
            self._questions[page["NextPageToken"]] = question
        return _json(200, page)

    def _ce_error(self, canned: Canned) -> web.Response:
        return _json(canned.status, {"__type": canned.code, "message": canned.message})


@asynccontextmanager
async def open_double(monkeypatch: pytest.MonkeyPatch, **options: Any) -> AsyncIterator[DoubleWorld]:
    """The adapters on the strict double.

    Args:
        monkeypatch: Points the SDK's environment at it.
        options: Of ``open_aws``.
    """
    world = DoubleWorld()
    async with TestServer(world.app()) as server:
        point_sdk_at(str(server.make_url("")), monkeypatch)
        async with open_aws(**{"concurrency": 256, "attempts": 1, "read_timeout": 5, **options}) as aws:
            world.identity, world.cost_source = StsIdentity(aws), CostExplorer(aws)
            yield world


@asynccontextmanager
async def open_moto(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[MotoWorld]:
    """The adapters on moto's server."""
    server = ThreadedMotoServer("127.0.0.1", port=0, verbose=False)
    await asyncio.to_thread(server.start)
    try:
        host, port = server.get_host_and_port()
        url = f"http://{host}:{port}"
        point_sdk_at(url, monkeypatch)
        async with open_aws(concurrency=4) as aws:
            world = MotoWorld(url, StsIdentity(aws), CostExplorer(aws))
            await asyncio.to_thread(world._post, "reset", {})
            yield world
    finally:
        await asyncio.to_thread(server.stop)


@asynccontextmanager
async def open_fake(_: pytest.MonkeyPatch) -> AsyncIterator[FakeWorld]:
    """The fakes."""
    yield FakeWorld()


def point_sdk_at(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Give the AWS SDK a clean environment with one endpoint, and credentials that must stay unused."""
    clean = {
        "AWS_CONFIG_FILE": "/dev/null",
        "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_ACCESS_KEY_ID": HOST_KEY,
        "AWS_SECRET_ACCESS_KEY": "host-secret",
        "AWS_ENDPOINT_URL": url.rstrip("/"),
    }
    monkeypatch.setattr("botocore.session.create_loader", _sdk_data)
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE", "AWS_SESSION_TOKEN", *PROXIES):
        monkeypatch.delenv(name, raising=False)
    for name, value in clean.items():
        monkeypatch.setenv(name, value)


PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy")

# The SDK's data files are read once for all tests, which saves each the better part of its time.
_sdk_data = cache(create_loader)


def _period(interval: Mapping[str, str]) -> Period:
    return Period(date.fromisoformat(interval["Start"]), date.fromisoformat(interval["End"]))


def _json(status: int, body: object) -> web.Response:
    return web.Response(
        status=status, body=json.dumps(body).encode(), content_type="application/x-amz-json-1.1"
    )


def _xml(status: int, body: str) -> web.Response:
    return web.Response(status=status, text=body, content_type="text/xml")
