"""The command line. What is heavy is imported by the command that needs it: ``--help`` stays quick."""

# ruff: noqa: PLC0415  # see above

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Callable, Coroutine
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from entrypoints.config import Config

EXIT_WRONG_USAGE = 2
EXIT_FAILED = 3
MOST_WORKERS = 256


def _read_workers(_: click.Context, __: click.Parameter, text: str) -> int:
    if text == "auto":
        from entrypoints.processes import cores

        return cores()
    if not (text.isascii() and text.isdecimal() and 1 <= int(text) <= MOST_WORKERS):
        raise click.BadParameter(f"accepted is a number from 1 to {MOST_WORKERS}, or auto")
    return int(text)


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(package_name="aws-spend-monitor")
def main() -> None:
    """AWS spend alerts for a Telex channel.

    Settings come from SPEND_MONITOR_… variables; see docs/operate.md. AWS endpoints, regions and (for check
    and doctor) credentials come from the AWS SDK's own variables and files.
    """


@main.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--port",
    default=8000,
    show_default=True,
    type=click.IntRange(0, 65535),
    envvar="PORT",
    show_envvar=True,
    help="0 takes a free one.",
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
    host: str, port: int, workers: int, fd: int | None, admin_fd: int | None, *, no_worker: bool
) -> None:
    """Run the service, with its worker in the same process."""
    config = _config()
    if workers > 1:
        if config.state_url == "memory://":
            raise click.UsageError("--workers goes with a state that processes can share, not memory://")
        from entrypoints.processes import serve_in_processes

        sys.exit(_run(serve_in_processes(host, port, config.admin_port, workers, with_worker=not no_worker)))
    import socket

    from entrypoints.serve import serve as run

    listener, admin = (None if each is None else socket.socket(fileno=each) for each in (fd, admin_fd))
    serving = run(config, host, port, with_worker=not no_worker, listener=listener, admin_listener=admin)
    _run(serving, uvloop=True)


@main.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on, with --port.")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    help="Answer /health, /ready and /metrics here; 0 takes a free one. Without it: nowhere.",
)
def worker(host: str, port: int | None) -> None:
    """Run a worker alone, on shared state."""
    config = _config()
    from entrypoints.serve import work

    _run(work(config, host, port), uvloop=True)


def _reads(module: str, name: str) -> Callable[[click.Context, click.Parameter, str], Any]:
    """A callback that reads an option as the setting of the same meaning is read."""

    def callback(_: click.Context, __: click.Parameter, text: str) -> Any:
        reader: Any = getattr(import_module(module), name)
        try:
            return reader(text)
        except ValueError as error:
            raise click.BadParameter(f"it {error}") from error

    return callback


@main.command()
@click.option(
    "--threshold",
    required=True,
    callback=_reads("adapters.settings.amounts", "read_threshold"),
    help="The most that the period may cost: 100.",
)
@click.option(
    "--frequency",
    default="daily",
    show_default=True,
    type=click.Choice(["daily", "weekly", "monthly", "month-to-date"], case_sensitive=False),
    help="Which period: yesterday, the last full week or month, or this month so far.",
)
@click.option(
    "--metric",
    default="AmortizedCost",
    show_default=True,
    callback=_reads("adapters.settings.choices", "read_metric"),
    help="How costs are counted.",
)
@click.option(
    "--exclude-charges",
    default="",
    callback=_reads("adapters.settings.choices", "read_record_types"),
    help='Charges left out: "Credit, Refund, Tax".',
)
@click.option(
    "--scope",
    default="",
    callback=_reads("adapters.settings.scopes", "read_scope"),
    help="Part of the bill: 'account:111122223333 service:\"Amazon EC2\"'.",
)
@click.option(
    "--suggest", is_flag=True, help="Also print what the threshold would have said lately, and a better one."
)
@click.option(
    "--format", "output", default="text", show_default=True, type=click.Choice(["text", "json", "csv"])
)
@click.option(
    "--explain", is_flag=True, help="Also print what AWS was asked and how each figure was derived."
)
@click.option("--notify", metavar="URL", help="Also post the report to this return_url, as a tick would.")
def check(**options: Any) -> None:
    """Check the spend now, with the standard AWS credential chain.

    Exit code: 0 within budget, 1 exceeded, 2 wrong usage, 3 AWS or the delivery failed, or nothing published.
    """
    config = _config()
    from application.credentials import OwnCredentials
    from application.monitor import Monitor
    from domain.periods import Frequency
    from entrypoints.check import check as run

    for name in ("explain", "suggest"):
        if options[name] and options["output"] != "text":
            raise click.UsageError(f"--{name} goes with --format text")
    monitor = Monitor(
        OwnCredentials(),
        options["threshold"],
        Frequency(options["frequency"]),
        metric=options["metric"],
        excluded_record_types=options["exclude_charges"],
        scope=options["scope"],
    )
    notify = [options["notify"]] if options["notify"] else []
    also = {name: options[name] for name in ("explain", "suggest")}
    sys.exit(_run(run(config, monitor, options["output"], notify, **also)))


@main.command()
@click.option("--role", metavar="ARN", help="Try this role instead: what must work, and what must not.")
@click.option("--for", "destination", metavar="URL", help="With --role: the channel's return_url.")
@click.option("--watch", metavar="NAME", help="With --role: the watch that uses it.")
def doctor(role: str | None, destination: str | None, watch: str | None) -> None:
    """Check credentials and permissions, and say how to mend what does not work."""
    config = _config()
    from entrypoints.check import doctor as run

    if role is None and (destination or watch):
        raise click.UsageError("--for and --watch go with --role")
    sys.exit(_run(run(config, role, destination, watch)))


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
    config = _config()
    from entrypoints.role import print_role

    if destination is not None and watch is not None:
        raise click.UsageError("--for and --watch exclude each other: a role is for one of them")
    _run(print_role(config, output, destination, watch))


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
    config = _config()
    from entrypoints.watches import check as run

    _run(run(_with_watches(config, file)))


@watches.command("list")
@click.option("--format", "output", default="text", show_default=True, type=click.Choice(["text", "json"]))
def list_watches(output: str) -> None:
    """List when each watch fires next and what it said last."""
    config = _config()
    from entrypoints.watches import show

    _run(show(_with_watches(config), output))


@watches.command("run")
@click.argument("name")
def run_watch(name: str) -> None:
    """Look once now, as the watch NAME does, and post the report to its destinations.

    Its next time, and what its destinations were told, stay as they are. Exit codes are those of check.
    """
    config = _config()
    from entrypoints.watches import run_now

    sys.exit(_run(run_now(_with_watches(config), name)))


def _with_watches(config: Config, file: Path | None = None) -> Config:
    if file is None and config.watches is None:
        raise click.UsageError("SPEND_MONITOR_WATCHES names no file")
    return replace(config, watches=file) if file else config


@main.group()
def inbox() -> None:
    """See what waits and what was given up on; put it back, or drop it."""


@inbox.command("list")
@click.option("--format", "output", default="text", show_default=True, type=click.Choice(["text", "json"]))
def list_(output: str) -> None:
    """List the ticks that wait and those given up on, with the reason."""
    config = _config()
    from entrypoints.inbox import show

    _run(show(config, output))


@inbox.command()
@click.argument("tick", required=False)
def retry(tick: str | None) -> None:
    """Put the given-up TICK back, or all of them."""
    config = _config()
    from entrypoints.inbox import revive

    click.echo(f"put back: {_run(revive(config, tick))}")


@inbox.command()
@click.argument("tick", required=False)
def purge(tick: str | None) -> None:
    """Drop the given-up TICK, or all of them."""
    config = _config()
    from entrypoints.inbox import purge as run

    click.echo(f"dropped: {_run(run(config, tick))}")


@main.group()
def state() -> None:
    """Move what is kept to another engine."""


@state.command()
@click.argument("source", metavar="FROM", callback=_reads("entrypoints.config", "read_state_url"))
@click.argument("target", metavar="TO", callback=_reads("entrypoints.config", "read_state_url"))
def copy(source: str, target: str) -> None:
    """Copy ticks, ledger and report pages FROM one state TO an empty one: stop the service first.

    Both are addresses as in SPEND_MONITOR_STATE_URL. FROM is left as it is; give the service the same secret
    key as before, and no channel hears anything twice.
    """
    config = _config()
    from entrypoints.state import copy as run

    copied = _run(run(config, source, target))
    click.echo(f"copied: {copied.ticks} ticks, {copied.pages} ledger pages, {copied.reports} report pages")


def _config() -> Config:
    from entrypoints.config import Config
    from entrypoints.environment import ConfigError, mend_sdk_variables
    from entrypoints.logs import configure_logs

    try:
        mend_sdk_variables(os.environ)
        config = Config.from_environment(os.environ)
    except ConfigError as error:
        click.echo(f"aws-spend-monitor: {error}", err=True)  # one line, without how commands are used
        sys.exit(EXIT_WRONG_USAGE)
    configure_logs(config.log_level, config.log_format)
    return config


def _run(command: Coroutine[Any, Any, Any], *, uvloop: bool = False) -> Any:
    """Run a command; what keeps it from starting is one line on standard error and exit code 3."""
    from application.errors import SpendMonitorError, WatchesRejected

    try:
        if uvloop:
            import uvloop as loops

            return loops.run(command)
        return asyncio.run(command)
    except WatchesRejected as error:
        click.echo(str(error), err=True)
        sys.exit(EXIT_WRONG_USAGE)
    except SpendMonitorError as error:
        click.echo(f"aws-spend-monitor: {error}", err=True)
        sys.exit(EXIT_FAILED)
