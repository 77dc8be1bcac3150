"""Movements that are known, and need not ring."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class Mute:
    """What is not to be told of for a while.

    Args:
        services: Whose movement is known, as Cost Explorer or people call them; empty: all of the bill's.
        until: The first UTC day on which everything is told again; None: no end.
    """

    services: tuple[str, ...] = ()
    until: date | None = None

    def __bool__(self) -> bool:
        return bool(self.services or self.until)

    def holds_on(self, day: date) -> bool:
        """Whether anything is muted on the UTC day."""
        return bool(self) and (self.until is None or day < self.until)


NOT_MUTED = Mute()
