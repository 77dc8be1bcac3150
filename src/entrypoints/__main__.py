"""``python -m entrypoints`` is the installed command."""

from entrypoints.cli import main

main(prog_name="aws-spend-monitor")
