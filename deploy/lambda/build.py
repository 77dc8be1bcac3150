"""Build ``dist/aws-spend-monitor-lambda.zip``: the service and what it needs on AWS Lambda, and nothing else.

Run by ``make lambda``. The packages are those of ``uv.lock``, as wheels for Lambda's own Python and system.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
UV = ROOT / ".tools" / "bin" / "uv"
BUILD = ROOT / "dist" / "lambda"
ZIP = ROOT / "dist" / "aws-spend-monitor-lambda.zip"
PYTHON, PLATFORM = "3.13", "x86_64-manylinux_2_28"
"""As the template's Runtime and Architectures say."""

SERVICES = ("ce", "dynamodb", "secretsmanager", "sqs", "sts")
"""What is called of AWS; botocore brings the models of four hundred."""

NOT_ON_LAMBDA = ("asyncpg", "nats-py", "nkeys", "pynacl", "uvloop")
"""Other engines, and the event loop of a server: none is imported there."""

LARGEST = 50 * 2**20
"""Bytes that Lambda's console takes directly."""

OLDEST_TIME = (1980, 1, 1, 0, 0, 0)
"""Of every file in the zip: the same packages make the same zip."""


def main() -> None:
    """Install, leave out, zip, and say how large it is."""
    shutil.rmtree(BUILD, ignore_errors=True)
    BUILD.mkdir(parents=True)
    requirements = BUILD.with_suffix(".txt")
    left_out = [option for name in NOT_ON_LAMBDA for option in ("--no-emit-package", name)]
    locked = ("--locked", "--no-default-groups", "--no-emit-project", *left_out)
    run(UV, "export", "--quiet", *locked, "--output-file", requirements)
    target = ("--target", BUILD, "--python-version", PYTHON, "--python-platform", PLATFORM)
    run(UV, "pip", "install", "--quiet", *target, "--only-binary", ":all:", "--requirements", requirements)
    run(UV, "pip", "install", "--quiet", *target, "--no-deps", ROOT)
    for data in (BUILD / "botocore" / "data").iterdir():
        if data.is_dir() and data.name not in SERVICES:
            shutil.rmtree(data)
    compile_all()
    write_zip()
    size = ZIP.stat().st_size
    print(f"{ZIP.relative_to(ROOT)}: {size / 2**20:.1f} MB")  # noqa: T201  # what a build says
    if size > LARGEST:
        sys.exit(f"larger than {LARGEST // 2**20} MB")


def compile_all() -> None:
    """Compile what was built: nothing can be written there on Lambda, so each cold start would."""
    python = next(filter(is_lambdas, pythons()), None)
    if python is None:
        print(f"not compiled, as Python {PYTHON} is not here: cold starts take three times as long")  # noqa: T201  # likewise
        return
    # By hash and unchecked: the times of the files in the zip are made up.
    mode = ("--invalidation-mode", "unchecked-hash")
    run(python, "-m", "compileall", "-q", "-j0", *mode, "-s", BUILD, "-p", "/var/task", BUILD)


def pythons() -> Iterator[str]:
    """Where that Python may be."""
    yield sys.executable
    yield from filter(None, [shutil.which(f"python{PYTHON}")])
    yield from map(str, Path("~/.pyenv/versions").expanduser().glob(f"{PYTHON}.*/bin/python"))


def is_lambdas(python: str) -> bool:
    """Whether it is that Python, and runs."""
    asked = [python, "-c", "import sys; print('%d.%d' % sys.version_info[:2])"]
    return subprocess.run(asked, check=False, capture_output=True, text=True).stdout.strip() == PYTHON  # noqa: S603  # our own words


def write_zip() -> None:
    """Zip what was built, in the order of names."""
    with zipfile.ZipFile(ZIP, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for path in sorted(BUILD.rglob("*")):
            if path.is_file():
                entry = zipfile.ZipInfo(path.relative_to(BUILD).as_posix(), OLDEST_TIME)
                entry.compress_type, entry.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
                archive.writestr(entry, path.read_bytes())


def run(*command: object) -> None:
    """Run it, and stop if it fails."""
    subprocess.run([str(part) for part in command], check=True, cwd=ROOT)  # noqa: S603  # our own words


if __name__ == "__main__":
    main()
