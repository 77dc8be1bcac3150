"""The ``check`` and ``doctor`` commands."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from typing import Any

import msgspec
from rich.console import Console
from rich.panel import Panel

from adapters.aws.chain import credentials_from_chain
from application.check_spend import SpendChecked
from application.diagnose import Finding
from application.errors import AwsRefused, AwsUnavailable
from application.messages import Message, failure_message, report_message
from application.monitor import Monitor
from domain.money import Money
from domain.periods import Frequency
from domain.reports import Report
from domain.thresholds import Threshold, Verdict
from entrypoints.config import Config
from entrypoints.container import Container, open_container

EXIT_CODES = {Verdict.WITHIN: 0, Verdict.EXCEEDED: 1, Verdict.NOT_PUBLISHED: 3}
"""What is not published is no success: a script must not take it for one."""

EXIT_FAILED = 3


async def check(
    config: Config, threshold: Threshold, frequency: Frequency, output: str, notify: str | None
) -> int:
    """Check once, print the report, and post it if asked to; return the exit code."""
    async with open_container(replace(config, state_url="memory://")) as container:
        try:
            if notify:
                container.channel().check(notify)
            with _progress("Asking AWS Cost Explorer …"):
                credentials = await credentials_from_chain()
                monitor = Monitor(credentials, threshold, frequency)
                checked = await container.check_spend().execute(monitor, container.clock().now().date())
            report = checked.reports[-1]
            message = report_message(checked.account_id, report)
            print_report(frequency, checked, report, message, output)
            exit_code = EXIT_CODES[report.verdict]
        except (AwsRefused, AwsUnavailable) as failure:
            message = failure_message(failure, frequency.period_on(container.clock().now().date()))
            print_failure(failure, message, output)
            exit_code = EXIT_FAILED
        if notify:
            await _post(container, notify, message)
        return exit_code


async def _post(container: Container, notify: str, message: Message) -> None:
    with container.channel().lane(notify):
        await container.channel().post(notify, message)
    Console(stderr=True).print("posted to the channel")


@contextmanager
def _progress(words: str) -> Iterator[None]:
    """Show on a terminal that something is awaited."""
    console = Console(stderr=True)
    with console.status(words) if console.is_terminal else nullcontext():
        yield


async def doctor(config: Config) -> int:
    """Print what works and how to mend what does not; return the exit code."""
    async with open_container(replace(config, state_url="memory://")) as container:
        with _progress("Asking AWS …"):
            try:
                credentials = await credentials_from_chain()
            except AwsRefused as failure:
                findings = [
                    Finding("AWS credentials", works=False, detail=str(failure), remedy=failure.remedy)
                ]
            else:
                findings = await container.diagnose().execute(credentials, container.clock().now().date())
    console = Console(soft_wrap=True, highlight=False)
    for finding in findings:
        mark, style = ("✓", "green") if finding.works else ("✗", "red")
        console.print(f"[{style}]{mark}[/] [bold]{finding.subject}[/]: ", finding.detail, sep="")
        if finding.remedy:
            console.print(f"  → {finding.remedy}", markup=False)
    return 0 if all(finding.works for finding in findings) else EXIT_FAILED


def print_report(
    frequency: Frequency, checked: SpendChecked, report: Report, message: Message, output: str
) -> None:
    """Print what was found: JSON, a coloured report on a terminal, or plain text in a pipe."""
    if output == "json":
        _print_json(report_json(frequency, checked, report))
        return
    lines = [*message.text.splitlines(), f"🧾 Paid requests: {checked.paid_requests}"]
    console = Console(soft_wrap=True, highlight=False)
    if not console.is_terminal:
        console.print("\n".join(lines), markup=False)
        return
    title, _, *facts = lines
    color = (
        "green"
        if report.verdict is Verdict.WITHIN
        else "red"
        if report.verdict is Verdict.EXCEEDED
        else "yellow"
    )
    console.print(Panel("\n".join(facts), title=title, border_style=color, expand=False, padding=(1, 2)))


def report_json(frequency: Frequency, checked: SpendChecked, report: Report) -> dict[str, Any]:
    """The figures as ``check --format json`` prints them: exact decimals as text, each with its currency."""
    currency = report.spend.currency if report.spend else checked.history.currency
    return {
        "account_id": checked.account_id,
        "frequency": frequency,
        "period": {"start": report.period.start, "end": report.period.end},
        "spend": _money(report.spend),
        "threshold": _money(Money(report.threshold.amount, currency)),
        "excess": _money(report.threshold.excess(report.spend) if report.spend else None),
        "verdict": report.verdict,
        "paid_requests": checked.paid_requests,
    }


def _money(money: Money | None) -> dict[str, str] | None:
    return {"amount": f"{money.amount:f}", "currency": money.currency} if money else None


def _print_json(value: object) -> None:
    print(msgspec.json.format(msgspec.json.encode(value), indent=2).decode())  # noqa: T201  # the output


def print_failure(failure: AwsRefused | AwsUnavailable, message: Message, output: str) -> None:
    """Print why there is no report."""
    if output == "json":
        _print_json({"error": {"code": failure.code, "problem": str(failure), "remedy": failure.remedy}})
    else:
        Console(soft_wrap=True, highlight=False).print(message.text, markup=False)
