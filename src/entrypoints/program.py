"""What all commands of the command line share: exit codes, options that stand anywhere, how they run.

What is heavy is imported by who needs it: ``--help`` stays quick.
"""

# ruff: noqa: PLC0415  # see above

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Coroutine
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

import click

if TYPE_CHECKING:
    from entrypoints.config import Config

NAME = "aws-spend-monitor"
EXIT_WRONG_USAGE = 2
DEFAULT_PORT = 8000
EXIT_FAILED = 3

Command = TypeVar("Command", bound=Callable[..., Any])


class Program(click.Group):
    """A group that ends with 0, 1, 2 or 3, whatever happens: 1 is a verdict, and nothing else may say it."""

    def main(self, *args: Any, **extra: Any) -> NoReturn:
        """Run, and end the process."""
        try:
            code = super().main(*args, **{**extra, "standalone_mode": False})
        except click.ClickException as error:
            error.show()
            sys.exit(EXIT_WRONG_USAGE)
        except (click.Abort, KeyboardInterrupt):
            complain("stopped")
            sys.exit(EXIT_FAILED)
        except BrokenPipeError:
            hush()
            sys.exit(EXIT_FAILED)
        except Exception as error:  # noqa: BLE001  # Python's own exit code for it is 1: exceeded
            if os.environ.get("SPEND_MONITOR_LOG_LEVEL", "").lower() == "debug":
                raise SystemExit(_with_traceback(error)) from None
            where = "SPEND_MONITOR_LOG_LEVEL=debug shows where"
            complain(f"a defect of this program ({type(error).__name__}); {where}")
            sys.exit(EXIT_FAILED)
        sys.exit(code if isinstance(code, int) else 0)


def _with_traceback(error: BaseException) -> int:
    import traceback

    traceback.print_exception(error)
    return EXIT_FAILED


def hush() -> None:
    """Whoever read standard output has gone: write the rest to nowhere, and do not complain at the end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def complain(sentence: str) -> None:
    """One line on standard error, without how commands are used."""
    click.echo(f"{NAME}: {sentence}", err=True)


def _complete_profile(_: click.Context, __: click.Parameter, begun: str) -> list[str]:
    import configparser

    parser = configparser.ConfigParser(interpolation=None, strict=False)
    try:
        parser.read(Path(os.environ.get("AWS_CONFIG_FILE") or "~/.aws/config").expanduser())
    except (configparser.Error, OSError, UnicodeDecodeError):
        return []
    names = (section.removeprefix("profile ").strip() for section in parser.sections())
    return [name for name in names if name.startswith(begun)]


def _keep_profiles(context: click.Context, _: click.Parameter, names: tuple[str, ...]) -> None:
    if names:
        context.meta["profiles"] = tuple(dict.fromkeys(names))


def _use_region(_: click.Context, __: click.Parameter, text: str | None) -> None:
    if text is None:
        return
    from adapters.settings.scopes import read_region

    try:
        region = read_region(text)
    except ValueError as error:
        raise click.BadParameter(f"it {error}") from error
    os.environ["AWS_REGION"] = os.environ["AWS_DEFAULT_REGION"] = region


def _without_color(_: click.Context, __: click.Parameter, value: bool) -> None:  # noqa: FBT001  # click's
    if value:
        os.environ["NO_COLOR"] = "1"


def everywhere(command: Command) -> Command:
    """Add the options that may stand before and after the subcommand."""
    options = (
        click.option(
            "-p",
            "--profile",
            multiple=True,
            metavar="NAME",
            expose_value=False,
            callback=_keep_profiles,
            shell_complete=_complete_profile,
            help="A profile of the AWS configuration; for check also several, which make one table.",
        ),
        click.option(
            "-r",
            "--region",
            metavar="REGION",
            expose_value=False,
            callback=_use_region,
            help="Instead of AWS_REGION and the profile's: which part of AWS is asked.",
        ),
        click.option(
            "--no-color", is_flag=True, expose_value=False, callback=_without_color, help="As NO_COLOR does."
        ),
    )
    for option in reversed(options):
        command = option(command)
    return command


def profiles() -> tuple[str | None, ...]:
    """The profiles that were asked for; (None,) if none were."""
    chosen: tuple[str | None, ...] = click.get_current_context().meta.get("profiles", (None,))
    return chosen


def one_profile() -> str | None:
    """The profile that was asked for, if any.

    Raises:
        UsageError: They are several.
    """
    chosen = profiles()
    if len(chosen) > 1:
        raise click.UsageError("only check takes several profiles")
    return chosen[0]


def reads(
    module: str, name: str, subject: str = "it"
) -> Callable[[click.Context, click.Parameter, str | None], Any]:
    """A callback that reads an option as the setting of the same meaning is read.

    What is wrong with a value is told as a sentence about the subject.
    """

    def callback(_: click.Context, __: click.Parameter, text: str | None) -> Any:
        if text is None:
            return None
        reader: Any = getattr(import_module(module), name)
        try:
            return reader(text)
        except ValueError as error:
            raise click.BadParameter(f"{subject} {error}") from error

    return callback


def read_config(*, for_service: bool = False) -> Config:
    """Read the environment, and set up the logs; what cannot be used ends the command.

    Args:
        for_service: Whether it is logged what goes on. A command that ends tells it instead.
    """
    from adapters.lean import import_libraries

    import_libraries()
    from entrypoints.config import Config
    from entrypoints.environment import ConfigError, mend_sdk_variables
    from entrypoints.logs import configure_logs

    try:
        mend_sdk_variables(os.environ)
        config = Config.from_environment(os.environ)
    except ConfigError as error:
        complain(str(error))
        sys.exit(EXIT_WRONG_USAGE)
    configure_logs(config.log_level, config.log_format, quiet=not for_service)
    return config


def serving_port(given: int | None, admin_port: int | None) -> int:
    """The port that was given, else what a host has set as ``PORT``, else 8000; no other one's."""
    from entrypoints.environment import cleaned
    from entrypoints.variables import read_port

    text = cleaned(os.environ.get("PORT", ""))
    try:
        port = given if given is not None else read_port(text) if text else DEFAULT_PORT
    except ValueError as error:
        complain(f"PORT: {error}")
        sys.exit(EXIT_WRONG_USAGE)
    if port and port == admin_port:
        complain(f"SPEND_MONITOR_ADMIN_PORT: {port} is the public port, too; accepted is another one")
        sys.exit(EXIT_WRONG_USAGE)
    return port


def use_profile() -> None:
    """Let the whole process work with the profile that was asked for, if any."""
    if profile := one_profile():
        os.environ["AWS_PROFILE"] = profile


def run(command: Coroutine[Any, Any, Any], *, uvloop: bool = False) -> Any:
    """Run a command; what keeps it from starting is one line on standard error and exit code 3."""
    import asyncio

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
        complain(str(error))
        sys.exit(EXIT_FAILED)
