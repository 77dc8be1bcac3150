"""What a start loads: seconds are for the benchmark, but what costs them can be counted."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import botocore
import pytest

from adapters.lean import absent
from tests.doubles.service import environment

COMMAND = """
from entrypoints.__main__ import main
try:
    main(args=sys.argv[1:], prog_name="spend")
except SystemExit:
    pass
"""

COUNTED = """
import gc, json, sys
before = gc.get_stats()[0]["collections"]
{code}
searches = gc.get_stats()[0]["collections"] - before
connector, ssl = sys.modules.get("aiohttp.connector"), sys.modules.get("ssl")
read = connector and [
    context.cert_store_stats()["x509"]
    for context in (
        connector._SSL_CONTEXT_VERIFIED, connector._SSL_CONTEXT_UNVERIFIED, ssl.create_default_context()
    )
]
print(json.dumps({{"modules": list(sys.modules), "searches": searches, "read": read}}))
"""

AUTHORITIES = str(Path(botocore.__file__).with_name("cacert.pem"))
FEW = 20
"""Searches, while Python itself starts. It would be some fifty."""

UNUSED = {"anyio", "httpx", "pygments", "yaml"}


def after(code: str, *arguments: str, **variables: str) -> Any:
    """What a process has loaded when it has run the code."""
    run = subprocess.run(
        [sys.executable, "-c", COUNTED.format(code=code), *arguments],
        env=environment(**variables),
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(run.stdout.splitlines()[-1])


def test_help_loads_click_and_little_else() -> None:
    """Neither what reads settings nor what finds versions, and hardly any garbage is searched for."""
    process = after(COMMAND, "--help")
    heavy = {"asyncio", "domain", "entrypoints.config", "importlib.metadata", "structlog"}
    assert heavy.intersection(process["modules"]) == set()
    assert process["searches"] < FEW


def test_a_check_loads_nothing_that_nobody_uses() -> None:
    """Not what libraries import because it is there, nor certificates for connections without a context."""
    keys = {"AWS_ACCESS_KEY_ID": "AKIA", "AWS_SECRET_ACCESS_KEY": "secret"}
    process = after(COMMAND, "check", AWS_CA_BUNDLE="/nowhere", SSL_CERT_FILE=AUTHORITIES, **keys)
    assert "adapters.aws.questions" in process["modules"]
    assert UNUSED.intersection(process["modules"]) == set()
    assert process["searches"] < FEW
    assert process["read"][:2] == [0, 0]
    assert process["read"][2] > 0  # whoever makes a context of his own trusts whom the system trusts


def test_a_cold_start_on_lambda_loads_no_more() -> None:
    """Litestar needs PyYAML and anyio."""
    process = after("import entrypoints.aws_lambda", SSL_CERT_FILE=AUTHORITIES)
    assert UNUSED.intersection(process["modules"]) == {"anyio", "yaml"}
    assert process["searches"] < FEW
    assert process["read"][:2] == [0, 0]


def test_what_was_absent_can_be_imported_afterwards(monkeypatch: pytest.MonkeyPatch) -> None:
    """And what is imported already stays."""
    monkeypatch.delitem(sys.modules, "colorsys", raising=False)
    with absent("json", "colorsys"):
        assert import_module("json") is json
        with pytest.raises(ModuleNotFoundError):
            import_module("colorsys")
    assert import_module("colorsys")
