"""``check`` and its kin as they are typed, in one process with AWS's double."""

# ruff: noqa: ARG001  # the world is there for the command, not for the test

from __future__ import annotations

import asyncio
import json
import os
import re
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from hashlib import sha1
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

import entrypoints.commands.check
from application.aws_errors import AwsUnavailable
from application.credentials import AccessKey
from application.question import known_from
from entrypoints.cli import main
from tests.doubles import forks, service
from tests.doubles.aws_service import HOST_KEY, Canned, DoubleWorld, open_double
from tests.doubles.fakes.aws import Account
from tests.doubles.telex import LocalChannel, local_channel

DAY = timedelta(days=1)
OWN = AccessKey(HOST_KEY, "host-secret")
DEV = AccessKey("AKIADEV", "dev-secret")
FILES = """
[profile prod]
region = eu-west-1
[profile dev]
[profile empty]
region = eu-west-1
"""


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Options change the environment; logs are the process's own."""
    before = dict(os.environ)
    monkeypatch.setattr("entrypoints.logs.configure_logs", lambda *_, **__: None)
    yield
    os.environ.clear()
    os.environ.update(before)


@pytest.fixture
async def world(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> AsyncIterator[DoubleWorld]:
    """Own keys whose account cost $10 a day, but $64 more yesterday; and two profiles."""
    today = datetime.now(UTC).date()
    bill = {today - n * DAY: {"Amazon EC2": "10"} for n in range(1, 71)}
    spiked = {**bill, today - DAY: {"Amazon EC2": "10", "Amazon SageMaker": "64"}}
    async with open_double(monkeypatch) as world:
        world.add(OWN, Account("123456789012", spiked))
        world.add(AccessKey("AKIAPROD", "prod-secret"), Account("111122223333", spiked))
        world.add(DEV, Account("444455556666", bill))
        config, keys = tmp_path / "config", tmp_path / "credentials"
        config.write_text(FILES)
        keys.write_text(
            "[prod]\naws_access_key_id=AKIAPROD\naws_secret_access_key=prod-secret\n"
            "[dev]\naws_access_key_id=AKIADEV\naws_secret_access_key=dev-secret\n"
        )
        monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
        monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(keys))
        monkeypatch.setenv("SPEND_MONITOR_ALLOW_PRIVATE_RETURN_URLS", "true")
        yield world


@pytest.fixture
async def channel() -> AsyncIterator[LocalChannel]:
    """Takes what is posted."""
    async with local_channel() as channel:
        yield channel


async def spend(*arguments: str) -> Result:
    """Run the command beside the doubles."""
    return await asyncio.to_thread(CliRunner().invoke, main, arguments, prog_name="spend")


async def test_a_newcomer_needs_no_threshold(world: DoubleWorld) -> None:
    """The costs are shown; there is no verdict, and no exit code of one."""
    result = await spend("check")
    assert result.exit_code == 0
    assert "Current Spend: $74.00" in result.stdout
    assert not re.search(r"Threshold|Status|Budget|1,000,000", result.stdout)
    assert len([one for one in world.requests if one.operation == "GetCostAndUsage"]) == 1


async def test_without_a_threshold_json_has_no_verdict(world: DoubleWorld) -> None:
    """Null, as everything that is not known."""
    document = json.loads((await spend("check", "--format", "json")).stdout)
    assert (document["verdict"], document["threshold"]) == (None, None)


@pytest.mark.parametrize("where", ["before", "after"])
async def test_a_profile_stands_before_or_after(where: str, world: DoubleWorld) -> None:
    """And its keys count, whatever the environment's are."""
    access = ("-p", "dev", "-r", "eu-central-1")
    arguments = (*access, "check", "-q") if where == "before" else ("check", *access, "-q")
    result = await spend(*arguments)
    assert re.fullmatch(r"\$10\.00 \(.*\)\n", result.stdout)
    assert {(one.access_key_id, one.region) for one in world.requests} == {("AKIADEV", "eu-central-1")}


async def test_several_profiles_make_one_table(world: DoubleWorld) -> None:
    """The worst of them decides the exit code; one that fails hides none of the others."""
    result = await spend("check", "-p", "prod", "-p", "dev", "-p", "empty", "-t", "50")
    rows = [line.split() for line in result.stdout.splitlines()]
    assert ["prod", "111122223333", "$74.00"] in [row[:3] for row in rows]
    assert ["dev", "444455556666", "$10.00"] in [row[:3] for row in rows]
    assert ["together", "$84.00"] in [row[:2] for row in rows]
    assert 'empty: Profile "empty" has no AWS credentials' in result.stderr
    assert result.exit_code == 3
    assert (await spend("check", "-p", "prod", "-p", "dev", "-t", "50", "-q")).exit_code == 1


async def test_several_profiles_for_scripts(world: DoubleWorld) -> None:
    """JSON is a list with the profile in each; CSV has it first."""
    chosen = ("check", "-p", "prod", "-p", "dev", "--format")
    documents = json.loads((await spend(*chosen, "json")).stdout)
    assert [document["profile"] for document in documents] == ["prod", "dev"]
    heading, first, *_ = (await spend(*chosen, "csv")).stdout.splitlines()
    assert (heading.split(",")[0], first.split(",")[0]) == ("profile", "prod")


async def test_a_part_over_its_budget_is_exceeded(world: DoubleWorld) -> None:
    """Without a threshold for the bill, too."""
    budgets = ("check", "--by", "service", "--budgets", "Amazon SageMaker=10, *=50")
    result = await spend(*budgets, "--explain")
    assert result.exit_code == 1
    assert not re.search(r"1,?000,?000", result.stdout)
    assert (await spend(*budgets[:-1], "*=100")).exit_code == 0


async def test_a_summary_is_one_line(world: DoubleWorld) -> None:
    """Verdict, spend, threshold, day, and what stands out."""
    result = await spend("check", "-q", "-t", "50")
    yesterday = datetime.now(UTC).date() - DAY
    day = f"{yesterday:%a} {yesterday.day} {yesterday:%b %Y}"
    assert result.stdout == f"EXCEEDED $74.00 > $50.00 ({day}): SageMaker +$64.00\n"
    assert result.exit_code == 1
    assert (await spend("check", "-q", "-t", "74")).stdout.startswith("WITHIN $74.00 <= $74.00")


async def test_a_summary_of_a_part_says_that_it_is_one(world: DoubleWorld) -> None:
    """A day of which AWS seems to lack some is no whole one."""
    today = datetime.now(UTC).date()
    part = {today - n * DAY: {"Amazon EC2": "4" if n == 1 else "10"} for n in range(1, 71)}
    world.add(OWN, Account("123456789012", part))
    result = await spend("check", "-q", "-t", "50")
    assert result.stdout == f"WITHIN $4.00 so far <= $50.00 ({today - DAY:%a %-d %b %Y})\n"


async def test_another_day_by_something_else(world: DoubleWorld) -> None:
    """The question goes up to a week after it, and is divided as asked for."""
    day = datetime.now(UTC).date() - 20 * DAY
    result = await spend("check", "--on", str(day), "--by", "tag:team", "--format", "json")
    assert json.loads(result.stdout)["period"] == {"start": str(day), "end": str(day + DAY)}
    (asked,) = [one.parameters for one in world.requests if one.operation == "GetCostAndUsage"]
    assert asked["GroupBy"] == [{"Type": "TAG", "Key": "team"}]


@pytest.mark.parametrize("frequency", ["daily", "monthly"])
async def test_a_day_from_as_far_back_as_aws_goes(frequency: str, world: DoubleWorld) -> None:
    """AWS refuses a question that begins before that; of older days nothing is asked."""
    oldest = known_from(datetime.now(UTC).date())
    chosen = ("check", "--frequency", frequency, "--on")
    await spend(*chosen, str(oldest))
    (asked,) = [one.parameters for one in world.requests if one.operation == "GetCostAndUsage"]
    assert asked["TimePeriod"]["Start"] == str(oldest)
    result = await spend(*chosen, str(oldest - DAY))
    assert (result.exit_code, "AWS keeps 13 months" in result.stderr) == (2, True)


async def test_a_day_that_is_not_over(world: DoubleWorld) -> None:
    """Is wrong usage, and costs nothing."""
    result = await spend("check", "--on", str(datetime.now(UTC).date()))
    assert (result.exit_code, world.requests) == (2, [])
    assert "is not over yet" in result.stderr


async def test_output_goes_into_a_file(world: DoubleWorld, tmp_path: Path) -> None:
    """And nothing to standard output; the explanation stays beside it."""
    file = tmp_path / "report.json"
    result = await spend("check", "--format", "json", "--output", str(file), "--explain")
    assert json.loads(file.read_text())["account_id"] == "123456789012"
    assert (result.exit_code, result.stdout) == (0, "")
    assert "Asked of Cost Explorer" in result.stderr


async def test_a_file_that_cannot_be(world: DoubleWorld, tmp_path: Path) -> None:
    """Is said before a cent is paid."""
    result = await spend("check", "--output", str(tmp_path / "nowhere" / "report"))
    assert (result.exit_code, world.requests) == (2, [])


async def test_markdown(world: DoubleWorld) -> None:
    """Tables for a ticket."""
    result = await spend("check", "-t", "50", "--format", "markdown")
    assert "| Status | Exceeded Budget |" in result.stdout
    assert "| Amazon SageMaker | $64.00 | +$64.00 | new |" in result.stdout


async def test_a_delivery_keeps_the_verdict(world: DoubleWorld, channel: LocalChannel) -> None:
    """Exceeded is 1 when the channel was told; when it was not, both are said, and it is 3."""
    arguments = ("check", "-t", "50", "--notify", f"{channel.url}/v1/return/team")
    assert (await spend(*arguments)).exit_code == 1
    channel.statuses = [503]
    result = await spend(*arguments)
    assert result.exit_code == 3
    assert "exceeded, but not every channel could be told" in result.stderr


ERRORS = {
    "a profile that there is not": (
        ("-p", "prd"),
        None,
        'no profile "prd"',
        "Did you mean prod? There are: dev,",
    ),
    "a profile without keys": (
        ("-p", "empty"),
        None,
        'Profile "empty" has no AWS',
        "aws configure --profile empty",
    ),
    "a key that is not known": (
        ("-p", "dev"),
        Canned(AwsUnavailable, 403, "InvalidClientTokenId"),
        "does not know this access key",
        'of profile "dev". If it is an account in China, set AWS_REGION or give -r cn-north-1',
    ),
    "temporary keys that have run out": (
        ("-p", "dev"),
        Canned(AwsUnavailable, 403, "ExpiredToken"),
        "have run out",
        "aws sso login --profile dev",
    ),
    "a clock that is off": (
        (),
        Canned(AwsUnavailable, 403, "RequestExpired"),
        "the clock of the machine",
        "Set this machine's clock",
    ),
    "no permission": (
        (),
        Canned(AwsUnavailable, 403, "AccessDenied"),
        "ce:GetCostAndUsage",
        "spend-monitor policy",
    ),
    "any other refusal": (
        ("-p", "dev"),
        Canned(AwsUnavailable, 400, "ValidationException"),
        "AWS refused the request",
        "aws-spend-monitor doctor --profile dev",
    ),
    "AWS is throttling": (
        (),
        Canned(AwsUnavailable, 400, "Throttling", times=9),
        "throttled",
        "Run the command again in a minute",
    ),
}


@pytest.mark.parametrize("error", ERRORS.values(), ids=ERRORS)
async def test_an_error_is_the_command_lines(
    error: tuple[tuple[str, ...], Canned | None, str, str],
    world: DoubleWorld,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What is wrong, and the next thing to type; nothing of forms, and of looks to come."""
    arguments, canned, problem, remedy = error
    monkeypatch.setattr("adapters.aws.clients.random.random", float)
    if canned:
        world.answer(DEV if "dev" in arguments else OWN, canned)
    result = await spend("check", *arguments, "-t", "1")
    said = result.stderr
    assert (result.exit_code, result.stdout) == (3, "")
    assert problem in said
    assert remedy in said
    assert not re.search(
        "Traceback|aws_access_key_id|you will be told|next scheduled|operator|for a day", said
    )


@pytest.mark.parametrize("session", ["", "sso_session = corp\n"])
async def test_a_sign_in_that_has_ended(
    session: str, world: DoubleWorld, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The command that mends it is printed, with the profile's name."""
    start = "sso_start_url = https://corp.awsapps.com/start\nsso_region = eu-west-1\n"
    role = "sso_account_id = 111122223333\nsso_role_name = Read\n"
    profile = f"[profile 'two words']\n{role}{session or start}"
    (tmp_path / "config").write_text(f"{profile}[sso-session corp]\n{start}sso_registration_scopes = sso\n")
    monkeypatch.setenv("HOME", str(tmp_path))
    result = await spend("check", "-p", "two words")
    assert result.exit_code == 3
    assert 'The sign-in of profile "two words" has ended.' in result.stderr
    assert "Run: aws sso login --profile 'two words'" in result.stderr


async def test_a_sign_in_that_cannot_be_renewed_now(
    world: DoubleWorld, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A network that is away says nothing of the credentials; and the SDK says nothing of its own."""
    start = "sso_start_url = https://corp.awsapps.com/start\nsso_region = eu-west-1\n"
    role = "sso_account_id = 111122223333\nsso_role_name = Read\nsso_session = corp\n"
    scopes = "sso_registration_scopes = sso\n"
    (tmp_path / "config").write_text(f"[profile corp]\n{role}[sso-session corp]\n{start}{scopes}")
    token = {
        "startUrl": "https://corp.awsapps.com/start",
        "region": "eu-west-1",
        "accessToken": "token",
        "expiresAt": "2020-01-01T00:00:00Z",
        "clientId": "client",
        "clientSecret": "client-secret",
        "refreshToken": "refresh",
        "registrationExpiresAt": "2999-01-01T00:00:00Z",
    }
    cache = tmp_path / ".aws" / "sso" / "cache"
    cache.mkdir(parents=True)
    name = sha1(b"corp", usedforsecurity=False).hexdigest()  # as the SDK names the file
    (cache / f"{name}.json").write_text(json.dumps(token))
    variables = {name: text for name, text in os.environ.items() if name.startswith("AWS_")}
    variables |= {"HOME": str(tmp_path), "AWS_ENDPOINT_URL": "http://127.0.0.1:9", "AWS_MAX_ATTEMPTS": "1"}
    code, out, err = await forks.run("check", "-p", "corp", folder=tmp_path, **variables)
    assert (code, out) == (3, "")
    assert err == (
        "✗ AWS could not be reached for credentials.\n"
        "  → Run the command again in a minute. If this goes on, look at the network and HTTPS_PROXY here, "
        "and at health.aws.amazon.com.\n"
    )


async def test_settings_of_the_sdk_that_cannot_be_used(
    world: DoubleWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The reason is told, not where a service would have logged it."""
    monkeypatch.setenv("AWS_CA_BUNDLE", "/nowhere.pem")
    result = await spend("check")
    assert result.exit_code == 3
    assert "AWS_CA_BUNDLE or the profile's ca_bundle: /nowhere.pem cannot be read" in result.stderr
    assert "in its log" not in result.stderr


async def test_who_has_read_enough_still_has_the_verdict(world: DoubleWorld) -> None:
    """``check | head -0``: rich, click and Python would each end with 1 of their own."""
    reader, writer = os.pipe()
    os.close(reader)
    variables = {name: text for name, text in os.environ.items() if name.startswith("AWS_")}
    process = await asyncio.create_subprocess_exec(
        *(service.COMMAND, "check", "-t", "1000"),
        stdout=writer,
        stderr=asyncio.subprocess.PIPE,
        env=service.environment(**variables),
    )
    os.close(writer)
    _, err = await process.communicate()
    assert (process.returncode, err) == (0, b"")


@pytest.mark.parametrize("error", [RuntimeError("secret"), KeyboardInterrupt()])
async def test_whatever_happens_is_no_verdict(error: BaseException, monkeypatch: pytest.MonkeyPatch) -> None:
    """Python and click end with 1 on their own: that would be "exceeded"."""

    async def fail(*_: object) -> int:
        raise error

    monkeypatch.setattr(entrypoints.commands.check, "check", fail)
    result = await spend("check")
    assert result.exit_code == 3
    assert "secret" not in result.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ("check", "-q", "--format", "json"),
        ("-r", "eu-wst-one", "check"),
        ("-p", "a", "-p", "b", "doctor"),
        ("check", "--by", "colour"),
        ("check", "--threshold", "ten"),
        ("check", "--spike-alert", "lots"),
    ],
)
async def test_wrong_usage(arguments: tuple[str, ...]) -> None:
    """Ends with 2, and says what is accepted."""
    result = await spend(*arguments)
    assert result.exit_code == 2
    assert "Error: " in result.stderr


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (("check", "--on", "2026-13-1"), 'it is "2026-13-1", which is no date. Write a date as 2026-12-31.'),
        (("check", "-r", "us east"), 'it is "us east", which looks like no region. Did you mean us-east-2?'),
        (("watches", "list"), "SPEND_MONITOR_WATCHES names no file: set it to the path of a TOML file"),
        (("doctor", "--role", "x"), "it is not a role's ARN. Accepted is what IAM shows"),
        (
            ("state", "copy", "a", "b"),
            "it is not an address of a state store; accepted is sqlite:///relative",
        ),
    ],
)
async def test_what_is_wrong_is_a_sentence_about_it(arguments: tuple[str, ...], error: str) -> None:
    """In the option's own terms, not in those of the setting that is read alike."""
    assert f": {error}" in " ".join((await spend(*arguments)).stderr.split())


@pytest.mark.parametrize(
    ("variable", "text", "error"),
    [
        ("PORT", "http", "PORT: 'http' is not accepted; accepted is a port's number from 1 to 65535"),
        (
            "SPEND_MONITOR_ADMIN_PORT",
            "8000",
            "SPEND_MONITOR_ADMIN_PORT: 8000 is the public port, too; accepted is another one",
        ),
    ],
)
async def test_a_port_that_cannot_be(
    variable: str, text: str, error: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One line that names the variable, as of every other one."""
    monkeypatch.setenv(variable, text)
    result = await spend("serve")
    assert (result.exit_code, result.stderr) == (2, f"aws-spend-monitor: {error}\n")


async def test_doctor_speaks_the_same_language(world: DoubleWorld) -> None:
    """It says what it costs before it asks, and takes a profile."""
    result = await spend("doctor", "-p", "dev")
    assert result.exit_code == 0
    assert result.stderr == "Asking Cost Explorer costs $0.01.\n"
    assert "✓ AWS credentials: valid, for account 444455556666" in result.stdout
    assert 'has no profile "prd"' in (await spend("doctor", "-p", "prd")).stdout
