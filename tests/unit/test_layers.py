"""What import-linter's contracts leave open: what the core may use of the world outside of it."""

from __future__ import annotations

from pathlib import Path

import grimp
import pytest

ROOT = Path(__file__).parent.parent.parent
LONGEST_FILE = 350
VALUES = {
    *("__future__", "abc", "bisect", "collections", "copy", "dataclasses", "datetime", "decimal", "difflib"),
    *("enum", "fractions", "functools", "hashlib", "itertools", "math", "operator", "re", "statistics"),
    *("string", "textwrap", "types", "typing", "unicodedata", "zoneinfo"),
}
"""Of the standard library, what only computes: no clock, no file, no network, no chance, no waiting."""

USE_CASES = VALUES | {"asyncio", "base64", "binascii", "contextlib", "random", "secrets", "urllib"}
"""A use case waits for its ports, and may draw lots."""


@pytest.mark.parametrize(
    ("layer", "allowed"),
    [("domain", VALUES), ("application", USE_CASES | {"domain"})],
    ids=["domain", "application"],
)
def test_the_core_uses_nothing_else(layer: str, allowed: set[str]) -> None:
    """A name that is not on the list is a decision: put it there, or keep it out of the core."""
    graph = grimp.build_graph(layer, include_external_packages=True, cache_dir=None)
    used = {
        imported.partition(".")[0]
        for module in graph.modules
        for imported in graph.find_modules_directly_imported_by(module)
    }

    assert used - {layer} - allowed == set()


def test_there_are_four_packages() -> None:
    """A fifth folder would be under no contract."""
    found = {path.name for path in (ROOT / "src").iterdir() if path.is_dir() and path.name.isidentifier()}

    assert found - {"__pycache__"} == {"domain", "application", "adapters", "entrypoints"}


def test_every_file_can_be_read_in_one_go() -> None:
    """A file that grows beyond a few screens holds more than one subject."""
    lines = {path: len(path.read_text("utf-8").splitlines()) for path in (ROOT / "src").rglob("*.py")}

    assert {str(path): count for path, count in lines.items() if count > LONGEST_FILE} == {}
