"""What commands print on a terminal of 50, 80 and 120 columns, in a pipe, and where there is only ASCII.

Kept in ``tests/data/screens``, escapes shown as ``␛``. After a change that is meant:
``KEEP_SCREENS=1 pytest tests/entrypoints/test_screens.py``, and look at the difference.
"""

from __future__ import annotations

import fcntl
import io
import os
import re
import struct
import termios
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from rich.cells import cell_len

from adapters.state.sqlite import open_sqlite_state
from application.credentials import AccessKey, OwnCredentials
from application.diagnose import Finding
from application.monitor import Monitor
from application.ports.ledger import Page
from application.ports.work_queue import Why
from domain.money import Money
from domain.periods import Frequency, Period
from domain.thresholds import UNLIMITED, Threshold, Verdict
from domain.told import Told
from entrypoints.commands import channels, inbox
from entrypoints.commands.check import Look, check
from entrypoints.commands.doctor import print_finding
from entrypoints.commands.terminal import output_terminal
from entrypoints.config import Config
from tests.contract.states import a_tick
from tests.doubles.aws_service import HOST_KEY, DoubleWorld, open_double
from tests.doubles.fakes.aws import Account
from tests.doubles.fakes.clock import FixedClock

KEPT = Path(__file__).parents[1] / "data" / "screens"
DAY = timedelta(days=1)
NOW = datetime(2026, 11, 11, 12, tzinfo=UTC)
PLACES = {"50": 50, "80": 80, "120": 120, "pipe": None, "ascii": 80}
"""By name: columns; None: no terminal."""

ONE_LINE = {"check-summary", "check-markdown"}
"""Are for a prompt and for a page: a terminal may fold them, we do not."""

Command = Callable[[Path], Awaitable[object]]


def _bill(spike: str) -> dict[date, dict[str, str]]:
    bill = {
        NOW.date() - n * DAY: {
            "Amazon Elastic Compute Cloud - Compute": f"{30 + n % 7}.335",
            "Amazon RDS": "12.005",
            "AWS Lambda": "0.0042",
        }
        for n in range(1, 71)
    }
    yesterday = NOW.date() - DAY
    return {**bill, yesterday: {**bill[yesterday], "Amazon SageMaker": spike}} if spike else bill


@pytest.fixture
async def world(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> AsyncIterator[DoubleWorld]:
    """Two profiles, one of which has a spike, and the environment's own keys, which are the first's."""
    async with open_double(monkeypatch) as world:
        world.add(AccessKey(HOST_KEY, "host-secret"), Account("123456789012", _bill("64")))
        world.add(AccessKey("AKIAPROD", "prod"), Account("123456789012", _bill("64")))
        world.add(AccessKey("AKIADEV", "dev"), Account("111122223333", _bill("")))
        keys = "[{0}]\naws_access_key_id=AKIA{1}\naws_secret_access_key={0}\n"
        file = tmp_path / "credentials"
        file.write_text(keys.format("prod", "PROD") + keys.format("dev", "DEV"))
        monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(file))
        yield world


def _look(**options: object) -> Command:
    monitor = Monitor(OwnCredentials(), UNLIMITED)
    of_monitor = {name: options.pop(name) for name in ("threshold", "frequency") if name in options}
    look = replace(Look(replace(monitor, **of_monitor)), **options)  # type: ignore[arg-type]  # any of them

    async def run(_: Path) -> object:
        return await check(Config(state_url="memory://"), look, clock=FixedClock(NOW))

    return run


async def _findings(_: Path) -> None:
    for finding in (
        Finding("AWS credentials", works=True, detail="valid, for account 123456789012"),
        Finding(
            "Cost Explorer",
            works=False,
            detail="AWS lets these credentials in, but their IAM policy does not allow ce:GetCostAndUsage.",
            remedy="'aws-spend-monitor policy' prints the policy that it needs.",
        ),
    ):
        print_finding(output_terminal(), finding)


async def _state(folder: Path) -> Config:
    path, clock = folder / "state.db", FixedClock(NOW)
    yesterday = Period(NOW.date() - DAY, NOW.date())
    told = {yesterday: Told((Verdict.WITHIN, Verdict.EXCEEDED), Money(Decimal("108.35")))}
    async with open_sqlite_state(path, clock, 1000) as state:
        await state.ledger.update("a" * 32, "123456789012/daily/100", lambda _: Page(told=told))
        for n in range(3):
            tick = replace(a_tick(NOW, channel="a" * 32), id=f"01J00000000000000000000{n}", accepted_at=NOW)
            await state.inbox.put(tick)
        first, second = await state.inbox.lease(2, 0)
        await state.inbox.give_up(first, "channel-refused: The channel refused the message (404).")
        await state.inbox.pause(second, NOW + timedelta(hours=6), "not published yet", Why.NEWS)
    return Config(state_url=f"sqlite:///{path}")


async def _inbox(folder: Path) -> None:
    await inbox.show(await _state(folder), "text")


async def _channels(folder: Path) -> None:
    await channels.show(await _state(folder), "text")


async def _history(folder: Path) -> None:
    await channels.show_history(await _state(folder), "aaaa", None, "text")


COMMANDS: dict[str, Command] = {
    "check": _look(),
    "check-exceeded": _look(threshold=Threshold(Decimal(100))),
    "check-month-to-date": _look(threshold=Threshold(Decimal(800)), frequency=Frequency.MONTH_TO_DATE),
    "check-summary": _look(threshold=Threshold(Decimal(100)), form="summary"),
    "check-markdown": _look(threshold=Threshold(Decimal(100)), form="markdown"),
    "check-profiles": _look(threshold=Threshold(Decimal(100)), profiles=("prod", "dev")),
    "doctor": _findings,
    "inbox": _inbox,
    "channels": _channels,
    "history": _history,
}


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("name", COMMANDS)
@pytest.mark.usefixtures("world")
async def test_a_screen(name: str, place: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is the kept one, and no line is longer than the terminal."""
    shown = await _shown(COMMANDS[name], place, tmp_path, monkeypatch)
    file = KEPT / f"{name}-{place}.txt"
    if os.environ.get("KEEP_SCREENS"):
        file.write_text(shown)
    assert shown == file.read_text()
    lines = re.sub(r"␛(\]8[^␛]*␛\\|\[[0-9;]*m)", "", shown).splitlines()
    if (columns := PLACES[place]) and name not in ONE_LINE:
        assert [line for line in lines if cell_len(line.rstrip()) > columns] == []
    assert place != "ascii" or all(map(str.isascii, lines))


async def _shown(command: Command, place: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    for name in ("COLUMNS", "NO_COLOR", "FORCE_COLOR", "LC_CTYPE", "LANG", "TTY_COMPATIBLE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("LC_ALL", "C" if place == "ascii" else "C.UTF-8")
    columns = PLACES[place]
    if columns is None:
        pipe = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
        monkeypatch.setattr("sys.stdout", pipe)
        await command(folder)
        pipe.seek(0)
        return pipe.read()
    ours, theirs = os.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
    pieces: list[bytes] = []
    reader = threading.Thread(target=_read_all, args=(ours, pieces))
    reader.start()
    with os.fdopen(theirs, "w", encoding="utf-8") as terminal:
        monkeypatch.setattr("sys.stdout", terminal)
        await command(folder)
    reader.join()
    shown = b"".join(pieces).decode().replace("\r\n", "\n").replace("\x1b", "␛")
    return re.sub(r"␛]8;id=\d+;", "␛]8;;", shown)  # rich draws lots for it


def _read_all(file: int, pieces: list[bytes]) -> None:
    try:
        while piece := os.read(file, 65536):
            pieces.append(piece)
    except OSError:  # the other end is closed
        os.close(file)
