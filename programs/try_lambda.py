"""The zip of ``make lambda``, unzipped and alone, on Lambda's Python and AWS's own runtime client.

A tick goes through door and queue, another is found by the schedule, with an interpreter that sees no other
package and compiles nothing. Ends with 0 if that works, or if that Python is not here.
"""

# ruff: noqa: T201  # what it prints is its result

from __future__ import annotations

import asyncio
import runpy
import subprocess
import sys
import tempfile
import time
import zipfile
from importlib.metadata import version
from pathlib import Path
from typing import Any

from programs.benchmarks.processes import cpu_seconds
from tests.doubles.aws_server import function_variables, new_address, received
from tests.doubles.lambda_runtime import SCHEDULED, messages, request, running_function
from tests.doubles.storm import storm

BUILD: dict[str, Any] = runpy.run_path("deploy/lambda/build.py")

START = (
    "import sys; sys.path[:0] = sys.argv[1:3]; "
    "from awslambdaric.__main__ import main; main(['awslambdaric', sys.argv[3]])"
)


async def main() -> int:
    """Try it, and say how it went."""
    python = next(filter(BUILD["is_lambdas"], BUILD["pythons"]()), None)
    if python is None:
        print(f"not tried, as Python {BUILD['PYTHON']} is not here")
        return 0
    with tempfile.TemporaryDirectory() as temporary:
        task, client = Path(temporary, "task"), Path(temporary, "runtime")
        zipfile.ZipFile(BUILD["ZIP"]).extractall(task)
        install_client(client)
        return await try_out([python, "-I", "-S", "-B", "-c", START, str(task), str(client)])


def install_client(folder: Path) -> None:
    """What is there on Lambda."""
    wanted = [f"{name}=={version(name)}" for name in ("awslambdaric", "simplejson", "snapshot-restore-py")]
    options = ("--quiet", "--no-deps", "--target", str(folder), "--python-version", BUILD["PYTHON"])
    subprocess.run([BUILD["UV"], "pip", "install", *options, *wanted], check=True)  # our own words


async def try_out(command: list[str]) -> int:
    """One tick through door and queue, one that the schedule finds."""
    async with storm() as outside:
        address, began = new_address(), time.perf_counter()
        async with running_function(command=command, **function_variables(address, outside.url)) as function:
            answer = await function.invoke(request("POST", "/tick", outside.tick("queue", 1)))
            seconds, cpu = time.perf_counter() - began, cpu_seconds(function.pid)
            worked = await function.invoke(messages(*received(address)))
            await function.invoke(request("POST", "/tick", outside.tick("schedule", 2)))
            swept = await function.invoke(SCHEDULED)
        told = sorted(outside.messages)
    print(f"the zip alone: told {told}; from cold to the first answer {seconds:.1f} s, {cpu:.1f} s of CPU")
    works = (answer["statusCode"], worked["batchItemFailures"], swept["settled"]) == (202, [], 1)
    return 0 if works and told == ["queue", "schedule"] else 1


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
