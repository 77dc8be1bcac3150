"""What an operator may see of what channels were told, and what is asked before ticks are dropped."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from adapters.state.sqlite import open_sqlite_state
from adapters.vault import AesGcmVault, load_or_create_key_file
from application.ports.ledger import Page
from domain.money import Money
from domain.periods import DAY, Period
from domain.thresholds import Verdict
from domain.told import Told
from entrypoints.cli import main
from tests.contract.states import a_tick
from tests.doubles.fakes.clock import FixedClock

URL = "https://ping.telex.im/v1/return/team"
TOPIC = "123456789012/daily/100"


def spend(*arguments: str, typed: str | None = None) -> Result:
    """Run the command; ``typed`` is what somebody types at a terminal."""
    return CliRunner().invoke(main, arguments, prog_name="spend", input=typed)


@pytest.fixture(autouse=True)
def channel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The hash of a channel that was told of two days, and has two given-up ticks and one that waits."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SPEND_MONITOR_STATE_URL", "sqlite:///state.db")
    monkeypatch.delenv("SPEND_MONITOR_SECRET_KEY", raising=False)
    monkeypatch.setattr("entrypoints.logs.configure_logs", lambda *_, **__: None)
    vault = AesGcmVault(load_or_create_key_file(tmp_path / "state.db.key"))
    name = vault.fingerprint("channel", URL)
    day = date(2026, 11, 10)
    told = {
        Period(day, day + DAY): Told((Verdict.WITHIN, Verdict.EXCEEDED), Money(Decimal("166.40"))),
        Period(day - DAY, day): Told((Verdict.WITHIN,), Money(Decimal("42.10"))),
    }

    async def fill() -> None:
        clock = FixedClock()
        async with open_sqlite_state(tmp_path / "state.db", clock, 1000) as state:
            await state.ledger.update(name, TOPIC, lambda _: Page(told=told))
            await state.ledger.update("0" * 32, "123456789012", lambda _: Page(failures={"2026-11-10": "x"}))
            for _ in range(3):
                await state.inbox.put(replace(a_tick(clock.now()), channel=name))
            for lease in await state.inbox.lease(2, 0):
                await state.inbox.give_up(lease, "refused")

    asyncio.run(fill())
    return name


def test_channels_tell_what_each_was_told(channel: str) -> None:
    """By hash; the newest word, and what waits."""
    rows = {row["channel"]: row for row in json.loads(spend("channels", "--format", "json").stdout)}
    assert rows[channel]["told_of"] == ["123456789012 daily 100"]
    assert rows[channel]["last_word"] == "2026-11-10: within, then exceeded, $166.40"
    assert (rows[channel]["waits"], rows[channel]["given_up"]) == (1, 2)
    assert rows["0" * 32]["last_word"] == "2026-11-10: check failed: x"
    table = spend("channels").stdout
    assert channel[:12] in table
    assert URL not in table


@pytest.mark.parametrize("by", ["hash", "url"])
def test_a_channels_history(by: str, channel: str) -> None:
    """Newest first, found by a part of the hash or by the return_url."""
    name = ("--for", URL) if by == "url" else (channel[:12],)
    words = json.loads(spend("history", *name, "--format", "json").stdout)
    assert [(word["period"], word["said"], word["spend"]) for word in words] == [
        ("2026-11-10", "within, then exceeded", "$166.40"),
        ("2026-11-09", "within", "$42.10"),
    ]
    assert "$166.40" in spend("history", *name).stdout


@pytest.mark.parametrize("arguments", [(), ("f" * 32,), ("--for", "https://elsewhere.example"), ("",)])
def test_a_history_of_nobody(arguments: tuple[str, ...]) -> None:
    """No name, an unknown one, or one that fits several is wrong usage."""
    assert spend("history", *arguments).exit_code == 2


@pytest.mark.parametrize("command", ["retry", "purge"])
def test_all_has_to_be_said(command: str) -> None:
    """A forgotten id drops nothing."""
    assert spend("inbox", command).exit_code == 2
    assert spend("inbox", command, "some-id", "--all").exit_code == 2


@pytest.mark.parametrize("command", ["retry", "purge"])
def test_a_tick_that_is_not_there(command: str) -> None:
    """Nothing was done, and a script has to know."""
    result = spend("inbox", command, "01-nobody")
    assert (result.exit_code, "no tick '01-nobody'" in result.stderr) == (2, True)


@pytest.mark.parametrize(("typed", "code", "left"), [("n\n", 3, 2), ("y\n", 0, 0)])
def test_a_terminal_is_asked(typed: str, code: int, left: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """How many it is about; a script is not asked."""
    with monkeypatch.context() as terminal:
        terminal.setattr("entrypoints.cli_state.at_a_terminal", lambda: True)
        result = spend("inbox", "purge", "--all", typed=typed)
    assert (result.exit_code, "Drop 2 given-up ticks for ever?" in result.stderr) == (code, True)
    entries = json.loads(spend("inbox", "list", "--format", "json").stdout)
    assert len([entry for entry in entries if entry["state"] == "given-up"]) == left
    assert spend("inbox", "purge", "--all").stdout == f"dropped: {left}\n"


@pytest.mark.parametrize(
    "addresses", [("memory://", "sqlite:///new.db"), ("sqlite:///state.db", "memory://")]
)
def test_nothing_is_copied_from_or_to_what_keeps_nothing(tmp_path: Path, addresses: tuple[str, str]) -> None:
    """Whoever copied there would think it kept."""
    refused = spend("state", "copy", *addresses)
    assert (refused.exit_code, (tmp_path / "new.db").exists()) == (2, False)
    assert "memory:// keeps nothing" in refused.stderr


@pytest.mark.parametrize("has_key", [False, True])
def test_a_copy_says_which_key_belongs_to_it(monkeypatch: pytest.MonkeyPatch, *, has_key: bool) -> None:
    """One that is made anew beside it would open nothing; one from the environment is there anyway."""
    if has_key:
        monkeypatch.setenv("SPEND_MONITOR_SECRET_KEY", "00" * 32)
    copied = spend("state", "copy", "sqlite:///state.db", "sqlite:///new.db")
    assert (copied.exit_code, "content of state.db.key" in copied.stderr) == (0, not has_key)
