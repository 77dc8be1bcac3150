"""The ``channels`` and ``history`` commands: which channel is told what, and when it was."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime

import click

from adapters.state.contents import KeptPage
from adapters.state.state import State
from adapters.vault import AesGcmVault
from application.ports.dead_letters import TickState
from entrypoints.commands.inbox import existing
from entrypoints.commands.terminal import Terminal, json_text, output_terminal, print_rows
from entrypoints.config import Config
from entrypoints.defaults import open_state, secret_keys

SHOWN_OF_A_HASH = 12
PARTS_OF_A_TOPIC = 3
"""Of a topic of costs: account, frequency, threshold; a fourth stands for scope, metric and the like."""


@dataclass(frozen=True, slots=True)
class ChannelRow:
    """What an operator may know of a channel.

    Args:
        channel: Keyed hash of its return_url.
        told_of: Account, frequency and threshold of each monitor that it was told of.
        last_told: The day (UTC) on which it last was; None: never.
        last_word: What it was told then.
        waits: Ticks that wait for it.
        given_up: Ticks of it that were given up on.
    """

    channel: str
    told_of: list[str]
    last_told: date | None
    last_word: str
    waits: int
    given_up: int


@dataclass(frozen=True, slots=True)
class Word:
    """Something that a channel was told.

    Args:
        told_of: Account, frequency and threshold.
        period: Of the costs.
        said: The verdicts, oldest first, or why the check failed.
        spend: The figure that was told last; empty without one.
        written_on: The day (UTC) on which the page that it stands on was last changed.
    """

    told_of: str
    period: str
    said: str
    spend: str
    written_on: date


async def show(config: Config, output: str) -> None:
    """Print all channels, as a table or as JSON."""
    async with open_state(existing(config)) as state:
        pages = await _pages(state)
        waiting, given_up = await _ticks(state)
    names = {page.channel for page in pages} | set(waiting) | set(given_up)
    rows = [_channel(name, pages, waiting[name], given_up[name]) for name in names]
    rows.sort(key=lambda row: (row.last_told or date.min, row.channel), reverse=True)
    if output == "json":
        print(json_text(rows))  # noqa: T201  # the output
    elif rows:
        _print_channels(output_terminal(), rows)
    else:
        print("No channel has been told anything yet.")  # noqa: T201  # likewise


async def show_history(config: Config, channel: str | None, url: str | None, output: str) -> None:
    """Print what one channel was told, newest first.

    Args:
        config: The process's settings.
        channel: The beginning of its hash, or None.
        url: Its return_url, or None.
        output: text or json.
    """
    config = existing(config)
    wanted = channel or AesGcmVault(secret_keys(config)).fingerprint("channel", (url or "").strip())
    async with open_state(config) as state:
        pages = [page for page in await _pages(state) if page.channel.startswith(wanted)]
    found = {page.channel for page in pages}
    if len(found) > 1:
        raise click.UsageError(f"{len(found)} channels begin with {wanted!r}: give more of the hash")
    if not found:
        raise click.UsageError(
            "no channel of this state was told anything by that name; 'channels' lists them"
        )
    words = sorted(_words(pages), key=lambda word: word.period, reverse=True)
    if output == "json":
        print(json_text(words))  # noqa: T201  # the output
    else:
        _print_words(output_terminal(), words)


async def _pages(state: State) -> list[KeptPage]:
    """The pages that tell of costs."""
    return [page async for page in state.contents.pages() if page.page.told or page.page.failures]


async def _ticks(state: State) -> tuple[Counter[str], Counter[str]]:
    """By channel: how many wait, and how many were given up on."""
    entries = await state.inbox.entries()
    waiting = Counter(entry.channel for entry in entries if entry.state is not TickState.GIVEN_UP)
    return waiting, Counter(entry.channel for entry in entries if entry.state is TickState.GIVEN_UP)


def _channel(name: str, pages: Sequence[KeptPage], waits: int, given_up: int) -> ChannelRow:
    own = [page for page in pages if page.channel == name]
    words = sorted(_words(own), key=lambda word: (word.written_on, word.period))
    last = words[-1] if words else None
    said = f"{last.period}: {last.said}{f', {last.spend}' if last.spend else ''}" if last else ""
    told_of = sorted({word.told_of for word in words})
    return ChannelRow(name, told_of, last.written_on if last else None, said, waits, given_up)


def _words(pages: Sequence[KeptPage]) -> Iterator[Word]:
    for kept in pages:
        about, written_on = _about(kept.topic), _day(kept.written_at)
        for period, told in kept.page.told.items():
            spend = str(told.spend) if told.spend else ""
            yield Word(about, str(period), ", then ".join(told.verdicts), spend, written_on)
        for start, cause in kept.page.failures.items():
            yield Word(about, start, f"check failed: {cause}", "", written_on)


def _about(topic: str) -> str:
    """``123456789012 daily 100``; a fourth part says that not the whole bill is counted as usual."""
    parts = topic.split("/")
    if len(parts) < PARTS_OF_A_TOPIC:
        return "a check that failed"
    return f"{' '.join(parts[:PARTS_OF_A_TOPIC])}{' (a part)' if len(parts) > PARTS_OF_A_TOPIC else ''}"


def _day(moment: datetime) -> date:
    return moment.date()


def _print_channels(terminal: Terminal, rows: Sequence[ChannelRow]) -> None:
    headings = ("channel", "told of", "last told", "last word", "waits", "given up")
    cells = [
        (
            row.channel[:SHOWN_OF_A_HASH],
            "\n".join(row.told_of),
            str(row.last_told or "never"),
            row.last_word,
            str(row.waits),
            str(row.given_up),
        )
        for row in rows
    ]
    print_rows(terminal, headings, cells)


def _print_words(terminal: Terminal, words: Sequence[Word]) -> None:
    cells = [(word.period, word.told_of, word.said, word.spend) for word in words]
    print_rows(terminal, ("period", "told of", "said", "spend"), cells)
