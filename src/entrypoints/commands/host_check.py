"""``doctor --host``: what the service needs of the machine that it runs on, line by line."""

from __future__ import annotations

import stat
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from ssl import create_default_context
from typing import Any, Unpack
from urllib.parse import urlsplit

import aiohttp

from adapters.vault import load_or_create_key_file
from application.aws_errors import AwsError
from application.diagnose import Finding
from application.errors import StorageUnavailable
from application.ports.inbox import Depth
from entrypoints.commands.check import open_once
from entrypoints.commands.inbox import existing
from entrypoints.config import Config
from entrypoints.container import Adapters
from entrypoints.defaults import open_state
from entrypoints.overseer import LATE

CLOCK_MAY_BE_OFF = timedelta(minutes=4)
"""AWS refuses what is signed five minutes off."""

SECONDS = 10


async def look_at_host(config: Config, **adapters: Unpack[Adapters]) -> list[Finding]:
    """Look at state, keys, clock, proxy, public address and manifest; nothing of it costs anything.

    Args:
        config: The process's settings.
        **adapters: Used in place of the real ones.
    """
    return [
        *await _state(config),
        _keys(config),
        *await _clock(config, adapters),
        *await _public(config),
    ]


async def _state(config: Config) -> list[Finding]:
    """Whether it can be written, and whether somebody works on what waits there."""
    try:
        async with open_state(existing(config)) as state:
            await state.inbox.probe()
            depth = await state.inbox.depth()
    except StorageUnavailable as error:
        return [_fails("State", str(error), "Correct SPEND_MONITOR_STATE_URL, or mend what it names.")]
    return [
        _works("State", f"{config.state_name} can be written"),
        _oldest(depth, datetime.now().astimezone()),
    ]


def _oldest(depth: Depth, now: datetime) -> Finding:
    kept = f"; {depth.given_up} given up on ('inbox list' says why)" if depth.given_up else ""
    if depth.oldest_accepted_at is None:
        return _works("Oldest tick", f"none waits{kept}")
    waits = f"{depth.unfinished} wait, the oldest since {depth.oldest_accepted_at:%Y-%m-%d %H:%M} UTC{kept}"
    if depth.late_by(now) > LATE:
        late = int(depth.late_by(now).total_seconds() // 60)
        remedy = "Start a worker ('serve' has one), and see its log."
        return _fails("Oldest tick", f"{waits}; nobody has worked on it for {late} minutes", remedy)
    return _works("Oldest tick", waits)


def _keys(config: Config) -> Finding:
    path = config.key_path
    if config.secret_keys:
        return _works("Secret key", f"{len(config.secret_keys)} given by SPEND_MONITOR_SECRET_KEY")
    if path is None:
        return _works("Secret key", "a new one at each start, as with memory://")
    if not path.exists():
        return _fails("Secret key", f"there is no file {path}", "'serve' makes it beside a new database.")
    return _key_file(path)


def _key_file(path: Path) -> Finding:
    if path.stat().st_mode & stat.S_IRWXO:
        return _fails("Secret key", f"{path} can be read by others", f"Run: chmod 600 {path}")
    try:
        keys = load_or_create_key_file(path)
    except (ValueError, OSError) as error:
        return _fails("Secret key", f"{path}: {error}", "Put the key back that was there, from the backup.")
    return _works("Secret key", f"{path} holds {len(keys)}, and only its owner can read it")


async def _clock(config: Config, adapters: Adapters) -> list[Finding]:
    """What time it is at AWS; and so whether it is reached, and how."""
    troubles: list[str] = []
    async with open_once(config, troubles=troubles, **adapters) as container:
        try:
            theirs = await container.aws_clock()()
        except AwsError as error:
            trouble = troubles[-1] if troubles else str(error)
            return [
                _fails("AWS", trouble, "Let this machine reach AWS: firewall, HTTPS_PROXY, AWS_CA_BUNDLE.")
            ]
        off = container.clock().now() - theirs
    return [_works("AWS", f"reached, {_proxy()}"), _off_by(off)]


def _off_by(off: timedelta) -> Finding:
    seconds = round(abs(off).total_seconds())
    if abs(off) > CLOCK_MAY_BE_OFF:
        way = "ahead of" if off > timedelta() else "behind"
        return _fails(
            "Clock", f"{seconds} s {way} AWS's: it refuses five minutes", "Set the clock, best by NTP."
        )
    return _works("Clock", f"within {max(seconds, 1)} s of AWS's")


def _proxy() -> str:
    from adapters.aws.questions import proxy_for  # noqa: PLC0415  # loads botocore, which is there by now

    proxy = proxy_for("https://sts.amazonaws.com")
    return (
        f"through the proxy {urlsplit(proxy).hostname}:{urlsplit(proxy).port}" if proxy else "without a proxy"
    )


async def _public(config: Config) -> list[Finding]:
    """Whether the address that Telex is given leads here."""
    base = config.public_url
    if base is None:
        detail = "not set: the manifest shows where each request came to; there are no report pages"
        return [_works("Public URL", detail)]
    timeout = aiohttp.ClientTimeout(total=SECONDS)
    connector = aiohttp.TCPConnector(ssl=create_default_context())
    async with aiohttp.ClientSession(timeout=timeout, connector=connector) as client:
        health = await _fetched(client, f"{base}/health", None)
        manifest = await _fetched(client, f"{base}/integration", lambda body: _wrong_in(body, base))
    remedy = (
        "Start the service, let the proxy before it pass everything on, or correct SPEND_MONITOR_PUBLIC_URL."
    )
    return [
        _fails("Public URL", f"{base}: {health}", remedy)
        if health
        else _works("Public URL", f"{base} answers"),
        _fails("Manifest", f"{base}/integration: {manifest}", remedy)
        if manifest
        else _works("Manifest", f"{base}/integration is what Telex takes"),
    ]


async def _fetched(client: aiohttp.ClientSession, url: str, judge: Callable[[Any], str] | None) -> str:
    """What is wrong with the answer; empty when nothing is."""
    try:
        async with client.get(url, allow_redirects=False) as answer:
            if answer.status != 200:  # noqa: PLR2004  # OK
                return f"the answer is {answer.status}"
            return judge(await answer.json(content_type=None)) if judge else ""
    except TimeoutError:
        return f"no answer within {SECONDS} s"
    except aiohttp.ClientError as error:
        return f"it cannot be reached ({type(error).__name__})"
    except ValueError:
        return "the answer is no JSON: something else answers there"


def _wrong_in(manifest: Any, base: str) -> str:
    data = manifest.get("data") if isinstance(manifest, dict) else None
    tick_url = data.get("tick_url") if isinstance(data, dict) else None
    if not isinstance(tick_url, str):
        return "it has no tick_url: another program answers there"
    return "" if tick_url.startswith(f"{base}/") else f"its tick_url is {tick_url}, not below this address"


def _works(subject: str, detail: str) -> Finding:
    return Finding(subject, works=True, detail=detail)


def _fails(subject: str, detail: str, remedy: str) -> Finding:
    return Finding(subject, works=False, detail=detail, remedy=remedy)
