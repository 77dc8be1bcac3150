"""The ``doctor`` command: what works, line by line, and how to mend what does not."""

from __future__ import annotations

from application.credentials import OwnCredentials
from application.diagnose import Finding
from entrypoints.commands.advice import advice
from entrypoints.commands.check import open_once
from entrypoints.commands.host_check import look_at_host
from entrypoints.commands.role import diagnose
from entrypoints.commands.terminal import Terminal, output_terminal, progress, say
from entrypoints.config import Config
from entrypoints.program import EXIT_FAILED

COSTS_A_CENT = "Asking Cost Explorer costs $0.01."


async def doctor(
    config: Config,
    profile: str | None = None,
    role: str | None = None,
    destination: str | None = None,
    watch: str | None = None,
) -> int:
    """Print what works and how to mend what does not; return the exit code.

    Args:
        config: The process's settings.
        profile: Of the AWS configuration files; None: what the environment says.
        role: The ARN of a role to try; None: the process's own credentials.
        destination: The return_url of the channel that the role is for, or None.
        watch: The name of the watch that it is for, or None.
    """
    say(COSTS_A_CENT)
    with progress("Asking AWS …"):
        if role is None:
            findings = await _own(config, profile)
        else:
            findings = await diagnose(config, role, destination, watch)
    terminal = output_terminal()
    for finding in findings:
        print_finding(terminal, finding)
    return 0 if all(finding.works for finding in findings) else EXIT_FAILED


async def doctor_of_host(config: Config) -> int:
    """Print what works of the machine that the service runs on; it asks nothing that costs anything."""
    with progress("Looking at this machine …"):
        findings = await look_at_host(config)
    terminal = output_terminal()
    for finding in findings:
        print_finding(terminal, finding)
    return 0 if all(finding.works for finding in findings) else EXIT_FAILED


async def _own(config: Config, profile: str | None) -> list[Finding]:
    troubles: list[str] = []
    async with open_once(config, profile=profile, troubles=troubles) as container:
        today = container.clock().now().date()
        findings = await container.diagnose().execute(OwnCredentials(profile), today)
    return [_advised(finding, profile, troubles[-1] if troubles else "") for finding in findings]


def _advised(finding: Finding, profile: str | None, trouble: str) -> Finding:
    if finding.failure is None:
        return finding
    problem, remedy = advice(finding.failure, profile, trouble)
    return Finding(finding.subject, works=False, detail=problem, remedy=remedy)


def print_finding(terminal: Terminal, finding: Finding) -> None:
    """A line, and one more for what mends it."""
    mark, style = ("✓", "green") if finding.works else ("✗", "red")
    line = terminal.text("")
    line.append(terminal.plain(mark), style=style)
    line.append(" ")
    line.append(terminal.plain(finding.subject), style="bold")
    line.append(terminal.plain(f": {finding.detail}"))
    terminal.print(line)
    if finding.remedy:
        terminal.print(terminal.text(f"  → {finding.remedy}"))
