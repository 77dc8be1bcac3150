"""What is logged, and what never is."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

SECRET = "a-secret"
SAYS = """
import asyncio, logging, sys
import structlog
from entrypoints.logs import configure_logs, log_loop_error

configure_logs("debug", "{form}")
secret = sys.argv[1]
Failure = ValueError  # newer Pythons show the lines of this script in the frames, too
structlog.get_logger().info("an_event", number=1)
structlog.get_logger().debug("a_detail")
for name in ("aiobotocore", "botocore.auth", "aiohttp.client", "asyncio", "nats", "uvicorn.error"):
    logging.getLogger(name).debug("a request with a " + secret)
    logging.getLogger(name).info("a header with a " + secret)
logging.getLogger("uvicorn.error").warning("Invalid HTTP request received.")

def fail():
    raise Failure(secret)

try:
    fail()
except ValueError:
    logging.getLogger("uvicorn.error").exception("a library caught something")
    structlog.get_logger().exception("we_caught_something")

async def main():
    asyncio.get_running_loop().set_exception_handler(log_loop_error)
    async def forgotten():
        fail()
    asyncio.create_task(forgotten(), name="a task")
    await asyncio.sleep(0)
    await asyncio.sleep(0)

asyncio.run(main())
"""


def said(form: str) -> str:
    """What such a process writes to standard error."""
    command = [sys.executable, "-c", SAYS.replace("{form}", form), SECRET]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stderr


@pytest.mark.parametrize("form", ["json", "console"])
def test_errors_are_logged_without_their_text(form: str) -> None:
    """Type and place are enough to find a defect; the text could hold a secret. Likewise of libraries."""
    log = said(form)
    assert log.count("ValueError") == 3
    assert "in fail" in log
    assert SECRET not in log


def test_the_log_is_json_a_line() -> None:
    """Each event has a name, a level and a moment, ours and the libraries'."""
    events = [json.loads(line) for line in said("json").splitlines()]
    assert [event["event"] for event in events] == [
        "an_event",
        "a_detail",
        "a library caught something",
        "we_caught_something",
        "background_error",
    ]
    assert all({"level", "timestamp"} <= set(event) for event in events)
    assert (events[0]["number"], events[2]["logger"]) == (1, "uvicorn.error")
