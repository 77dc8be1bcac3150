"""The ``completion`` and ``man`` commands: what a shell and a manual make of the help."""

from __future__ import annotations

import re

import click
from click.shell_completion import get_completion_class

SHELLS = ("bash", "zsh", "fish")
NAMES = ("spend", "aws-spend-monitor")

SECTION = 1


INSTALLED = """\b
Once, for each of the two names that you use:
  spend completion bash > ~/.local/share/bash-completion/completions/spend
  spend completion zsh > "${fpath[1]}/_spend"
  spend completion fish > ~/.config/fish/completions/spend.fish"""


@click.command(epilog=INSTALLED)
@click.argument("shell", type=click.Choice(SHELLS))
def completion(shell: str) -> None:
    """Print what makes SHELL complete commands, options and profiles."""
    kind = get_completion_class(shell)
    root = click.get_current_context().find_root()
    if kind is None:  # they are click's own three
        raise click.UsageError(f"nothing is known of {shell}")
    name = root.info_name if root.info_name in NAMES else NAMES[0]
    variable = f"_{name.replace('-', '_')}_COMPLETE".upper()
    click.echo(kind(root.command, {}, name, variable).source())


@click.command()
def man() -> None:
    """Print the manual page: 'spend man > spend.1', then 'man ./spend.1'."""
    root = click.get_current_context().find_root().command
    click.echo(manual_page(root))


def manual_page(root: click.Command) -> str:
    """The help of every command as one page, in the language of man(7)."""
    from importlib.metadata import version  # noqa: PLC0415  # it takes a fifth of ``--help``

    lines = [
        f'.TH {NAMES[0].upper()} {SECTION} "" "aws-spend-monitor {version(NAMES[1])}" "User Commands"',
        ".SH NAME",
        f"{_escaped(', '.join(NAMES))} \\- {_escaped(_first_sentence(root))}",
        ".SH SYNOPSIS",
        f".B {NAMES[0]}",
        "[OPTIONS] COMMAND [ARGS]...",
    ]
    lines += _described(root, click.Context(root, info_name=NAMES[0], **root.context_settings))
    return "\n".join(lines)


def _described(command: click.Command, context: click.Context) -> list[str]:
    path = context.command_path
    lines = [f'.SH "{_escaped(path.upper() if context.parent else "DESCRIPTION")}"']
    if context.parent:
        lines += [f".B {_escaped(path)}", _escaped(" ".join(command.collect_usage_pieces(context))), ".PP"]
    lines += _paragraphs(command.help or "")
    for parameter in command.get_params(context):
        record = parameter.get_help_record(context)
        if record:
            lines += [".TP", f"\\fB{_escaped(record[0])}\\fR", _escaped(" ".join(record[1].split()))]
    lines += _paragraphs(command.epilog or "")
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            child = command.get_command(context, name)
            if child and not child.hidden:
                lines += _described(child, click.Context(child, info_name=name, parent=context))
    return lines


def _paragraphs(text: str) -> list[str]:
    """Paragraphs are filled, but for those that begin with the mark that says not to."""
    lines: list[str] = []
    for paragraph in re.split(r"\n\s*\n", text.strip()):
        if paragraph.lstrip().startswith("\b"):
            kept = [_escaped(line.rstrip()) for line in paragraph.lstrip("\b\n ").splitlines()]
            lines += [".PP", ".nf", *kept, ".fi"]
        elif paragraph.strip():
            lines += [".PP", _escaped(" ".join(paragraph.split()))]
    return lines


def _first_sentence(command: click.Command) -> str:
    return (command.help or "").strip().partition("\n")[0].rstrip(".")


def _escaped(text: str) -> str:
    """Nothing of it is read as a request or as an escape."""
    escaped = text.replace("\\", "\\e").replace("-", "\\-")
    return f"\\&{escaped}" if escaped.startswith((".", "'")) else escaped
