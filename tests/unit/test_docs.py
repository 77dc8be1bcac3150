"""The documentation says what the code does: its links, its tables, its commands, its samples."""

from __future__ import annotations

import contextlib
import re
import runpy
import shlex
import textwrap
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

import click
import pytest
import yaml  # type: ignore[import-untyped]  # it has no types
from prometheus_client import REGISTRY

from adapters.chats.telex import message_of
from adapters.settings.watches import WatchesReader
from adapters.telex.manifest import SETTINGS
from application.aws_errors import AwsRefused
from entrypoints import metrics
from entrypoints.cli import main
from entrypoints.variables import PREFIX, READERS, SECRETS
from tests.doubles.fakes.notices import on_days
from tests.doubles.fakes.sample_month import month

ROOT = Path(__file__).parent.parent.parent
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
MANUAL = [page for page in PAGES if page.name != "CHANGELOG.md"]
LINK = re.compile(r"\]\(([^)\s]+)\)|(?:src|href)=\"([^\"]+)\"")
FENCE = re.compile(r"^( *)```(\w*)\n(.*?)^\1```", re.MULTILINE | re.DOTALL)
ROW = re.compile(r"^\| (.+?) \|", re.MULTILINE)
CODE = re.compile(r"`([^`]+)`")


def named(page: Path) -> str:
    """A page's name in a test's id."""
    return str(page.relative_to(ROOT))


def read(name: str) -> str:
    """A page of the documentation."""
    return (ROOT / name).read_text("utf-8")


def prose(text: str) -> str:
    """A page without its fenced blocks."""
    return FENCE.sub("", text)


def anchors(page: Path) -> set[str]:
    """What can be linked to within a page: its headings, as GitHub spells them."""
    headings = re.findall(r"^#+ (.+)$", prose(page.read_text("utf-8")), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def table(text: str, heading: str) -> str:
    """The text below a heading, up to the next one."""
    return text.partition(f"## {heading}\n")[2].partition("\n## ")[0]


def first_cells(text: str) -> list[str]:
    """Everything in code marks in the first column of the tables."""
    return [name for cell in ROW.findall(text) for name in CODE.findall(cell)]


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_every_link_leads_somewhere(page: Path) -> None:
    """A link into the repository names a file that is there, and a heading that is in it."""
    broken = []
    for link in ("".join(found) for found in LINK.findall(prose(page.read_text("utf-8")))):
        if "://" in link or link.startswith("mailto:"):
            continue
        path, _, anchor = unquote(link).partition("#")
        target = (page.parent / path).resolve() if path else page
        if not target.exists() or (anchor and anchor not in anchors(target)):
            broken.append(link)

    assert broken == []


def test_every_page_is_found_from_the_readme() -> None:
    """A reader who follows links from the README comes to every page."""
    found, to_read = set[Path](), [ROOT / "README.md"]
    while to_read:
        page = to_read.pop()
        if page in found or page.suffix != ".md" or not page.exists():
            continue
        found.add(page)
        links = ("".join(groups).partition("#")[0] for groups in LINK.findall(page.read_text("utf-8")))
        to_read += [(page.parent / link).resolve() for link in links if link and "://" not in link]

    assert set(PAGES) == found


def test_every_file_that_is_named_is_there() -> None:
    """A program in code marks is one of the repository, by its name or by the end of its path."""
    files = [
        f"/{path}"
        for room in ("src", "tests", "programs", "deploy", "docs")
        for path in (ROOT / room).rglob("*.py")
    ]
    missing = {
        f"{named(page)}: {name}"
        for page in MANUAL
        for name in re.findall(r"`([\w/.-]+\.py)`", page.read_text("utf-8"))
        if not any(path.endswith(f"/{name}") for path in files)
    }

    assert missing == set()


def test_every_picture_is_shown() -> None:
    """A picture that no page shows is out of date before anybody notices."""
    shown = {
        (page.parent / unquote("".join(found))).resolve()
        for page in PAGES
        for found in LINK.findall(page.read_text("utf-8"))
    }

    made_here = ROOT / "docs" / "demo-report.png"  # by `make demo`

    assert {*ROOT.glob("docs/*.png"), *ROOT.glob("docs/*.svg")} - shown - {made_here} == set()


class TestTables:
    """Names in the documentation's tables are those of the code, all of them and no others."""

    def test_variables(self) -> None:
        """``docs/operate.md`` has every variable that is read."""
        assert sorted(READERS) == sorted(first_cells(table(read("docs/operate.md"), "Variables")))

    def test_no_other_variable_is_named_anywhere(self) -> None:
        """What a page calls ``SPEND_MONITOR_…`` is a variable that is read."""
        known = {*READERS, *(f"{name}_FILE" for name in SECRETS)}
        named_ones = {
            name
            for page in MANUAL
            for name in re.findall(rf"{PREFIX}([A-Z_]+[A-Z])", page.read_text("utf-8"))
        }

        assert set() == named_ones - known

    def test_files_of_secrets(self) -> None:
        """Every secret that may be a file is named as one."""
        text = table(read("docs/operate.md"), "Variables")

        assert {f"{name}_FILE" for name in SECRETS} == set(re.findall(r"`(\w+_FILE)`", text))

    def test_settings(self) -> None:
        """``docs/settings.md`` has every setting of the manifest, in the form's order."""
        labels = [setting["label"] for setting in SETTINGS]
        told = first_cells(read("docs/settings.md").partition("## ")[0])

        assert sorted(labels) == sorted(told)

    def test_choices(self) -> None:
        """Every option of a dropdown stands in its row."""
        text = read("docs/settings.md")
        for setting in SETTINGS:
            row = (
                next(line for line in text.splitlines() if line.startswith(f"| `{setting['label']}`"))
                if ("options" in setting)
                else ""
            )
            assert [option for option in setting.get("options", ()) if option not in row] == []

    def test_metrics(self) -> None:
        """``docs/operate.md`` has every metric that the service counts."""
        ours = {
            family.name.removeprefix("spend_monitor_") + ("_total" if family.type == "counter" else "")
            for family in REGISTRY.collect()
            if family.name.startswith("spend_monitor_")
        }
        assert metrics.watches

        assert sorted(ours) == sorted(first_cells(table(read("docs/operate.md"), "Metrics")))

    def test_alerts(self) -> None:
        """``docs/operate.md`` says what to do at every alert that the rules ring."""
        rules = yaml.safe_load(read("deploy/prometheus/rules.yaml"))
        alerts = [rule["alert"] for group in rules["groups"] for rule in group["rules"] if "alert" in rule]

        assert sorted(first_cells(table(read("docs/operate.md"), "The alerts"))) == sorted(alerts)

    def test_refusals(self) -> None:
        """``docs/messages.md`` has everything that AWS says no with, and what to do, in the same words."""
        text = read("docs/messages.md")
        missing = [
            refusal.__name__
            for refusal in refusals(AwsRefused)
            if f"| {refusal.problem} | {refusal.remedy} |" not in text
        ]

        assert missing == []


def refusals(root: type[AwsRefused]) -> Iterator[type[AwsRefused]]:
    """Every kind of refusal."""
    for kind in root.__subclasses__():
        yield kind
        yield from refusals(kind)


def test_sample() -> None:
    """The message in ``docs/messages.md`` is what a channel would be told today."""
    told = message_of(on_days(*month())).text.splitlines()
    sample = FENCE.search(read("docs/messages.md"))
    assert sample

    assert [line for line in told if not line.startswith("🔗")] == sample[3].splitlines()


def test_the_watches_of_the_readme_can_be_used() -> None:
    """Whoever copies them has a good file; those of ``docs/watches.md`` are looked at by their own test."""
    (text,) = (block for _, language, block in FENCE.findall(read("README.md")) if language == "toml")
    reader = WatchesReader("README.md", {"SLACK_URL": "https://hooks.slack.com/services/x"}, lambda _: None)

    assert reader.read(text)


def test_the_example_runs(capsys: pytest.CaptureFixture[str]) -> None:
    """The script with parts of its own prints a report; what the page shows of it is in it."""
    script = ROOT / "docs" / "examples" / "own_parts.py"
    runpy.run_path(str(script), run_name="__main__")
    assert "🔴 Status: Exceeded Budget" in capsys.readouterr().out
    (shown,) = (
        block for _, language, block in FENCE.findall(read("docs/architecture.md")) if language == "python"
    )
    assert textwrap.indent(shown, "    ") in script.read_text("utf-8")


def commands(text: str) -> Iterator[list[str]]:
    """The words of every call of the command in a page's fenced blocks and code marks."""
    blocks = (re.sub(r"\\\n\s*", " ", block) for *_, block in FENCE.findall(text))
    for line in [*(line for block in blocks for line in block.splitlines()), *CODE.findall(prose(text))]:
        for part in re.split(r"&&|\||;|>|=\$\(", line.partition(" #")[0]):
            if call := re.search(
                r"(?:^|\s|/bin/)(?:aws-spend-monitor|spend) (?!--)([a-z-].*)", part.strip(" &")
            ):
                yield shlex.split(call[1].replace("…", "x").replace("[", "").replace("]", ""))


CALLS = sorted({(named(page), *call) for page in MANUAL for call in commands(page.read_text("utf-8"))})


@pytest.mark.parametrize("call", CALLS, ids=" ".join)
def test_every_command_is_one(call: tuple[str, ...]) -> None:
    """Commands and options that a page names are there: they are parsed, and not run."""
    command: click.Command = main
    words = list(call[1:])
    while isinstance(command, click.Group) and words and not words[0].startswith("-"):
        found = command.commands.get(words.pop(0))
        assert found, f"there is no command {' '.join(call)}"
        command = found
    with contextlib.suppress(click.exceptions.Exit, click.MissingParameter):
        command.make_context(command.name, words)
