"""Looks at the inbox from time to time, and says what an operator should know of it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

import structlog

from application.errors import StorageUnavailable
from application.ports.clock import Clock
from application.ports.inbox import Depth, InboxHealth
from entrypoints import metrics

log = structlog.get_logger()

LOOK_SECONDS = 15.0

NEARLY_FULL = 0.8

LATE = timedelta(minutes=15)
"""A tick that could be answered and was not for so long: no worker lives, or there are too few."""


@dataclass(slots=True)
class Overseer:
    """Warns in the log, once for each trouble, and for ``/ready``.

    Args:
        inbox: What is looked at.
        clock: What time it is.
    """

    inbox: InboxHealth
    clock: Clock
    warnings: Mapping[str, str] = field(default_factory=dict, init=False)
    """By event, the sentence; of the last look."""

    async def watch(self) -> None:
        """Look until cancelled."""
        while True:
            await self.look()
            await asyncio.sleep(LOOK_SECONDS)

    async def look(self) -> None:
        """Look once. A storage that fails is for others to tell."""
        try:
            depth = await self.inbox.depth()
        except StorageUnavailable:
            return
        now = self.clock.now()
        metrics.record_depth(depth, now)
        before, self.warnings = self.warnings, _warnings(depth, depth.late_by(now))
        for event in self.warnings.keys() - before.keys():
            log.warning(event, reason=self.warnings[event])
        for event in before.keys() - self.warnings.keys():
            log.info("warning_over", warning=event)


def _warnings(depth: Depth, late_by: timedelta) -> dict[str, str]:
    warnings = {}
    if late_by > LATE:
        minutes = int(late_by.total_seconds() // 60)
        warnings["ticks_late"] = (
            f"a tick has been due for {minutes} minutes: is there a worker, are there enough?"
        )
    if depth.fullness >= NEARLY_FULL:
        warnings["inbox_nearly_full"] = (
            f"a share of the inbox is {depth.fullness:.0%} full, with {depth.unfinished:,} ticks in all; "
            "see SPEND_MONITOR_INBOX_LIMIT and 'inbox list'"
        )
    if depth.given_up_fullness >= NEARLY_FULL:
        warnings["given_up_nearly_full"] = (
            f"{depth.given_up:,} given-up ticks are kept, {depth.given_up_fullness:.0%} of what may be; "
            "the oldest will go: 'inbox purge --all' makes room"
        )
    return warnings
