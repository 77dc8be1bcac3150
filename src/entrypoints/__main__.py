"""The installed command, also as ``python -m entrypoints``."""

from __future__ import annotations

from typing import Any

from entrypoints.garbage import search_after_start


def main(**extra: Any) -> None:
    """Run a command. The arguments are click's own."""
    search_after_start()
    from entrypoints.cli import main as command  # noqa: PLC0415  # it imports click

    command(**extra)


if __name__ == "__main__":
    main(prog_name="aws-spend-monitor")
