"""What an editor is told about the watches file agrees with what reads it."""

from __future__ import annotations

import json
import re
import tomllib
from datetime import date
from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped]  # its types are a package of their own
import pytest

from adapters.settings.watches import KEYS, WatchesReader

SCHEMA: dict[str, Any] = json.loads(Path("docs/watches.schema.json").read_text("utf-8"))
EXAMPLE = Path("deploy/watches.example.toml").read_text("utf-8")
MANUAL = Path("docs/watches.md").read_text("utf-8")
ANY_VARIABLE = dict.fromkeys(re.findall(r"\$\{([A-Z_]+)\}", EXAMPLE + MANUAL), "https://hooks.example.com/x")


def as_json(value: Any) -> Any:
    """The document as an editor's checker sees it: a date is a text there."""
    match value:
        case dict():
            return {key: as_json(each) for key, each in value.items()}
        case list():
            return [as_json(each) for each in value]
        case date():
            return value.isoformat()
    return value


def complaints(text: str) -> list[str]:
    """What the schema has against a file."""
    validator = jsonschema.Draft7Validator(SCHEMA)
    return [error.message for error in validator.iter_errors(as_json(tomllib.loads(text)))]


def test_the_schema_is_one_and_knows_every_key() -> None:
    """A key that the reader gains has to be added here and in the manual's table."""
    jsonschema.Draft7Validator.check_schema(SCHEMA)
    assert sorted(SCHEMA["definitions"]["watch"]["properties"]) == sorted(KEYS)
    assert [key for key in KEYS if f"`{key}`" not in MANUAL] == []


def test_the_example_fits_the_schema() -> None:
    """It names the schema on its first line, by where it lies beside it."""
    assert EXAMPLE.startswith("#:schema ../docs/watches.schema.json\n")
    assert complaints(EXAMPLE) == []


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[watch]",
        "[watch.a]\ntreshold = 1",
        "[watches.a]",
        "[watch.a]\nthreshold = -1",
        "[watch.a]\nnotify = []",
        "[watch.a]\naccess = { profile = 'a', role = 'b' }",
        "[watch.a]\nmilestones = [[1]]",
    ],
)
def test_what_the_reader_refuses_by_its_shape_the_editor_marks(text: str) -> None:
    """While it is being typed."""
    assert complaints(text)


@pytest.mark.parametrize("text", re.findall(r"```toml\n(.*?)```", MANUAL.replace("\n   ", "\n"), re.DOTALL))
def test_every_file_in_the_manual_can_be_used(text: str) -> None:
    """Whoever copies one has a good one."""
    assert complaints(text) == []
    reader = WatchesReader("watches.toml", ANY_VARIABLE, lambda _: None)
    assert reader.read(text)
