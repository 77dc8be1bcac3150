from __future__ import annotations

import asyncio
import logging
import os
import socket
from collections.abc import AsyncIterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from adapters.aws.access import AwsAccess, Own
from adapters.aws.clients import open_aws
from adapters.aws.cost_explorer import CostExplorer
from adapters.aws.questions import read_sdk
from adapters.aws.refusals import refusal
from adapters.aws.sts import StsIdentity
from application.aws_errors import (
    AwsError,
    AwsRefused,
    AwsUnavailable,
    ClockOff,
    CostExplorerAbsent,
    CredentialsMissing,
    DeniedByBoundary,
    DeniedByOrganization,
    DeniedByPolicy,
    EndpointMismatched,
    PermissionMissing,
    RequestRefused,
    SecretKeyWrong,
)
from application.credentials import AccessKey, OwnCredentials
from application.ports.cost_source import CostQuery, Granularity
from domain.periods import DAY, Period
from tests.doubles.aws_service import HOST_KEY, Canned, DoubleWorld, open_double, point_sdk_at
from tests.doubles.fakes.aws import Account

FIRST = date(2026, 10, 30)
KEY = AccessKey("AKIACANARYCANARYCANA", "canary/secret+key", "canary-session-token")
QUERY = CostQuery("123456789012", Period(FIRST, FIRST + DAY), Granularity.DAILY)
THROTTLED = Canned(AwsUnavailable, 400, "LimitExceededException", times=1)
PARAMETERS = {
    "TimePeriod": {"Start": "2026-10-30", "End": "2026-10-31"},
    "Granularity": "DAILY",
    "Metrics": ["AmortizedCost"],
}


@pytest.fixture
def calls() -> list[tuple[str, str]]:
    """What the adapter reported of its calls."""
    return []


@pytest.fixture
async def aws(monkeypatch: pytest.MonkeyPatch, calls: list[tuple[str, str]]) -> AsyncIterator[DoubleWorld]:
    """The adapters on the strict double, trying three times without pauses."""

    def record(operation: str, result: str) -> None:
        calls.append((operation, result))

    async with open_double(
        monkeypatch, attempts=3, jitter=lambda: 0.0, read_timeout=0.3, on_call=record
    ) as world:
        world.add(KEY, Account("123456789012", {FIRST: {"Amazon EC2": "1.5"}}))
        yield world


async def test_throttled_requests_are_tried_again_and_paid(aws: DoubleWorld) -> None:
    """Two throttled requests and a good one give the answer, for three cents."""
    aws.answer(KEY, THROTTLED, THROTTLED)
    answer = await aws.cost_source.costs(KEY, QUERY)
    assert (answer.history.entries[0].total, answer.paid_requests) == (Decimal("1.5"), 3)


async def test_attempts_end(aws: DoubleWorld) -> None:
    """After three failures the error says what they cost."""
    aws.answer(KEY, Canned(AwsUnavailable, 500, "InternalServerError"))
    with pytest.raises(AwsUnavailable) as caught:
        await aws.cost_source.costs(KEY, QUERY)
    assert (caught.value.paid_requests, len(aws.requests)) == (3, 3)


async def test_a_refusal_is_not_tried_again(aws: DoubleWorld) -> None:
    """What AWS refuses once it refuses again."""
    aws.answer(KEY, Canned(PermissionMissing, 400, "AccessDeniedException"))
    with pytest.raises(PermissionMissing):
        await aws.cost_source.costs(KEY, QUERY)
    assert len(aws.requests) == 1


async def test_every_attempt_is_signed_anew(aws: DoubleWorld) -> None:
    """A retry carries a valid signature of the same tenant."""
    aws.answer(KEY, Canned(AwsUnavailable, 500, "InternalFailure", times=1))
    assert await aws.identity.account_id(KEY) == "123456789012"
    assert [request.access_key_id for request in aws.requests] == [KEY.access_key_id] * 2


async def test_a_slow_answer_is_not_waited_for(aws: DoubleWorld) -> None:
    """After the time-out the question counts as asked."""
    aws.answer(KEY, Canned(AwsUnavailable, hangs=True))
    with pytest.raises(AwsUnavailable, match="in time") as caught:
        await aws.cost_source.costs(KEY, QUERY)
    assert caught.value.paid_requests == 3


async def test_what_did_not_reach_aws_costs_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """With nobody listening, no request is counted as paid."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        point_sdk_at(f"http://127.0.0.1:{unused.getsockname()[1]}", monkeypatch)
    async with open_aws(concurrency=1) as aws:
        with pytest.raises(AwsUnavailable, match="reached") as caught:
            await CostExplorer(aws).costs(KEY, QUERY)
    assert caught.value.paid_requests == 0


async def test_every_request_is_reported(aws: DoubleWorld, calls: list[tuple[str, str]]) -> None:
    """Operation and result of every request reach the counter."""
    aws.answer(KEY, THROTTLED)
    await aws.cost_source.costs(KEY, QUERY)
    await aws.identity.account_id(KEY)
    assert calls == [
        ("get_cost_and_usage", "aws-unavailable"),
        ("get_cost_and_usage", "ok"),
        ("get_caller_identity", "ok"),
    ]


async def test_the_machines_own_credentials_stay_unused(aws: DoubleWorld) -> None:
    """However wrong a tenant's credentials are, nothing is ever signed with the machine's."""
    for wrong in (AccessKey("AKIAUNKNOWN", "s"), AccessKey("", ""), AccessKey(KEY.access_key_id, "s")):
        with pytest.raises(AwsRefused):
            await aws.identity.account_id(wrong)
    assert HOST_KEY not in {request.access_key_id for request in aws.requests}


async def test_a_redirect_is_not_followed(aws: DoubleWorld) -> None:
    """A signed request goes where it was signed for, and nowhere else."""
    aws.answer(KEY, Canned(AwsUnavailable, 307, body=b"elsewhere"))
    with pytest.raises(AwsUnavailable):
        await aws.cost_source.costs(KEY, QUERY)
    assert len(aws.requests) == 3


async def test_the_sdks_proxies_are_used(aws: DoubleWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    """As every AWS tool does: ``HTTP_PROXY`` for plain http, with its user's name, which AWS never sees."""
    proxy = os.environ["AWS_ENDPOINT_URL"].replace("http://", "http://user:password@")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://aws.test")
    monkeypatch.setenv("HTTP_PROXY", proxy)
    async with open_aws(concurrency=1) as another:
        assert await StsIdentity(another).account_id(KEY) == "123456789012"
    assert [request.operation for request in aws.requests] == ["GetCallerIdentity"]


async def test_https_goes_through_a_tunnel(monkeypatch: pytest.MonkeyPatch) -> None:
    """``HTTPS_PROXY`` is asked for a connection to AWS; if it refuses, AWS was not reached."""
    asked: list[bytes] = []

    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")
        writer.close()

    async with await asyncio.start_server(refuse, "127.0.0.1", 0) as proxy:
        point_sdk_at("https://sts.aws.test", monkeypatch)
        monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{proxy.sockets[0].getsockname()[1]}")
        async with open_aws(concurrency=1) as aws:
            with pytest.raises(AwsUnavailable):
                await StsIdentity(aws).account_id(KEY)
    assert [head.split(b"\r\n")[0] for head in asked] == [b"CONNECT sts.aws.test:443 HTTP/1.1"]


async def test_no_proxy_leaves_the_proxy_out(aws: DoubleWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    """Hosts that ``NO_PROXY`` names are called without it."""
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    async with open_aws(concurrency=1) as another:
        assert await StsIdentity(another).account_id(KEY) == "123456789012"
    assert len(aws.requests) == 1


async def test_logs_hold_no_secret(aws: DoubleWorld, caplog: pytest.LogCaptureFixture) -> None:
    """Even at debug level neither credentials nor signatures are written down."""
    caplog.set_level(logging.DEBUG)
    await aws.identity.account_id(KEY)
    await aws.cost_source.costs(KEY, QUERY)
    with pytest.raises(SecretKeyWrong):
        await aws.identity.account_id(AccessKey(KEY.access_key_id, "canary-wrong"))
    assert "canary" not in caplog.text.lower()


async def test_error_texts_hold_no_secret(aws: DoubleWorld) -> None:
    """When AWS repeats credentials in its words, they do not come back out."""
    said = f"key {KEY.access_key_id} secret {KEY.secret_access_key} canary%2Fsecret%2Bkey {KEY.session_token}"
    aws.answer(KEY, Canned(RequestRefused, 400, "ValidationException", said))
    with pytest.raises(RequestRefused) as caught:
        await aws.cost_source.costs(KEY, QUERY)
    assert str(caught.value) == ("AWS refused the request. AWS says: ValidationException: key … secret … … …")


def kind_of(status: int, code: str, message: str) -> type[AwsError]:
    """What becomes of AWS's words."""
    return type(refusal(status, code, message, [KEY.secret_access_key]))


@pytest.mark.parametrize(
    ("message", "kind"),
    [
        ("The request signature we calculated does not match the signature you provided.", SecretKeyWrong),
        ("Signature expired: 20261101T000000Z is now earlier than 20261101T001000Z", ClockOff),
        ("Signature not yet current: 20261101T002000Z is still later than 20261101T000500Z", ClockOff),
        ("Credential should be scoped to a valid region.", EndpointMismatched),
        ("Credential should be scoped to correct service: 'sts'.", EndpointMismatched),
    ],
)
@pytest.mark.parametrize("code", ["SignatureDoesNotMatch", "InvalidSignatureException"])
def test_a_signature_is_not_always_the_secrets_fault(code: str, message: str, kind: type[AwsError]) -> None:
    """A wrong clock and a wrong region are the operator's to mend; nobody is sent to type a secret again."""
    assert kind_of(403, code, message) is kind


ASKED = "User: arn:aws:iam::1:user/x is not authorized to perform: ce:GetCostAndUsage on resource: * "


@pytest.mark.parametrize(
    ("why", "kind"),
    [
        ("because no identity-based policy allows the ce:GetCostAndUsage action", PermissionMissing),
        ("because no session policy allows the ce:GetCostAndUsage action", PermissionMissing),
        ("with an explicit deny in an identity-based policy", DeniedByPolicy),
        ("with an explicit deny in a service control policy", DeniedByOrganization),
        ("because no service control policy allows the ce:GetCostAndUsage action", DeniedByOrganization),
        ("with an explicit deny in a resource control policy", DeniedByOrganization),
        ("because no permissions boundary allows the ce:GetCostAndUsage action", DeniedByBoundary),
        ("with an explicit deny in a permissions boundary", DeniedByBoundary),
    ],
)
def test_a_denial_says_who_can_lift_it(why: str, kind: type[AwsError]) -> None:
    """A missing permission, an explicit deny, the organization's policy and a boundary are told apart."""
    assert kind_of(400, "AccessDeniedException", ASKED + why) is kind


async def test_govcloud_has_no_cost_explorer(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is said, instead of calling a host that does not exist."""
    point_sdk_at("http://127.0.0.1:1", monkeypatch)
    monkeypatch.setenv("AWS_REGION", "us-gov-west-1")
    async with open_aws(concurrency=1) as aws:
        with pytest.raises(CostExplorerAbsent):
            await CostExplorer(aws).costs(KEY, QUERY)


@pytest.mark.parametrize(
    ("variables", "service", "host", "signed_for"),
    [
        ({}, "ce", "ce.us-east-1.amazonaws.com", "us-east-1"),
        ({}, "sts", "sts.us-east-1.amazonaws.com", "us-east-1"),
        ({"AWS_REGION": "eu-west-1"}, "ce", "ce.us-east-1.amazonaws.com", "us-east-1"),
        ({"AWS_DEFAULT_REGION": "eu-west-1"}, "sts", "sts.us-east-1.amazonaws.com", "us-east-1"),
        ({"AWS_REGION": "cn-north-1"}, "ce", "ce.cn-northwest-1.amazonaws.com.cn", "cn-northwest-1"),
        ({"AWS_REGION": "cn-northwest-1"}, "sts", "sts.cn-north-1.amazonaws.com.cn", "cn-north-1"),
        ({"AWS_REGION": "af-south-1"}, "sts", "sts.us-east-1.amazonaws.com", "us-east-1"),
        (
            {"AWS_REGION": "eu-west-1", "AWS_ENDPOINT_URL_STS": "https://vpce.example"},
            "sts",
            "vpce.example",
            "eu-west-1",
        ),
        ({"AWS_ENDPOINT_URL": "http://localhost:1"}, "ce", "localhost", "us-east-1"),
        ({"AWS_ENDPOINT_URL_COST_EXPLORER": "http://localhost:1"}, "ce", "localhost", "us-east-1"),
        ({"AWS_ENDPOINT_URL_STS": "http://localhost:1"}, "sts", "localhost", "us-east-1"),
    ],
)
async def test_endpoints_and_regions_are_the_sdks(
    variables: dict[str, str], service: str, host: str, signed_for: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The SDK's own variables choose the endpoint; without them it is AWS's, in the right partition."""
    point_sdk_at("", monkeypatch)
    monkeypatch.delenv("AWS_ENDPOINT_URL")
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    operations: dict[str, tuple[str, dict[str, Any]]] = {
        "ce": ("get_cost_and_usage", PARAMETERS),
        "sts": ("get_caller_identity", {}),
    }
    question = read_sdk()[0][service].question(*operations[service])
    scope = question.signed(AccessKey("AKIA", "secret"))["Authorization"].split("/")
    assert (question.url.host, scope[2]) == (host, signed_for)


@pytest.mark.parametrize(
    ("variables", "named"),
    [
        ({"AWS_ENDPOINT_URL": "moto"}, "moto"),
        ({"AWS_PROFILE": "nobody"}, "nobody"),
        ({"AWS_CA_BUNDLE": "/nowhere"}, "AWS_CA_BUNDLE or the profile's ca_bundle: /nowhere"),
    ],
)
async def test_settings_that_cannot_be_used_are_told_to_whoever_runs_this(
    variables: dict[str, str], named: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A wrong setting of the SDK does not stop the service; no call's error holds this machine's paths."""
    point_sdk_at("http://127.0.0.1:1", monkeypatch)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    told: list[str] = []
    async with open_aws(concurrency=1, on_trouble=told.append) as aws:
        errors = []
        for _ in range(2):
            with pytest.raises(AwsUnavailable, match="its own AWS settings cannot be used") as caught:
                await StsIdentity(aws).account_id(KEY)
            errors.append(caught.value)
        assert aws.trouble() == "its own AWS settings cannot be used"
    assert len(told) == 1
    assert named in told[0]
    assert not any(named in str(error) or "nowhere" in str(error) for error in errors)


async def test_wrong_settings_are_told_before_anybody_calls(monkeypatch: pytest.MonkeyPatch) -> None:
    """The way to AWS opens by itself soon after the start: a mistake shows in ``/ready`` and the log."""
    monkeypatch.setattr("adapters.aws.desk.OPEN_SECONDS", 0)
    monkeypatch.setenv("AWS_CA_BUNDLE", "/nowhere")
    told = asyncio.get_running_loop().create_future()
    async with open_aws(concurrency=1, on_trouble=told.set_result) as aws:
        assert aws.trouble() == ""
        assert "/nowhere" in await told


async def test_each_call_that_fails_for_this_machines_settings_has_an_error_of_its_own(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Whoever notes an account in his error notes it in nobody else's."""
    point_sdk_at("http://127.0.0.1:1", monkeypatch)
    monkeypatch.setenv("AWS_CA_BUNDLE", "/nowhere")
    async with open_aws(concurrency=1) as aws:
        with pytest.raises(AwsUnavailable) as first:
            await StsIdentity(aws).account_id(KEY)
        first.value.account_id = "123456789012"
        with pytest.raises(AwsUnavailable) as second:
            await StsIdentity(aws).account_id(KEY)
    assert second.value.account_id == ""


async def test_a_failed_start_is_tried_again(aws: DoubleWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    """Once the certificates are there, calls go through; nobody has to start the process again."""
    monkeypatch.setenv("AWS_CA_BUNDLE", "/nowhere")
    async with open_aws(concurrency=1, reopen_seconds=0) as another:
        with pytest.raises(AwsUnavailable):
            await StsIdentity(another).account_id(KEY)
        monkeypatch.delenv("AWS_CA_BUNDLE")
        assert await StsIdentity(another).account_id(KEY) == "123456789012"
        assert another.trouble() == ""
    assert len(aws.requests) == 1


async def test_a_failed_start_is_not_tried_again_by_every_call(monkeypatch: pytest.MonkeyPatch) -> None:
    """Thousands of ticks must not read the same wrong file thousands of times."""
    point_sdk_at("http://127.0.0.1:1", monkeypatch)
    monkeypatch.setenv("AWS_CA_BUNDLE", "/nowhere")
    told: list[str] = []
    async with open_aws(concurrency=1, on_trouble=told.append, reopen_seconds=3600) as aws:
        for _ in range(20):
            with pytest.raises(AwsUnavailable):
                await StsIdentity(aws).account_id(KEY)
    assert len(told) == 1


async def test_the_metadata_service_is_not_asked_for_anything(
    aws: DoubleWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither at the start nor for a call is the machine's role or region looked up."""
    monkeypatch.delenv("AWS_EC2_METADATA_DISABLED")
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.setenv("AWS_DEFAULTS_MODE", "auto")
    monkeypatch.setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", os.environ["AWS_ENDPOINT_URL"])
    async with open_aws(concurrency=1) as another:
        assert await StsIdentity(another).account_id(KEY) == "123456789012"
    assert [request.operation for request in aws.requests] == ["GetCallerIdentity"]


async def test_a_question_that_aws_does_not_take_is_not_asked(aws: DoubleWorld) -> None:
    """The parameters are checked by the SDK before anything is sent."""
    questions = read_sdk()[0]
    with pytest.raises(RequestRefused):
        questions["ce"].question("get_cost_and_usage", {**PARAMETERS, "Metrics": 7})
    assert aws.requests == []


async def test_the_chain_finds_what_every_aws_tool_finds(monkeypatch: pytest.MonkeyPatch) -> None:
    """The command line's credentials come from the environment, token included."""
    point_sdk_at("", monkeypatch)
    monkeypatch.setenv("AWS_SESSION_TOKEN", "token")
    assert await Own().key() == AccessKey(HOST_KEY, "host-secret", "token")


async def test_a_profile_of_the_files_is_found(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A named profile is used whatever the environment holds; a token that is there and blank is none."""
    point_sdk_at("", monkeypatch)
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    (tmp_path / "credentials").write_text(
        "[billing]\naws_access_key_id = AKIABILLING\naws_secret_access_key = s\naws_session_token =\n"
    )
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    assert await AwsAccess(Own()).key(OwnCredentials("billing")) == AccessKey("AKIABILLING", "s")


@pytest.mark.parametrize(
    ("variable", "value", "said"),
    [
        ("AWS_SECRET_ACCESS_KEY", None, "Partial credentials"),
        ("AWS_ACCESS_KEY_ID", None, "no AWS credentials"),
        ("AWS_PROFILE", "nobody", "no profile of that name"),
    ],
)
async def test_a_machine_without_credentials_says_so(
    variable: str, value: str | None, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No credentials, half of them, or a profile that is not there: the error tells which."""
    point_sdk_at("", monkeypatch)
    if value is None:
        monkeypatch.delenv(variable)
    else:
        monkeypatch.setenv(variable, value)
    with pytest.raises(CredentialsMissing, match=said):
        await Own().key()


def test_no_other_services_models_are_looked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two of several hundred are used."""
    listed: list[str] = []
    listdir = os.listdir

    def counting(path: str) -> list[str]:
        listed.append(Path(path).name)
        return listdir(path)

    monkeypatch.setattr(os, "listdir", counting)
    read_sdk()
    assert set(listed) - {"data"} == {"sts", "ce"}
