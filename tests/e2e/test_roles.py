"""A channel lets the installed service in by a role, as its owner and an operator meet it."""

from __future__ import annotations

import os
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from html import unescape
from pathlib import Path

import aiohttp
import pytest
from aiohttp.test_utils import TestServer, unused_port

from application.let_in import RoleAccess
from tests.doubles import forks, service
from tests.doubles.aws_service import HOST_KEY
from tests.doubles.fakes.aws import Account
from tests.doubles.sts import AUDIENCE, OUR_ARN, StsDouble, TrustedRole
from tests.doubles.telex import LocalChannel, local_channel, tick_settings

ARN = "arn:aws:iam::111122223333:role/spend"
BOTH = [RoleAccess.EXTERNAL_ID, RoleAccess.WEB_IDENTITY]
LINK = re.compile(r"http://127\.0\.0\.1:\d+/access/[\w-]+")


@dataclass
class Deployment:
    """A running service, its AWS, its channel."""

    running: service.Service
    aws: StsDouble
    channel: LocalChannel
    folder: Path
    variables: dict[str, str]
    trusts: str

    async def tick(self, name: str, count: int, seconds: float = 30) -> str:
        """Send a tick that names the role; return the channel's newest message of so many."""
        tick = self.channel.tick(name, tick_settings(("key", "key"), "42", aws_role_arn=ARN))
        async with aiohttp.ClientSession(self.running.url) as client, client.post("/tick", json=tick):
            return (await self.channel.wait_for(name, count, seconds))[-1]["message"]

    async def open(self, url: str) -> tuple[int, dict[str, str], str]:
        """Read a page: status, headers, text."""
        async with aiohttp.ClientSession() as client, client.get(url) as answer:
            return answer.status, dict(answer.headers), await answer.text()

    async def run(self, *arguments: str) -> tuple[int, str, str]:
        """Run another command where the service runs."""
        return await forks.run(*arguments, folder=self.folder, **self.variables)

    def add_role(self, external_id: str) -> None:
        """The owner makes the role."""
        yesterday = datetime.now(UTC).date() - timedelta(days=1)
        account = Account(
            "111122223333", {yesterday - timedelta(days=n): {"Amazon EC2": "40"} for n in range(40)}
        )
        self.aws.roles[ARN] = TrustedRole(account, external_id, self.trusts)


@asynccontextmanager
async def deployed(way: RoleAccess, folder: Path) -> AsyncIterator[Deployment]:
    """The service with a public address that is this machine's."""
    aws, port = StsDouble(), unused_port()
    url = f"http://127.0.0.1:{port}"
    async with TestServer(aws.app()) as server, local_channel() as channel:
        variables = {
            "AWS_ENDPOINT_URL": str(server.make_url("")).rstrip("/"),
            "SPEND_MONITOR_ROLE_ACCESS": way.value,
            "SPEND_MONITOR_PUBLIC_URL": url,
            "SPEND_MONITOR_LOG_LEVEL": "debug",
        }
        if way is RoleAccess.EXTERNAL_ID:
            variables |= {"AWS_ACCESS_KEY_ID": HOST_KEY, "AWS_SECRET_ACCESS_KEY": "host-secret"}
        else:
            aws.providers[url] = AUDIENCE
        trusts = OUR_ARN if way is RoleAccess.EXTERNAL_ID else url
        arguments = ("serve", "--port", str(port))
        async with forks.running(*arguments, folder=folder, **variables) as running:
            yield Deployment(running, aws, channel, folder, variables, trusts)


@pytest.fixture(params=BOTH, ids=str)
async def deployment(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Deployment]:
    """With either way."""
    async with deployed(request.param, tmp_path) as running:
        yield running


async def test_a_channel_is_led_to_its_report_step_by_step(deployment: Deployment) -> None:
    """Not let in: id and link; the page has it all; the role is made; the report comes; no secret is left."""
    told = await deployment.tick("team", 1)
    (link,), (external_id,) = LINK.findall(told), set(re.findall(r"spend-monitor-[0-9a-f]{32}", told))
    status, headers, page = await deployment.open(link)
    assert status == 200
    assert headers["Cache-Control"] == "no-store"
    assert "script-src 'sha256-" in headers["Content-Security-Policy"]
    for part in (external_id, deployment.trusts, "create-role", "aws_iam_role", "111122223333"):
        assert part in unescape(page)
    status, headers, template = await deployment.open(f"{link}/role.yaml")
    assert headers["Content-Disposition"].startswith("attachment")
    assert external_id in template
    assert deployment.trusts in template

    deployment.add_role(external_id)
    assert "40.00" not in await deployment.tick("strangers", 1)
    assert "Current Spend: $40.00" in (await deployment.channel.wait_for("team", 2, 60))[-1]["message"]
    assert len(deployment.aws.sessions) == 1
    await no_secret_is_left(deployment, page + template)


async def no_secret_is_left(deployment: Deployment, pages: str) -> None:
    """Neither temporary secrets, nor tokens, nor the signing key: in no file, log, page, message."""
    tokens = [each["WebIdentityToken"] for each in deployment.aws.tried if "WebIdentityToken" in each]
    keys = [
        line
        for file in deployment.folder.glob("*.pem")
        for line in file.read_text().splitlines()
        if "-----" not in line
    ]
    secrets = ["temporary-secret", "temporary-token", "ASIATEMPORARY", "host-secret", *tokens, *keys]
    files = {path.name: path.read_bytes() for path in deployment.folder.iterdir() if path.suffix != ".pem"}
    places = {
        **files,
        "log": "".join(deployment.running.log).encode(),
        "pages": pages.encode(),
        "messages": repr(deployment.channel.posts).encode(),
    }
    found = {name for name, content in places.items() for secret in secrets if secret.encode() in content}
    assert found == set()


async def test_links_that_are_none_get_one_and_the_same_answer(tmp_path: Path) -> None:
    """Forged, torn, of another deployment, or with a template behind it."""
    async with deployed(RoleAccess.EXTERNAL_ID, tmp_path) as deployment:
        told = await deployment.tick("team", 1)
        (link,) = LINK.findall(told)
        base, token = link.rsplit("/", 1)
        answers = [
            await deployment.open(f"{base}/{each}")
            for each in (
                token[:-1],
                "x",
                token[::-1],
                f"{token[:-2]}/role.yaml",
                "x/role.yaml",
                token + "%00",
            )
        ]
        assert {(status, text) for status, _, text in answers} == {(404, answers[0][2])}
        assert len({tuple(sorted(h.items() - {("Date", h.get("Date"))})) for _, h, _ in answers}) == 1


async def test_the_command_line_fills_the_same_id_in(deployment: Deployment) -> None:
    """``role --for`` and ``doctor --role`` where the service runs: the channel's id, every line a tick."""
    url = f"{deployment.channel.url}/v1/return/team"
    code, template, _ = await deployment.run("role", "--format", "cloudformation", "--for", url)
    (external_id,) = set(re.findall(r"spend-monitor-[0-9a-f]{32}", template))
    assert (code, deployment.trusts in template) == (0, True)
    deployment.add_role(external_id)
    code, out, _ = await deployment.run("doctor", "--role", ARN, "--for", url)
    assert (code, [line[0] for line in out.splitlines()]) == (0, ["✓"] * 6)
    assert deployment.trusts in out
    assert "Current Spend: $40.00" in await deployment.tick("team", 1)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("doctor", "--role", "spend"), "arn:aws:iam::111122223333:role/spend"),
        (("doctor", "--for", "https://x.example"), "go with --role"),
        (("role", "--for", "https://x.example", "--watch", "w"), "exclude each other"),
    ],
)
async def test_a_wrong_use_is_told(arguments: tuple[str, ...], said: str, tmp_path: Path) -> None:
    """Exit code 2, and what is accepted."""
    code, _, err = await forks.run(*arguments, folder=tmp_path)
    assert (code, said in err) == (2, True)


async def test_an_id_is_not_made_with_a_key_of_nobody(tmp_path: Path) -> None:
    """In a folder where no service runs an id would be wrong, and a key would be left behind."""
    code, out, err = await forks.run("role", "--for", "https://x.example", folder=tmp_path)
    assert (code, out) == (3, "")
    assert "run this where the service runs" in err
    assert os.listdir(tmp_path) == []  # noqa: PTH208  # likewise


async def test_a_deployment_without_roles_says_so(tmp_path: Path) -> None:
    """The channel is told that this deployment takes keys only; its pages do not exist."""
    async with deployed(RoleAccess.OFF, tmp_path) as deployment:
        assert "keys only" in await deployment.tick("team", 1)
        for path in ("/access/x", "/.well-known/jwks.json"):
            assert (await deployment.open(deployment.running.url + path))[0] == 404
