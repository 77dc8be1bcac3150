"""What is in the stream of ticks and is none that this version can read.

A newer version may have written it, so it stays where it is, and is shown, until an operator drops it.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime

from nats.js.api import RawStreamMsg

from application.ports.dead_letters import InboxEntry, TickState

UNREADABLE = "cannot be decoded: a newer version wrote it, or it is damaged"


def unreadable_id(sequence: int) -> str:
    """How an operator may call it."""
    return f"unreadable-{sequence}"


def unreadable_sequence(tick_id: str) -> int:
    """The number of the message that is called so; 0 if none is."""
    found = re.fullmatch(r"unreadable-([0-9]{1,19})", tick_id)
    return int(found[1]) if found else 0


def unreadable_entry(message: RawStreamMsg) -> InboxEntry:
    """What may be shown of it."""
    at = message.time or datetime.fromtimestamp(0, UTC)
    return InboxEntry(unreadable_id(message.seq or 0), "", TickState.LEASED, at, 0, at, UNREADABLE)
