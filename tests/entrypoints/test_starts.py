"""What a command loads: seconds are for the benchmark, but what costs them can be counted."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

from tests.doubles.service import environment

SCRIPT = """
import gc, json, sys
from entrypoints.__main__ import main
before = gc.get_stats()[0]["collections"]
try:
    main(args=sys.argv[1:], prog_name="spend")
except SystemExit:
    searches = gc.get_stats()[0]["collections"] - before
    print(json.dumps({"modules": list(sys.modules), "searches": searches}))
"""


def after(*arguments: str, **variables: str) -> Any:
    """What a process has loaded when the command has ended."""
    run = subprocess.run(
        [sys.executable, "-c", SCRIPT, *arguments],
        env=environment(**variables),
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(run.stdout.splitlines()[-1])


def test_help_loads_click_and_little_else() -> None:
    """Neither what reads settings nor what finds versions, and no garbage is searched for."""
    process = after("--help")
    heavy = {"asyncio", "domain", "entrypoints.config", "importlib.metadata", "structlog"}
    assert heavy.intersection(process["modules"]) == set()
    assert process["searches"] == 0
