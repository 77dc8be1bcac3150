"""Marked secrets go through the whole service in good times and bad; nothing it leaves behind holds one."""

from __future__ import annotations

import asyncio
import base64
import json
import re
import resource
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import parse_qsl, quote

import aiohttp
import pytest
from aiohttp import web

from adapters.aws.assuming import NOBODY
from tests.doubles import forks, service
from tests.doubles.outside import COSTS
from tests.doubles.sts import SIGNING_KEYS, parts_of
from tests.doubles.telex import tick_settings

ROOT = Path(__file__).parents[2]
UNLIMITED = resource.RLIM_INFINITY

KEY_ID = "AKIA0CANARY7"
"""Every access key id begins so."""
SECRET = "canary+secret/zJalrXUtnFEMI+K7MDENG/bPxRfi"
SESSION = "IQoJcanarysession//////////wEaCXVzLWVhc3QtMSJGMEQCIE"
TOKEN = "canarytoken-0195-7000-8000"
VAULT_KEY = base64.b64encode(b"canary vault key 32 bytes long!!").decode()
PUBLIC_URL = "http://localhost"
SIGNING_KEY = SIGNING_KEYS[0].as_pem(private=True).decode()
TEMPORARY = ("ASIA0CANARY7ROLE", "canary+temporary/secret", "canary+temporary/token//////wEaCXVzLWVhc3")
FEWEST_TOKENS = 3
"""One for each of two roles, and one to see whether a role lets in anybody."""

MARKS = (KEY_ID, SECRET, SESSION, TOKEN, VAULT_KEY, *TEMPORARY, *SIGNING_KEY.splitlines()[1:-1])

ECHO = f"The key {KEY_ID}GOOD with {SECRET} ({quote(SECRET, safe='')}) was refused"

AWS_SAYS = {
    "UNKNOWN": (403, "InvalidClientTokenId", ECHO),
    "SIGNATURE": (403, "SignatureDoesNotMatch", ECHO),
    "DENIED": (403, "AccessDeniedException", ECHO),
    "ODD": (400, f"Odd{KEY_ID}", ECHO),
    "BROKEN": (500, "InternalFailure", ECHO),
    "THROTTLED": (400, "ThrottlingException", ECHO),
    "GARBAGE": (200, "", f"<{ECHO}"),
}
"""By the end of the access key id."""

TELEX_SAYS = {
    "refused": (202, {"status": "error", "message": f"no channel {TOKEN}-refused at {{url}}"}),
    "gone": (404, {"status": "error", "message": "{url} is not here"}),
    "away": (503, {"status": "error", "message": "{url} is away"}),
    "moved": (301, {"message": "see {url}"}),
}
"""By the end of the return_url."""


class Gossip:
    """An AWS and a Telex that repeat in their answers all they have been told."""

    def __init__(self) -> None:
        self.url = ""
        self.messages: list[str] = []
        self.tokens: list[str] = []

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """Answer by the name that the request bears."""
        return await (self._telex if request.path.startswith("/v1/") else self._aws)(request)

    async def _aws(self, request: web.Request) -> web.Response:
        asked = dict(parse_qsl(await request.text()))
        if asked.get("Action") == "AssumeRoleWithWebIdentity":
            return self._assume(asked)
        match = re.search(rf"Credential={KEY_ID}(\w+)", request.headers.get("Authorization", ""))
        name = match[1] if match else ""
        is_ce = "X-Amz-Target" in request.headers
        if name in AWS_SAYS and (is_ce or name not in {"DENIED", "ODD", "GARBAGE"}):
            status, code, message = AWS_SAYS[name]
            message += request.headers.get("X-Amz-Security-Token", "")
            body = json.dumps({"__type": code, "message": message})
            if not is_ce:
                error = f"<Error><Code>{code}</Code><Message>{message}</Message></Error>"
                body = f"<ErrorResponse>{error}</ErrorResponse>"
            return web.Response(status=status, text=body if code else message)
        if is_ce:
            return web.Response(body=COSTS.partition(b"\r\n\r\n")[2])
        account = "<GetCallerIdentityResult><Account>123456789012</Account></GetCallerIdentityResult>"
        return web.Response(text=f"<GetCallerIdentityResponse>{account}</GetCallerIdentityResponse>")

    def _assume(self, asked: dict[str, str]) -> web.Response:
        """Whoever is nobody, or names a role that gossips, is refused with all that was said."""
        token = asked["WebIdentityToken"]
        self.tokens.append(token)
        subject = parts_of(token)[1]["sub"]
        if subject == NOBODY or asked["RoleArn"].endswith("gossip"):
            code = "AccessDenied" if subject == NOBODY else "ValidationError"
            error = f"<Error><Code>{code}</Code><Message>I was told {token}</Message></Error>"
            return web.Response(status=403, text=f"<ErrorResponse>{error}</ErrorResponse>")
        names = ("AccessKeyId", "SecretAccessKey", "SessionToken")
        given = "".join(f"<{name}>{text}</{name}>" for name, text in zip(names, TEMPORARY, strict=True))
        given += "<Expiration>2099-01-01T00:00:00Z</Expiration>"
        result = "AssumeRoleWithWebIdentityResult"
        return web.Response(
            text=f"<{result[:-6]}Response><{result}><Credentials>{given}</Credentials></{result}></{result[:-6]}Response>"
        )

    async def _telex(self, request: web.Request) -> web.Response:
        self.messages.append(await request.text())
        said = TELEX_SAYS.get(request.path.rpartition("-")[2])
        if said is None:
            return web.json_response({"status": "success"}, status=202)
        status, body = said
        url = str(request.url)
        text = json.dumps(body).replace("{url}", url)
        return web.Response(status=status, text=text, headers={"Location": url, "Retry-After": "3600"})


@asynccontextmanager
async def gossip() -> AsyncIterator[Gossip]:
    """Listen on a free port while the block lasts."""
    outside = Gossip()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", outside.serve)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    outside.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield outside
    finally:
        await runner.cleanup()


def ticks(outside: Gossip) -> list[str]:
    """Bodies that end in every way that a tick can end."""

    def tick(ending: str, key: str = "GOOD", secret: str = SECRET, **settings: str) -> str:
        return json.dumps(
            {
                "return_url": f"{outside.url}/v1/return/{TOKEN}-{ending}?token={TOKEN}",
                "auth_settings": {"token": SESSION},
                "settings": tick_settings((KEY_ID + key, secret), **{"threshold": "10", **settings}),
            }
        )

    return [
        tick("good"),
        tick("session", aws_session_token=SESSION),
        *(tick(ending) for ending in TELEX_SAYS),
        *(tick(key.lower(), key) for key in AWS_SAYS),
        tick("role", "", "key", aws_role_arn="arn:aws:iam::123456789012:role/spend"),
        tick("gossip", "", "key", aws_role_arn="arn:aws:iam::123456789012:role/gossip"),
        tick("defect", "CRASH"),
        tick("mixed-up", secret="key", threshold=SECRET, frequency=KEY_ID + "GOOD"),
        tick("spaces", secret=f"{SECRET} {SESSION}"),
    ]


def refused_ticks(outside: Gossip) -> list[str]:
    """Bodies that the door does not take."""
    return [
        f'{{"return_url": "ftp://{TOKEN}", "settings": ["{SECRET}"]}}',
        f'{{"return_url": ["{TOKEN}"], "settings": ["{SECRET}"]}}',
        f'{{"return_url": "{outside.url}/v1/CRASH/{TOKEN}", "settings": ["{SECRET}", "{KEY_ID}GOOD"]}}',
        f'["{SECRET}", "{TOKEN}"',
        f"{SECRET}{TOKEN}{SESSION}",
    ]


async def settled(client: aiohttp.ClientSession) -> int:
    """How many attempts at ticks have ended, one way or the other."""
    async with client.get("/metrics") as answer:
        text = await answer.text()
    counts = re.findall(
        r"^spend_monitor_(?:ticks_answered|tick_retries)_total\{.*} (\d+)", text, re.MULTILINE
    )
    return sum(int(count) for count in counts)


async def everything_said(client: aiohttp.ClientSession, bodies: list[str]) -> str:
    """Post the bodies, look at every address, and return all answers with their headers."""
    said = []
    for body in bodies:
        async with client.post("/tick", data=body) as answer:
            said.append(f"{answer.status} {answer.raw_headers!r} {await answer.text()}")
    for path in (
        "/",
        f"/{TOKEN}",
        f"/tick?x={SECRET}",
        "/ready",
        "/health",
        "/metrics",
        "/schema",
        "/integration",
        "/.well-known/openid-configuration",
        "/.well-known/jwks.json",
        f"/access/{TOKEN}",
    ):
        async with client.get(path, headers={"X-Token": TOKEN, "Cookie": f"session={SESSION}"}) as answer:
            said.append(f"{answer.status} {answer.raw_headers!r} {await answer.text()}")
    return "\n".join(said)


async def every_page(client: aiohttp.ClientSession, messages: list[str]) -> str:
    """All forms of all reports that messages link to."""
    said = []
    for path in sorted(set(re.findall(rf"{PUBLIC_URL}(/reports/[\w-]+)", "\n".join(messages)))):
        for form in ("", ".png", ".json", ".csv"):
            async with client.get(f"{path}{form}") as answer:
                said.append(f"{answer.status} {answer.raw_headers!r} {await answer.read()!r}")
    return "\n".join(said)


def spellings(mark: str) -> set[bytes]:
    """Plain, quoted, and in base64 from each of the three places in a group where it may begin."""
    shifted = [base64.b64encode(b"x" * n + mark.encode())[4:-4] for n in range(3)]
    return {mark.encode(), quote(mark, safe="").encode(), *shifted}


def found(text: object) -> list[bytes]:
    """What surrounds the marks that are in it."""
    haystack = text if isinstance(text, bytes) else str(text).encode()
    needles = (spelling for mark in MARKS for spelling in spellings(mark))
    places = (haystack.find(needle) for needle in needles)
    return [haystack[max(place - 100, 0) : place + 20] for place in places if place >= 0]


@pytest.mark.parametrize("before", ["", "x", "xx", "xxx"])
def test_the_search_finds_a_mark_however_it_is_spelt(before: str) -> None:
    """Plain, quoted, and anywhere inside what is in base64."""
    for mark in MARKS:
        text = f"{before}{mark}{before}"
        assert found(text)
        assert found(quote(text, safe=""))
        assert found(base64.b64encode(text.encode()))
    assert not found("canary")


def contents(folder: Path, pattern: str = "*") -> dict[str, bytes]:
    """The folder's files by name."""
    return {path.name: path.read_bytes() for path in folder.glob(pattern)}


async def start_defective(folder: Path, **variables: str) -> service.Service:
    """The service with defects; what it prints lands in a file of its folder."""
    with (folder / "stdout").open("wb") as stdout:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "tests.doubles.defective", "serve", "--port", "0"),
            cwd=folder,
            env=service.environment(**variables),
            stdout=stdout,
            stderr=asyncio.subprocess.PIPE,
        )
    running = service.Service(process)
    async with asyncio.timeout(60):
        while not (match := re.search(r"http://127.0.0.1:\d+", "".join(running.log))):
            await running.grown()
    running.url = match[0]
    return running


async def test_no_secret_gets_out(tmp_path: Path) -> None:
    """Logs at debug level, answers, metrics, files, ``inbox list``, arguments, messages: all are clean."""
    variables = {
        "SPEND_MONITOR_LOG_LEVEL": "debug",
        "SPEND_MONITOR_SECRET_KEY": VAULT_KEY,
        "SPEND_MONITOR_PUBLIC_URL": PUBLIC_URL,
        "SPEND_MONITOR_ROLE_ACCESS": "web-identity",
        "SPEND_MONITOR_SIGNING_KEY": SIGNING_KEY,
        "PYTHONPATH": str(ROOT),
    }
    async with gossip() as outside:
        running = await start_defective(tmp_path, AWS_ENDPOINT_URL=outside.url, **variables)
        pid = running.process.pid
        async with aiohttp.ClientSession(running.url) as client:
            answers = await everything_said(client, ticks(outside) + refused_ticks(outside))
            async with asyncio.timeout(60):
                while (  # noqa: ASYNC110  # it is in another process
                    await settled(client) < len(ticks(outside))
                    or not any("/reports/" in message for message in outside.messages)
                    or len(outside.tokens) < FEWEST_TOKENS
                ):
                    await asyncio.sleep(0.05)
            pages = await every_page(client, outside.messages)
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (1, UNLIMITED))  # the disk is full
            answers += await everything_said(client, [ticks(outside)[0].replace("10", "11")])
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (UNLIMITED, UNLIMITED))
        arguments = contents(Path("/proc", str(pid)), "cmdline")
        listed = await asyncio.gather(
            forks.run("inbox", "list", folder=tmp_path, **variables),
            forks.run("inbox", "list", "--format", "json", folder=tmp_path, **variables),
        )
        files = contents(tmp_path)
        assert await running.stop() == 0
        log = "".join(running.log)
    assert "503 " in answers
    assert "200 " in pages
    assert "500 " in answers
    for event in ("tick_crashed", "request_crashed", "background_error", "a library logs what it caught"):
        assert event in log
    assert "AssumeRoleWithWebIdentity" not in log
    assert not any(part in log for token in outside.tokens for part in token.split("."))
    assert "channel-refused" in listed[0][1]
    assert {name for name in files if "spend-monitor.db" in name}
    places = {
        "log": log,
        "answers": answers,
        "arguments": arguments,
        "inbox list": listed,
        "messages": "\n".join(outside.messages),
        "pages": pages,
        "files": files,
    }
    assert {place: found(content) for place, content in places.items() if found(content)} == {}


WRONG_VARIABLES = (
    {"SPEND_MONITOR_SECRET_KEY": SECRET},
    {"SPEND_MONITOR_SECRET_KEY": f"{VAULT_KEY},{VAULT_KEY[:-8]}"},
    {"SPEND_MONITOR_STATE_URL": f"redis://user:{SECRET}@127.0.0.1"},
    {"SPEND_MONITOR_STATE_URL": f"nats://user:{TOKEN}@127.0.0.1:1"},
    {"SPEND_MONITOR_STATE_URL": f"nats://user:{TOKEN}@127.0.0.1:1", "SPEND_MONITOR_SECRET_KEY": VAULT_KEY},
)


async def test_a_start_that_fails_repeats_no_secret(tmp_path: Path) -> None:
    """A key that is none, an address with a password in it: the line names the variable only."""
    ended = await asyncio.gather(
        *(forks.run("serve", folder=tmp_path, **variables) for variables in WRONG_VARIABLES)
    )
    assert {code for code, _, _ in ended} <= {2, 3}
    assert found(ended) == []
    assert "Traceback" not in repr(ended)


async def test_the_command_line_repeats_no_secret(tmp_path: Path) -> None:
    """``check`` and ``doctor`` with keys from the environment, AWS gossiping, the channel refusing."""
    async with gossip() as outside:
        url = f"{outside.url}/v1/return/{TOKEN}-refused"
        check, doctor = ("check", "--threshold", "1", "--notify", url), ("doctor",)
        ended = await asyncio.gather(
            *(
                forks.run(
                    *command,
                    folder=tmp_path,
                    AWS_ENDPOINT_URL=outside.url,
                    AWS_ACCESS_KEY_ID=KEY_ID + key,
                    AWS_SECRET_ACCESS_KEY=SECRET,
                    AWS_SESSION_TOKEN=SESSION,
                )
                for command, key in ((check, "GOOD"), (check, "UNKNOWN"), (check, "ODD"), (doctor, "DENIED"))
            )
        )
    assert {code for code, _, _ in ended} == {3}
    assert found(ended) == []
    assert "Traceback" not in repr(ended)
