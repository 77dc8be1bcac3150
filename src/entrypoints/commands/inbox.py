"""The ``inbox`` commands: what an operator sees and does about ticks that wait or were given up on."""

from __future__ import annotations

from adapters.state.sqlite.reserve import release_reserve
from application.errors import ChannelGone, StorageUnavailable
from application.notes import note_tried_again
from application.ports.dead_letters import InboxEntry
from application.ports.work_queue import Why
from application.say_once import DESTINATION
from entrypoints.commands.terminal import json_text, output_terminal, print_rows
from entrypoints.config import Config
from entrypoints.defaults import open_state

WHY = {Why.FAILURE: "tries again", Why.TURN: "its turn", Why.NEWS: "news"}
"""What a paused tick waits for, in the table's words."""


async def show(config: Config, output: str) -> None:
    """Print the inbox's entries as a table or as JSON."""
    async with open_state(existing(config)) as state:
        entries = await state.inbox.entries()
    if output == "json":
        print(json_text(entries))  # noqa: T201  # the output
    elif entries:
        print_rows(output_terminal(), HEADINGS, [_row(entry) for entry in entries])
    else:
        print("The inbox is empty.")  # noqa: T201  # likewise


async def revive(config: Config, tick_id: str | None) -> int:
    """Put given-up ticks back, and call the channels that were gone once more; return how many ticks."""
    async with open_state(existing(config)) as state:
        for entry in await state.inbox.entries():
            if tick_id in {None, entry.id} and entry.reason.startswith(ChannelGone.code):
                await state.ledger.update(entry.channel, DESTINATION, note_tried_again)
        return await state.inbox.revive(tick_id)


async def given_up(config: Config) -> int:
    """How many ticks were given up on and are kept."""
    async with open_state(existing(config)) as state:
        return (await state.inbox.depth()).given_up


async def purge(config: Config, tick_id: str | None) -> int:
    """Drop given-up ticks; return how many. On a full disk there is some room that is kept for this."""
    try:
        return await _purge(config, tick_id)
    except StorageUnavailable:
        if config.sqlite_path is None or not release_reserve(config.sqlite_path):
            raise
        return await _purge(config, tick_id)


async def _purge(config: Config, tick_id: str | None) -> int:
    async with open_state(existing(config)) as state:
        return await state.inbox.purge(tick_id)


def existing(config: Config) -> Config:
    """Refuse a database file that is not there, rather than make one."""
    if config.sqlite_path and not config.sqlite_path.exists():
        raise StorageUnavailable(
            f"there is no database at {config.sqlite_path}: "
            "set SPEND_MONITOR_STATE_URL as the service has it, or run this in its folder"
        )
    return config


HEADINGS = ("tick", "channel", "state", "accepted", "tries", "since or until", "why", "reason")


def _row(entry: InboxEntry) -> tuple[str, ...]:
    return (
        entry.id,
        entry.channel[:12],
        entry.state,
        f"{entry.accepted_at:%Y-%m-%d %H:%M:%S}",
        str(entry.attempts),
        f"{entry.at:%Y-%m-%d %H:%M:%S}",
        WHY[entry.why] if entry.why else "",
        entry.reason,
    )
