"""The port that takes ticks in."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True)
class SealedTick:
    """An accepted tick as it rests.

    Args:
        id: Unique; sorts by time of acceptance.
        channel: Keyed hash of the return_url.
        twin: Keyed hash of channel, settings and UTC day: equal for ticks that ask the same.
        accepted_at: When it was accepted (UTC).
        payload: return_url and settings, sealed with ``id`` as context.
        host: Keyed hash of the return_url's host; empty for a tick of version 1.
        asks: Keyed hash of its settings, the same every day; empty for a tick of version 1.
    """

    id: str
    channel: str
    twin: str
    accepted_at: datetime
    payload: bytes
    host: str = ""
    asks: str = ""


class Intake(Protocol):
    """Takes accepted ticks in. May raise StorageUnavailable; nothing is stored then."""

    @abstractmethod
    async def put(self, tick: SealedTick) -> bool:
        """Keep the tick; when this returns it survives a crash.

        Returns:
            False when an unfinished tick with the same ``twin`` is there; nothing is stored then, but if that
            one waits for NEWS, it is tried again at once.

        Raises:
            InboxFull: As many unfinished ticks as the limit are there, or of such channels, or so many bytes.
                Channels that something was ever delivered to have a share of their own.
        """
