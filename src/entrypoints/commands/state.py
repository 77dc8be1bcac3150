"""The ``state`` commands."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import click

from adapters.clock import SystemClock
from adapters.state.copying import Copied, copy_state
from entrypoints.commands.inbox import existing
from entrypoints.config import Config
from entrypoints.defaults import open_state


async def copy(config: Config, source: str, target: str) -> Copied:
    """Copy everything from one state to another; see ``copy_state``.

    Args:
        config: Says how much the target may hold.
        source: An address as in ``SPEND_MONITOR_STATE_URL``.
        target: Another one.

    Raises:
        UsageError: One of them keeps nothing.
        StorageUnavailable: Either cannot be used; one line says why.
    """
    if "memory://" in {source, target}:
        raise click.UsageError("memory:// keeps nothing: name a state that lasts")
    clock = SystemClock()
    async with (
        open_state(existing(replace(config, state_url=source)), clock) as from_state,
        open_state(replace(config, state_url=target), clock) as to_state,
    ):
        return await copy_state(from_state, to_state, clock)


def key_beside(config: Config, source: str) -> Path | None:
    """The file of the key that a copy has to be used with, where the key is in a file only."""
    path = None if config.secret_keys else replace(config, state_url=source).key_path
    return path if path and path.exists() else None
