"""Whether this process can do its work: looked at once for all who ask at about the same time."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from application.errors import StorageUnavailable
from application.ports.inbox import InboxHealth
from entrypoints.overseer import Overseer
from entrypoints.scheduler import Scheduler
from entrypoints.worker import Worker

SHARED_SECONDS = 1.0
"""How long an answer is good: to look at the storage is a write and a sync, and strangers may ask too."""

READY = "ready"


@dataclass(slots=True)
class Readiness:
    """What ``/ready`` says of each part.

    Args:
        inbox: Is the storage.
        worker: Of the same process, if it has one.
        overseer: Knows what is not well, but keeps nothing from being done.
        scheduler: Fires the watches, if there are any.
        aws_trouble: What keeps this process from asking AWS at all; empty when nothing does.
        shared_seconds: How long an answer is good.
    """

    inbox: InboxHealth
    worker: Worker | None
    overseer: Overseer
    scheduler: Scheduler | None = None
    aws_trouble: Callable[[], str] = str
    shared_seconds: float = SHARED_SECONDS
    _storage: asyncio.Task[str] | None = None
    _looked_at: float = field(default=0, init=False)

    async def checks(self) -> Mapping[str, str]:
        """By part, ``ready``, ``ready, but …`` or what failed."""
        checks = {"storage": await self._shared_storage()}
        if warnings := self.overseer.warnings:
            checks["inbox"] = f"{READY}, but {'; '.join(warnings.values())}"
        if self.worker:
            checks["worker"] = READY if self.worker.running else "failed: the loop has stopped"
            trouble = self.aws_trouble()
            checks["aws"] = f"failed: {trouble}" if trouble else READY
        if self.scheduler:
            checks["watches"] = self.scheduler.state
        return checks

    async def _shared_storage(self) -> str:
        now = time.monotonic()
        if self._storage is None or (self._storage.done() and now - self._looked_at >= self.shared_seconds):
            self._storage, self._looked_at = asyncio.create_task(self._look_at_storage()), now
        return await asyncio.shield(self._storage)

    async def _look_at_storage(self) -> str:
        try:
            await self.inbox.probe()
        except StorageUnavailable as error:
            return f"failed: {error}"
        return READY
