"""The ``check`` command: look once, print what was found, tell a channel if asked to."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from pathlib import Path
from secrets import token_hex
from typing import TextIO, Unpack

import click

from application.aws_errors import AwsError
from application.credentials import OwnCredentials
from application.errors import ChannelRefused, ChannelUnavailable, ReturnUrlForbidden
from application.monitor import Monitor
from application.notice import FailureNotice, Notice, SpendNotice
from application.ports.cost_source import GroupBy
from application.question import known_from
from domain.periods import DAY, Frequency, first_of_next_month
from domain.reports import Report
from domain.thresholds import Verdict
from domain.trust import is_provisional
from entrypoints.commands.advice import advice
from entrypoints.commands.explain import explanation
from entrypoints.commands.formats import (
    JUDGED,
    Failed,
    Result,
    csv_of,
    json_of,
    markdown,
    markdown_of_failure,
    print_side_by_side,
    summary,
)
from entrypoints.commands.report import Found, print_report
from entrypoints.commands.suggest import suggestion
from entrypoints.commands.terminal import Terminal, json_text, progress, say, visible
from entrypoints.config import Config
from entrypoints.container import Adapters, Container, open_container
from entrypoints.program import EXIT_FAILED, EXIT_WRONG_USAGE, complain, hush

EXIT_CODES = {Verdict.WITHIN: 0, Verdict.EXCEEDED: 1, Verdict.NOT_PUBLISHED: EXIT_FAILED}
"""What is not published is no success: a script must not take it for one."""


@dataclass(frozen=True, slots=True)
class Look:
    """What is to be looked at, and how it is to be shown.

    Args:
        monitor: What to watch. Without a threshold (``UNLIMITED``) there is no verdict.
        profiles: Whose credentials, for own credentials; None: the standard chain's.
        form: text, json, csv, markdown or summary.
        output: A file instead of standard output.
        on: A day of the period that is wanted; None: the newest.
        by: What the bill is to be divided by; nothing: services, and down to the cause.
        divided: The same as a heading.
        explain: Whether to say how each figure came about.
        suggest: Whether to say what the threshold would have said lately.
        notify: Where to tell it, too.
    """

    monitor: Monitor
    profiles: tuple[str | None, ...] = (None,)
    form: str = "text"
    output: Path | None = None
    on: date | None = None
    by: tuple[GroupBy, ...] = ()
    divided: str = "service"
    explain: bool = False
    suggest: bool = False
    notify: tuple[str, ...] = ()


@dataclass(slots=True)
class _Place:
    """Where one profile's costs are asked for."""

    profile: str | None
    container: Container
    troubles: list[str] = field(default_factory=list)


async def check(config: Config, look: Look, **adapters: Unpack[Adapters]) -> int:
    """Check once, print the report, and post it if asked to; return the exit code.

    Args:
        config: The process's settings.
        look: What is wanted.
        **adapters: Used in place of the real ones.
    """
    async with AsyncExitStack() as stack:
        places = [
            await stack.enter_async_context(_Opened(config, profile, adapters)) for profile in look.profiles
        ]
        first = places[0].container
        for url in look.notify:
            _check_url(first, url)
        now = first.clock().now()
        today = _today(look, now)
        with progress("Asking AWS Cost Explorer …"):
            results = await asyncio.gather(*(_result(place, look, now, today) for place in places))
        _show(look, results)
        code = max(_code(result) for result in results)
        delivered = [await _post(first, url, result.notice) for result in results for url in look.notify]
    if all(delivered):
        return code
    complain(
        f"{' '.join(map(_verdict, results))}, but not every channel could be told: exit code {EXIT_FAILED}"
    )
    return EXIT_FAILED


class _Opened:
    """A profile's container, and what keeps AWS from being asked."""

    def __init__(self, config: Config, profile: str | None, adapters: Adapters) -> None:
        self._troubles: list[str] = []
        self._profile = profile
        self._opened = open_once(config, profile, self._troubles, **adapters)

    async def __aenter__(self) -> _Place:
        return _Place(self._profile, await self._opened.__aenter__(), self._troubles)

    async def __aexit__(self, *error: object) -> None:
        await self._opened.__aexit__(*error)  # type: ignore[arg-type]  # they are passed on


def open_once(
    config: Config,
    profile: str | None = None,
    troubles: list[str] | None = None,
    **adapters: Unpack[Adapters],
) -> AbstractAsyncContextManager[Container]:
    """One command makes no database and no pages; no inbox tries its calls again, so they are at once."""
    once = replace(config, state_url="memory://", report_days=0, watches=None)
    on_trouble = None if troubles is None else troubles.append
    return open_container(once, aws_attempts=3, profile=profile, on_trouble=on_trouble, **adapters)


def _today(look: Look, now: datetime) -> date:
    """The day whose newest period is the wanted one."""
    if look.on is None:
        return now.date()
    frequency, day = look.monitor.frequency, look.on
    match frequency:
        case Frequency.WEEKLY:
            today = day + (7 - day.weekday()) * DAY
        case Frequency.MONTHLY:
            today = first_of_next_month(day)
        case _:
            today = day + DAY
    if today > now.date():
        raise click.BadParameter(
            f"{frequency.period_on(today)} is not over yet (UTC). The newest that is over: "
            f"{frequency.period_on(now.date())}.",
            param_hint="--on",
        )
    if frequency.period_on(today).start < known_from(now.date()):
        raise click.BadParameter("AWS keeps 13 months: give a newer day", param_hint="--on")
    return today


async def _result(place: _Place, look: Look, now: datetime, today: date) -> Result:
    monitor, several = look.monitor, len(look.profiles) > 1
    if isinstance(monitor.credentials, OwnCredentials) and place.profile:
        monitor = replace(monitor, credentials=OwnCredentials(place.profile))
    if several and not monitor.name:
        monitor = replace(monitor, name=place.profile or "")
    check_id, shown = f"check-{token_hex(8)}", place.profile if several else None
    try:
        checked = await place.container.check_spend().execute(monitor, now, today, look.by)
    except AwsError as failure:
        notice = FailureNotice.of(check_id, now, failure, monitor.frequency.period_on(today))
        trouble = place.troubles[-1] if place.troubles else ""
        return Failed(failure, *advice(failure, place.profile, trouble), notice, shown)
    report = _as_of(checked.reports[-1], now.date())
    told = SpendNotice.of(check_id, now, monitor, checked, report, idle=monitor.idle)
    return Found(monitor, checked, told, look.divided, shown)


def _as_of(report: Report, today: date) -> Report:
    """What holds today: an older period may be settled."""
    analysis = report.analysis
    if analysis is None:
        return report
    provisional = is_provisional(report.period, today)
    return replace(report, analysis=replace(analysis, provisional=provisional))


def _code(result: Result) -> int:
    if isinstance(result, Failed):
        return EXIT_FAILED
    return EXIT_CODES[result.report.verdict] if result.has_threshold else 0


def _verdict(result: Result) -> str:
    if isinstance(result, Failed):
        return "the check failed"
    return JUDGED[result.report.verdict].lower() if result.has_threshold else "checked"


def _show(look: Look, results: Sequence[Result]) -> None:
    """Print everything where it belongs: what a script reads on standard output, all else beside it."""
    try:
        if look.output is None:
            _write(look, results, sys.stdout)
            sys.stdout.flush()
        else:
            with look.output.open("w", encoding="utf-8") as file:
                _write(look, results, file)
    except BrokenPipeError:
        hush()  # whoever has read enough still wants the exit code
    except OSError as error:
        complain(f"--output: {look.output} cannot be written ({error.strerror})")
        sys.exit(EXIT_WRONG_USAGE)
    for result in results:
        if isinstance(result, Failed) and look.form not in {"json", "markdown"}:
            for line in result.lines:
                say(line)


def _write(look: Look, results: Sequence[Result], stream: TextIO) -> None:
    terminal = Terminal(stream)
    found = [result for result in results if isinstance(result, Found)]
    match look.form:
        case "json":
            documents = [json_of(result) for result in results]
            stream.write(f"{json_text(documents if len(results) > 1 else documents[0])}\n")
        case "csv":
            stream.write(csv_of(results))
        case "markdown":
            stream.write(terminal.plain("\n".join(map(_markdown, results))))
        case "summary":
            for one in found:
                terminal.print_line(summary(one))
        case _ if len(results) > 1:
            print_side_by_side(terminal, results)
        case _:
            for one in found:
                print_report(terminal, one)
    _add(look, found, terminal if look.form == "text" else Terminal(sys.stderr))


def _markdown(result: Result) -> str:
    return markdown(result) if isinstance(result, Found) else markdown_of_failure(result)


def _add(look: Look, found: Sequence[Found], beside: Terminal) -> None:
    """What was asked for besides the report."""
    for one in found:
        if look.suggest:
            beside.print(visible(f"\n{suggestion(one.notice)}"))
        if look.explain:
            beside.print(visible(explanation(one.notice)))


def _check_url(container: Container, notify: str) -> None:
    try:
        container.channel().check(notify, own=True)
    except ReturnUrlForbidden as error:
        raise click.BadParameter(str(error), param_hint="--notify") from error


async def _post(container: Container, notify: str, notice: Notice) -> bool:
    """Deliver, and say whether that worked; whoever comes after gets theirs in any case."""
    try:
        await container.channel().post(notify, notice)
    except (ChannelRefused, ChannelUnavailable, ReturnUrlForbidden) as error:
        complain(visible(str(error)))
        return False
    say("posted to the channel")
    return True
