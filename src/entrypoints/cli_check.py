"""The ``check`` command: its options, and the help on them."""

# ruff: noqa: PLC0415  # what is heavy is imported by the command that needs it

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from entrypoints.program import Command, everywhere, profiles, read_config, reads, run

if TYPE_CHECKING:
    from application.ports.cost_source import GroupBy
    from domain.parts import PartBy

METRICS = "AmortizedCost, BlendedCost, NetAmortizedCost, NetUnblendedCost, UnblendedCost"

EXAMPLES = """\b
Examples:
  spend check                                    yesterday, no verdict
  spend check --threshold 100                    exit code 1 if it was more
  spend check -p prod -p dev                     two accounts, one table
  spend check --frequency month-to-date --threshold 3000 --milestones 50,80
  spend check --on 2026-11-10 --by region        one day, by region
  spend check -q --threshold 100                 one line, for a prompt or cron
  spend check --format markdown --output $GITHUB_STEP_SUMMARY

\b
Environment:
  AWS_PROFILE, AWS_REGION, AWS_ACCESS_KEY_ID, …  as for every AWS tool
  AWS_ENDPOINT_URL, AWS_CA_BUNDLE, HTTPS_PROXY   likewise
  SPEND_MONITOR_LINKED_ACCOUNTS, …_DRILL_DOWN    further paid requests on a breach
  SPEND_MONITOR_WEBHOOK_SECRET, …_SMTP_URL       for --notify
  NO_COLOR, COLUMNS                              how it is printed

\b
Exit code:
  0  within budget, or no threshold was given
  1  exceeded
  2  wrong usage
  3  AWS or the delivery failed, or AWS has not published the period yet"""


def _read_by(
    _: click.Context, __: click.Parameter, text: str | None
) -> tuple[tuple[GroupBy, ...], str, PartBy | None]:
    """What the bill is divided by, the same as a heading, and as the setting of that name."""
    if text is None:
        return (), "service", None
    from adapters.settings.parts import read_part_by
    from application.ports.cost_source import BY_REGION
    from application.question import group_of
    from domain.parts import Dimension

    if text.strip().lower() == "region":
        return (BY_REGION,), "region", None
    try:
        part = read_part_by(text)
    except ValueError as error:
        raise click.BadParameter(f"it {error} Also: region.") from error
    if part is None:
        raise click.BadParameter("it is empty. Accepted are service, account, region, tag:KEY, category:KEY.")
    if part.dimension is Dimension.SERVICE:
        return (), "service", part
    heading = "linked account" if part.dimension is Dimension.ACCOUNT else f"{part.dimension} {part.key}"
    return (group_of(part),), heading, part


def setting(*names: str, reader: str, **options: Any) -> Callable[[Command], Command]:
    """An option that is read as the setting of the same meaning is: by a reader of ``adapters.settings``."""
    module, _, name = reader.rpartition(".")
    return click.option(*names, callback=reads(f"adapters.settings.{module}", name), **options)


@click.command(epilog=EXAMPLES)
@everywhere
@setting(
    "-t",
    "--threshold",
    metavar="AMOUNT",
    reader="amounts.read_threshold",
    help="The most that the period may cost: 100. Without it the costs are shown, and there is no verdict.",
)
@click.option(
    "-f",
    "--frequency",
    default="daily",
    show_default=True,
    type=click.Choice(["daily", "weekly", "monthly", "month-to-date"], case_sensitive=False),
    help="Which period: yesterday, the last full week or month, or this month so far.",
)
@setting(
    "--on",
    metavar="DATE",
    reader="muting.read_date",
    help="The period that this day (UTC) is in, instead of the newest: 2026-11-10.",
)
@click.option(
    "--by",
    metavar="service|account|region|tag:KEY",
    callback=_read_by,
    help="What the bill is divided by; also category:KEY.  [default: service]",
)
@setting(
    "--scope",
    default="",
    reader="scopes.read_scope",
    help="Part of the bill: 'account:111122223333 service:\"Amazon EC2\" region:eu-west-1 tag:team=web'.",
)
@setting(
    "--metric",
    default="AmortizedCost",
    show_default=True,
    metavar="METRIC",
    reader="choices.read_metric",
    help=f"How costs are counted: {METRICS}.",
)
@setting(
    "--exclude-charges",
    default="",
    metavar="CHARGES",
    reader="choices.read_record_types",
    help='Charges left out: "Credit, Refund, Tax".',
)
@setting(
    "--spike-alert",
    "spike_rule",
    default="",
    metavar="RULE",
    reader="amounts.read_spike_rule",
    help='Daily: also say when a day is that far above its weekday\'s usual: "40% and 20".',
)
@setting(
    "--milestones",
    default="",
    metavar="PERCENTS",
    reader="amounts.read_milestones",
    help='Month to date: percents of the threshold to name: "50, 80, 100, forecast 100".',
)
@setting(
    "--budgets",
    metavar="BUDGETS",
    reader="parts.read_budgets",
    help='What each part (--by account, service, tag:KEY) may cost: "production=120, sandbox-*=15, *=40".',
)
@setting(
    "--name",
    default="",
    reader="grammar.read_name",
    help="What the account is called in the report.",
)
@click.option(
    "--format",
    "form",
    default="text",
    show_default=True,
    type=click.Choice(["text", "json", "csv", "markdown"]),
    help="JSON has every figure, CSV the rows per day and service.",
)
@click.option("-q", "--summary", is_flag=True, help="One line: verdict, spend, threshold, what rose most.")
@click.option(
    "-o",
    "--output",
    metavar="FILE",
    type=click.Path(dir_okay=False, writable=True, path_type=Path),
    help="Write to this file instead of standard output.",
)
@click.option(
    "--explain",
    is_flag=True,
    help="Also print what AWS was asked and how each figure was derived; beside JSON on standard error.",
)
@click.option(
    "--suggest", is_flag=True, help="Also print what the threshold would have said lately, and a better one."
)
@click.option("--notify", metavar="URL", multiple=True, help="Also post the report there, as a tick would.")
def check(**options: Any) -> None:
    """Show what the account cost, and compare it with a threshold if there is one.

    Uses the credentials that every AWS tool finds. A check is one Cost Explorer request as a rule, which AWS
    charges $0.01 for.
    """
    config = read_config()
    from application.credentials import OwnCredentials
    from application.monitor import Monitor
    from domain.parts import BY_ACCOUNT
    from domain.periods import Frequency
    from domain.thresholds import UNLIMITED
    from entrypoints.commands.check import Look
    from entrypoints.commands.check import check as look

    if options["summary"] and options["form"] != "text":
        raise click.UsageError("--summary is a format of its own: leave out --format")
    if options["budgets"] and options["by"][1] == "region":
        raise click.UsageError("--budgets goes with --by account, service, tag:KEY or category:KEY")
    if options["suggest"] and options["threshold"] is None:
        raise click.UsageError("--suggest betters a threshold: give one with --threshold")
    output: Path | None = options["output"]
    if output and not output.absolute().parent.is_dir():
        raise click.BadParameter(f"there is no folder {output.parent}", param_hint="--output")
    monitor = Monitor(
        OwnCredentials(),
        options["threshold"] or UNLIMITED,
        Frequency(options["frequency"]),
        metric=options["metric"],
        excluded_record_types=options["exclude_charges"],
        scope=options["scope"],
        milestones=options["milestones"],
        spike_rule=options["spike_rule"],
        name=options["name"],
    )
    by, divided, part = options["by"]
    if options["budgets"]:
        by, divided = (), "service"
        monitor = replace(monitor, by=part or BY_ACCOUNT, budgets=options["budgets"])
    wanted = Look(
        monitor,
        profiles(),
        "summary" if options["summary"] else options["form"],
        output,
        options["on"],
        by,
        divided,
        explain=options["explain"],
        suggest=options["suggest"],
        notify=options["notify"],
    )
    sys.exit(run(look(config, wanted)))
