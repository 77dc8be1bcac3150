from __future__ import annotations

import csv
import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.pages.cells import FORMULAS, cell
from entrypoints.commands.terminal import json_text, visible

HOSTILE = [
    "\x1b[2J\x1b]0;owned\x07",
    "\x9b31m",
    "\u202egnp.exe",
    "a\rb",
    "tab\tbell\x07back\x08",
    "\u200bzero\ufeff",
    "\x7f",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_nothing_steers_the_terminal(text: str) -> None:
    """No escape sequence, no text that runs backwards, no line that overwrites another."""
    assert all(char.isprintable() for char in visible(text))
    assert all(char.isprintable() or char == "\n" for char in json_text({"name": text}))


def test_what_can_be_seen_stays() -> None:
    """Lines, emoji and names in any script."""
    text = "🔔 AWS Spend Alert\n\nmy_team [prod] Größe 東京"
    assert visible(text) == text


@given(st.text())
def test_json_means_the_same(text: str) -> None:
    """What is escaped is read back as it was."""
    assert json.loads(json_text([text])) == [text]


@pytest.mark.parametrize(
    "name",
    [
        "=1+1",
        "+cmd",
        "-2",
        "@SUM(A1)",
        " =1+1",
        "\t=1+1",
        "\n=1+1",
        "\r=1+1",
        "\x00=1+1",
        "\u200b=1+1",
        "\u00a0=1+1",
        "＝1+1",  # full width
        "a;=1+1",
        "a\n=1+1",
        "a\t=1+1",
        'a";=1+1',
        "=1+1" + "x" * 5000,
    ],
)
@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_no_cell_is_a_formula(name: str, separator: str) -> None:
    """However the file is taken apart: with commas, with semicolons, with tabs."""
    file = io.StringIO()
    csv.writer(file, lineterminator="\n").writerow(["2026-11-01", cell(name), "1"])
    for row in csv.reader(file.getvalue().splitlines(), delimiter=separator):
        assert not any(each.strip().startswith(FORMULAS) for each in row)


@pytest.mark.parametrize(
    "name", ["EC2 - Other", "Amazon Simple Storage Service", "AWS Cost Explorer", "Steuer, 19 %"]
)
def test_names_of_services_stay_as_they_are(name: str) -> None:
    """A script joins on them."""
    assert cell(name) == name
