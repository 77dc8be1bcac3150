"""The help as completion and as a manual page."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from entrypoints.cli import main
from entrypoints.commands.shell import SHELLS, manual_page

PAGE = manual_page(main)


def commands(group: click.Group) -> list[click.Command]:
    """Every command, of groups too."""
    found: list[click.Command] = []
    for command in group.commands.values():
        found += [command, *(commands(command) if isinstance(command, click.Group) else [])]
    return found


@pytest.mark.parametrize("command", commands(main), ids=lambda command: str(command.name))
def test_every_command_and_option_is_in_the_manual(command: click.Command) -> None:
    """With its help."""
    options = [
        name
        for one in command.params
        if isinstance(one, click.Option) and not one.hidden
        for name in one.opts
    ]
    assert [name for name in options if name.replace("-", "\\-") not in PAGE] == []
    assert (command.help or "").partition("\n")[0].replace("-", "\\-") in PAGE


@pytest.mark.skipif(shutil.which("groff") is None, reason="groff is not here")
def test_the_manual_is_one_that_man_reads() -> None:
    """Without a warning, and with what was meant literally."""
    made = subprocess.run(
        ["groff", "-man", "-Tutf8", "-ww", "-K", "utf8"],
        input=PAGE,
        text=True,
        capture_output=True,
        check=True,
        env={**os.environ, "GROFF_NO_SGR": "1"},
    )
    assert made.stderr == ""
    assert "spend check --threshold 100" in made.stdout


@pytest.mark.parametrize("shell", SHELLS)
def test_completion_is_of_the_name_that_is_used(shell: str) -> None:
    """Each of the two names has its own."""
    source = CliRunner().invoke(main, ["completion", shell], prog_name="aws-spend-monitor").stdout
    assert "_AWS_SPEND_MONITOR_COMPLETE" in source
    assert "_SPEND_COMPLETE" in CliRunner().invoke(main, ["completion", shell], prog_name="spend").stdout


def test_bash_reads_its_completion() -> None:
    """Whole, and it completes options and profiles."""
    source = CliRunner().invoke(main, ["completion", "bash"], prog_name="spend").stdout
    subprocess.run(["bash", "-n"], input=source, text=True, check=True)
    words = {"COMP_WORDS": "spend check --mile", "COMP_CWORD": "2", "_SPEND_COMPLETE": "bash_complete"}
    completed = subprocess.run(
        [sys.executable, "-c", "from entrypoints.cli import main; main(prog_name='spend')"],
        env={**os.environ, **words},
        text=True,
        capture_output=True,
        check=False,
    )
    assert completed.stdout == "plain,--milestones\n"


def test_profiles_are_completed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """From the AWS configuration, without loading the SDK."""
    config = tmp_path / "config"
    config.write_text("[default]\n[profile prod]\n[profile dev]\n")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    (option,) = [one for one in main.params if one.name == "profile"]
    found = option.shell_complete(click.Context(main), "p")
    assert [item.value for item in found] == ["prod"]
