"""All shared state of one deployment, whatever keeps it."""

from __future__ import annotations

from dataclasses import dataclass

from adapters.state.contents import Contents
from application.errors import StorageUnavailable
from application.ports.inbox import Inbox
from application.ports.ledger import Ledger
from application.ports.store import Store


@dataclass(frozen=True, slots=True)
class State:
    """What an opened state holds.

    Args:
        inbox: The accepted ticks.
        ledger: What the channels have been told.
        store: Small values that expire.
        contents: All of it, for copying and listing.
    """

    inbox: Inbox
    ledger: Ledger
    store: Store
    contents: Contents


class StateRefused(StorageUnavailable):
    """The state is there, but this version cannot or must not use it. One line says why and what to do."""
