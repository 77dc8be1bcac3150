"""The commands about what is kept: the inbox, what the channels were told, another engine."""

# ruff: noqa: PLC0415  # what is heavy is imported by the command that needs it

from __future__ import annotations

import sys

import click

from entrypoints.program import read_config, reads, run

FORMAT = click.option(
    "--format", "output", default="text", show_default=True, type=click.Choice(["text", "json"])
)
EVERY = click.option("--all", "every", is_flag=True, help="Every tick that was given up on.")
read_address = reads("entrypoints.variables", "read_state_url", subject="it is")
YES = click.option("-y", "--yes", is_flag=True, help="Do not ask, on a terminal either.")


@click.group()
def inbox() -> None:
    """See what waits and what was given up on; put it back, or drop it."""


@inbox.command("list")
@FORMAT
def list_(output: str) -> None:
    """List the ticks that wait and those given up on, with the reason."""
    config = read_config()
    from entrypoints.commands.inbox import show

    run(show(config, output))


@inbox.command()
@click.argument("tick", required=False)
@EVERY
@YES
def retry(tick: str | None, *, every: bool, yes: bool) -> None:
    """Put TICK back, or with --all every tick that was given up on."""
    config = read_config()
    from entrypoints.commands.inbox import given_up, revive

    _check_choice(tick, every=every)
    if every and not yes and at_a_terminal():
        click.confirm(f"Put {run(given_up(config))} given-up ticks back?", abort=True, err=True)
    click.echo(f"put back: {_some(tick, run(revive(config, tick)))}")


@inbox.command()
@click.argument("tick", required=False)
@EVERY
@YES
def purge(tick: str | None, *, every: bool, yes: bool) -> None:
    """Drop TICK, or with --all every tick that was given up on. Nothing brings them back."""
    config = read_config()
    from entrypoints.commands.inbox import given_up
    from entrypoints.commands.inbox import purge as drop

    _check_choice(tick, every=every)
    if every and not yes and at_a_terminal():
        click.confirm(f"Drop {run(given_up(config))} given-up ticks for ever?", abort=True, err=True)
    click.echo(f"dropped: {_some(tick, run(drop(config, tick)))}")


def at_a_terminal() -> bool:
    """Whether somebody is there to be asked."""
    return sys.stdin.isatty()


def _some(tick: str | None, count: int) -> int:
    if tick is not None and not count:
        raise click.UsageError(f"no tick {tick!r} waits or was given up on; 'inbox list' shows those that do")
    return count


def _check_choice(tick: str | None, *, every: bool) -> None:
    if (tick is None) is not every:
        raise click.UsageError(
            "name one TICK, as 'inbox list' shows it, or give --all for every given-up one"
        )


@click.command()
@FORMAT
def channels(output: str) -> None:
    """List the channels: what each is told about, when it last was, and what waits for it.

    A channel is shown by the hash of its return_url, as in the logs; 'history --for URL' finds it by the
    return_url itself.
    """
    config = read_config()
    from entrypoints.commands.channels import show

    run(show(config, output))


@click.command()
@click.argument("channel", required=False)
@click.option("--for", "url", metavar="URL", help="The channel's return_url, in place of its hash.")
@FORMAT
def history(channel: str | None, url: str | None, output: str) -> None:
    """Show what CHANNEL was told, newest first: its hash, or the beginning of it."""
    config = read_config()
    from entrypoints.commands.channels import show_history

    if (channel is None) is (url is None):
        raise click.UsageError("name one CHANNEL, as 'channels' shows it, or give its return_url with --for")
    run(show_history(config, channel, url, output))


@click.group()
def state() -> None:
    """Move what is kept to another engine."""


@state.command()
@click.argument("source", metavar="FROM", callback=read_address)
@click.argument("target", metavar="TO", callback=read_address)
def copy(source: str, target: str) -> None:
    """Copy ticks, ledger and report pages FROM one state TO an empty one: stop the service first.

    Both are addresses as in SPEND_MONITOR_STATE_URL. FROM is left as it is; give the service the same secret
    key as before, and no channel hears anything twice.
    """
    config = read_config()
    from entrypoints.commands.state import copy as move
    from entrypoints.commands.state import key_beside

    copied = run(move(config, source, target))
    click.echo(f"copied: {copied.ticks} ticks, {copied.pages} ledger pages, {copied.reports} report pages")
    if key := key_beside(config, source):
        click.echo(
            f"Without its key nothing in it can be opened: give the service the content of {key} as "
            "SPEND_MONITOR_SECRET_KEY, or copy that file beside a new database.",
            err=True,
        )
