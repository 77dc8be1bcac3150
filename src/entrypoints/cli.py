"""The command line. What is heavy is imported by the command that needs it: ``--help`` stays quick."""

# ruff: noqa: PLC0415  # see above

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from entrypoints.cli_check import check
from entrypoints.cli_state import channels, history, inbox, state
from entrypoints.commands.shell import completion, man
from entrypoints.program import Program, everywhere, one_profile, read_config, run, serving_port, use_profile

if TYPE_CHECKING:
    from entrypoints.config import Config

MOST_WORKERS = 256

EPILOG = """\b
Examples:
  spend check                                    what yesterday cost
  spend check -p prod -p dev --threshold 100     two accounts, exit code 1 if one was over
  spend doctor -p prod                           what works, and what mends what does not
  aws-spend-monitor serve --port 8000            the service

\b
Environment:
  AWS_PROFILE, AWS_REGION, AWS_ENDPOINT_URL, …   as for every AWS tool
  SPEND_MONITOR_…                                the service's settings
  NO_COLOR                                       no colors; so does a pipe

Exit code: 0 all is well, 1 exceeded (check), 2 wrong usage, 3 something failed. 'spend' and
'aws-spend-monitor' are one program."""


def _read_workers(_: click.Context, __: click.Parameter, text: str) -> int:
    if text == "auto":
        from entrypoints.processes import cores

        return cores()
    if not (text.isascii() and text.isdecimal() and 1 <= int(text) <= MOST_WORKERS):
        raise click.BadParameter(f"accepted is a number from 1 to {MOST_WORKERS}, or auto")
    return int(text)


@click.group(
    cls=Program,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
    epilog=EPILOG,
)
@everywhere
@click.version_option(package_name="aws-spend-monitor")
def main() -> None:
    """What AWS costs: on this terminal, and as a service that tells a chat channel when it is too much.

    'check' needs no argument and no chat.
    """


for command in (check, inbox, channels, history, state, completion, man):
    main.add_command(command)


@main.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    help="0 takes a free one.  [default: PORT, as hosts set it, or 8000]",
)
@click.option("--no-worker", is_flag=True, help="Only take ticks in; workers elsewhere answer them.")
@click.option(
    "--workers",
    default="1",
    show_default=True,
    metavar="N|auto",
    callback=_read_workers,
    help="Processes that share the address and the state; auto is one for each core.",
)
@click.option("--fd", type=click.IntRange(0), hidden=True, help="A socket that listens already.")
@click.option("--admin-fd", type=click.IntRange(0), hidden=True, help="Likewise, for the operator's port.")
def serve(
    host: str, port: int | None, workers: int, fd: int | None, admin_fd: int | None, *, no_worker: bool
) -> None:
    """Run the service, with its worker in the same process."""
    use_profile()
    config = read_config(for_service=True)
    port = serving_port(port, config.admin_port)
    if workers > 1:
        if config.state_url == "memory://":
            raise click.UsageError("--workers goes with a state that processes can share, not memory://")
        from entrypoints.processes import serve_in_processes

        sys.exit(run(serve_in_processes(host, port, config.admin_port, workers, with_worker=not no_worker)))
    import socket

    from entrypoints.serve import serve as answer

    listener, admin = (None if each is None else socket.socket(fileno=each) for each in (fd, admin_fd))
    serving = answer(config, host, port, with_worker=not no_worker, listener=listener, admin_listener=admin)
    run(serving, uvloop=True)


@main.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on, with --port.")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    help="Answer /health, /ready and /metrics here; 0 takes a free one. Without it: nowhere.",
)
def worker(host: str, port: int | None) -> None:
    """Run a worker alone, on shared state."""
    use_profile()
    config = read_config(for_service=True)
    from entrypoints.serve import work

    run(work(config, host, port), uvloop=True)


@main.command()
@everywhere
@click.option("--role", metavar="ARN", help="Try this role instead: what must work, and what must not.")
@click.option("--for", "destination", metavar="URL", help="With --role: the channel's return_url.")
@click.option("--watch", metavar="NAME", help="With --role: the watch that uses it.")
@click.option("--host", is_flag=True, help="Look at this machine instead: what the service needs; free.")
def doctor(role: str | None, destination: str | None, watch: str | None, *, host: bool) -> None:
    """Check credentials and permissions, and say how to mend what does not work.

    Its look at Cost Explorer costs $0.01.
    """
    config = read_config()
    from entrypoints.commands.doctor import doctor as diagnose

    if role is None and (destination or watch):
        raise click.UsageError("--for and --watch go with --role")
    profile = one_profile()
    if host:
        if role:
            raise click.UsageError("--host and --role are two looks: take one at a time")
        from entrypoints.commands.doctor import doctor_of_host

        use_profile()
        sys.exit(run(doctor_of_host(config)))
    if role:
        use_profile()
    sys.exit(run(diagnose(config, profile, role, destination, watch)))


@main.command()
@click.option(
    "--format",
    "output",
    default="text",
    show_default=True,
    type=click.Choice(["text", "cloudformation", "terraform", "cli"]),
)
@click.option("--for", "destination", metavar="URL", help="The channel's return_url: fills its id in.")
@click.option("--watch", metavar="NAME", help="The watch that uses it: fills its id in.")
def role(output: str, destination: str | None, watch: str | None) -> None:
    """Print the role that an account must have to let this service in."""
    use_profile()
    config = read_config()
    from entrypoints.commands.role import print_role

    if destination is not None and watch is not None:
        raise click.UsageError("--for and --watch exclude each other: a role is for one of them")
    run(print_role(config, output, destination, watch))


@main.command()
def policy() -> None:
    """Print the least IAM policy that the checks need."""
    from adapters.aws.policy import least_policy

    click.echo(least_policy())


@main.group()
def watches() -> None:
    """See to the watches file, which SPEND_MONITOR_WATCHES names: the service's own schedule."""


@watches.command("check")
@click.argument("file", required=False, type=click.Path(path_type=Path))
def check_watches(file: Path | None) -> None:
    """Read FILE, or the one that SPEND_MONITOR_WATCHES names, and name every mistake with its line.

    Exit code: 0 when it can be used, else 2.
    """
    config = read_config()
    from entrypoints.commands.watches import check as look

    run(look(_with_watches(config, file)))


@watches.command("list")
@click.option("--format", "output", default="text", show_default=True, type=click.Choice(["text", "json"]))
def list_watches(output: str) -> None:
    """List when each watch fires next and what it said last."""
    config = read_config()
    from entrypoints.commands.watches import show

    run(show(_with_watches(config), output))


@watches.command("run")
@click.argument("name")
def run_watch(name: str) -> None:
    """Look once now, as the watch NAME does, and post the report to its destinations.

    Its next time, and what its destinations were told, stay as they are. Exit codes are those of check.
    """
    use_profile()
    config = read_config(for_service=True)
    from entrypoints.commands.watches import run_now

    sys.exit(run(run_now(_with_watches(config), name)))


def _with_watches(config: Config, file: Path | None = None) -> Config:
    if file is None and config.watches is None:
        raise click.UsageError("SPEND_MONITOR_WATCHES names no file: set it to the path of a TOML file")
    return replace(config, watches=file) if file else config
