"""The ``check`` and ``doctor`` commands."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractAsyncContextManager, contextmanager, nullcontext
from dataclasses import replace
from secrets import token_hex

import click
from rich.console import Console

from adapters.chats.telex import Message, plain_message_of
from adapters.pages.exports import costs_csv
from application.check_spend import SpendChecked
from application.credentials import OwnCredentials
from application.errors import AwsError, ChannelRefused, ChannelUnavailable, ReturnUrlForbidden
from application.monitor import Monitor
from application.notice import FailureNotice, Notice, SpendNotice
from application.ports.clock import Clock
from domain.thresholds import Verdict
from entrypoints.config import Config
from entrypoints.container import Container, open_container
from entrypoints.explain import explanation
from entrypoints.report import print_report, report_json
from entrypoints.role import diagnose
from entrypoints.suggest import suggestion
from entrypoints.terminal import json_text, visible

EXIT_CODES = {Verdict.WITHIN: 0, Verdict.EXCEEDED: 1, Verdict.NOT_PUBLISHED: 3}
"""What is not published is no success: a script must not take it for one."""

EXIT_FAILED = 3


async def check(
    config: Config,
    wanted: Monitor,
    output: str,
    notify: Sequence[str] = (),
    *,
    explain: bool = False,
    suggest: bool = False,
    clock: Clock | None = None,
) -> int:
    """Check once, print the report, and post it if asked to; return the exit code.

    Args:
        config: The process's settings.
        wanted: What to watch; and with which credentials.
        output: text, json or csv.
        notify: Where to.
        explain: Whether to say how each figure came about.
        suggest: Whether to say what the threshold would have said lately.
        clock: What day it is; the system's, unless a test brings one.
    """
    async with _open_once(config, clock) as container:
        for url in notify:
            _check_url(container, url)
        now, check_id = container.clock().now(), f"check-{token_hex(8)}"
        try:
            with _progress("Asking AWS Cost Explorer …"):
                checked = await container.check_spend().execute(wanted, now)
        except AwsError as failure:
            failed = FailureNotice.of(check_id, now, failure, wanted.frequency.period_on(now.date()))
            _print_failure(failure, plain_message_of(replace(failed, remedy=failure.remedy_at_hand)), output)
            notice: Notice = failed
            exit_code = EXIT_FAILED
        else:
            report = checked.reports[-1]
            notice = replace(SpendNotice.of(check_id, now, wanted, checked, report), idle=wanted.idle)
            _print_checked(wanted, checked, notice, output)
            if suggest:
                _console().print(f"\n{suggestion(notice)}", markup=False)
            if explain:
                _console().print(visible(explanation(notice)), markup=False)
            exit_code = EXIT_CODES[report.verdict]
        delivered = [await _post(container, url, notice) for url in notify]
    return exit_code if all(delivered) else EXIT_FAILED


async def doctor(
    config: Config, role: str | None = None, destination: str | None = None, watch: str | None = None
) -> int:
    """Print what works and how to mend what does not; return the exit code.

    Args:
        config: The process's settings.
        role: The ARN of a role to try; None: the process's own credentials.
        destination: The return_url of the channel that the role is for, or None.
        watch: The name of the watch that it is for, or None.
    """
    with _progress("Asking AWS …"):
        if role is None:
            async with _open_once(config) as container:
                today = container.clock().now().date()
                findings = await container.diagnose().execute(OwnCredentials(), today)
        else:
            findings = await diagnose(config, role, destination, watch)
    console = _console()
    for finding in findings:
        mark, style = ("✓", "green") if finding.works else ("✗", "red")
        console.print(f"[{style}]{mark}[/] [bold]{finding.subject}[/]: ", end="")
        console.print(visible(finding.detail), markup=False)
        if finding.remedy:
            console.print(f"  → {finding.remedy}", markup=False)
    return 0 if all(finding.works for finding in findings) else EXIT_FAILED


def _check_url(container: Container, notify: str) -> None:
    try:
        container.channel().check(notify, own=True)
    except ReturnUrlForbidden as error:
        raise click.BadParameter(str(error), param_hint="--notify") from error


async def _post(container: Container, notify: str, notice: Notice) -> bool:
    """Deliver, and say whether that worked; whoever comes after gets theirs in any case."""
    console = Console(stderr=True, soft_wrap=True)
    try:
        await container.channel().post(notify, notice)
    except (ChannelRefused, ChannelUnavailable, ReturnUrlForbidden) as error:
        console.print(f"aws-spend-monitor: {error}", markup=False)
        return False
    console.print("posted to the channel")
    return True


def _print_checked(monitor: Monitor, checked: SpendChecked, notice: SpendNotice, output: str) -> None:
    if output == "json":
        _print_json(report_json(notice, checked.paid_requests))
    elif output == "csv":
        print(costs_csv(checked.history), end="")  # noqa: T201  # the output
    else:
        print_report(_console(), monitor, checked, plain_message_of(notice))


def _print_failure(failure: AwsError, message: Message, output: str) -> None:
    if output == "json":
        error = {"code": failure.code, "problem": str(failure), "remedy": failure.remedy_at_hand}
        _print_json({"error": error, "paid_requests": failure.paid_requests})
    elif output == "csv":
        Console(stderr=True, soft_wrap=True).print(visible(message.text), markup=False)
    else:
        _console().print(visible(message.text), markup=False)


def _print_json(value: object) -> None:
    print(json_text(value))  # noqa: T201  # the output


def _console() -> Console:
    """A console that folds nothing in a pipe."""
    console = Console(highlight=False)
    return console if console.is_terminal else Console(highlight=False, width=160, soft_wrap=True)


@contextmanager
def _progress(words: str) -> Iterator[None]:
    """Show on a terminal that something is awaited."""
    console = Console(stderr=True)
    with console.status(words) if console.is_terminal else nullcontext():
        yield


def _open_once(config: Config, clock: Clock | None = None) -> AbstractAsyncContextManager[Container]:
    """One command makes no database and no pages; no inbox tries its calls again, so they are at once."""
    once = replace(config, state_url="memory://", report_days=0, watches=None)
    return open_container(once, clock, aws_attempts=3)
