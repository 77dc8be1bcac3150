"""How long an idle AWS Lambda function takes to answer, on AWS's own runtime client."""

from __future__ import annotations

import asyncio
import json
import resource
import subprocess
import time
from collections.abc import Sequence
from http import HTTPStatus

from programs.benchmarks.load import ticks
from programs.benchmarks.measure import Bench, Figure, Goal, ratios
from programs.benchmarks.processes import NotMeasured, cpu_seconds, install_client
from tests.doubles.aws_server import function_variables, new_address
from tests.doubles.lambda_runtime import request, running_function

BOTOCORE = ("-c", "import botocore.session")
CLIENT = ("-m", "awslambdaric")
TO = "import botocore"


async def cold_starts(bench: Bench) -> list[Figure]:
    """From the start of the process to its first 202, its state on moto; beside botocore's import."""
    folder = bench.new_folder()
    install_client(folder)
    python = ("taskset", "--cpu-list", bench.machine.core, str(bench.machine.commands / "python"))
    walls, cpus, imports, import_cpus = [], [], [], []
    _run([*python, *BOTOCORE])  # reads the files from the disk
    for n in range(bench.repetitions):
        bench.say(f"cold starts: {n + 1}")
        wall, cpu = await asyncio.to_thread(_run, [*python, *BOTOCORE])
        imports.append(wall)
        import_cpus.append(cpu)
        variables = function_variables(new_address(), bench.outside.url) | {"PYTHONPATH": str(folder)}
        tick = ticks(1, bench.outside.url)[0].partition(b"\r\n\r\n")[2]
        began = time.perf_counter()
        async with running_function(command=[*python, *CLIENT], **variables) as function:
            answer = await function.invoke(request("POST", "/tick", json.loads(tick)))
            walls.append(time.perf_counter() - began)
            cpus.append(cpu_seconds(function.pid))
        if answer["statusCode"] != HTTPStatus.ACCEPTED:
            raise NotMeasured(answer)
    return [
        Figure("Lambda, from cold to the first answer", "s", walls, None, TO, ratios(walls, imports)),
        Figure("the same, CPU", "s", cpus, Goal(6, at_most=True), TO, ratios(cpus, import_cpus)),
    ]


def _run(command: Sequence[str]) -> tuple[float, float]:
    """Run it to its end; return seconds, and seconds of CPU."""
    began, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, check=True)  # our own words
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return time.perf_counter() - began, used
