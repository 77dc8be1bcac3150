"""What a threshold would have said, and what is muted, in words."""

from __future__ import annotations

from adapters.chats.words import LONGEST_LIST
from application.text import one_line
from domain.coach import Coaching
from domain.muting import Mute


def coaching_in_words(coaching: Coaching, unit: str) -> str:
    """``This threshold would have fired on 27 of the last 30 days; $165.00 on 2.``."""
    said = f"This threshold would have fired on {coaching.fired} of the last {coaching.periods} {unit}s"
    if coaching.suggestion is None:
        return f"{said}."
    return f"{said}; {coaching.suggestion} on {coaching.would_fire}."


def muted_in_words(mute: Mute) -> str:
    """Why it is told nevertheless, and when it is the next time."""
    what = f"{one_line(', '.join(mute.services), LONGEST_LIST)} is" if mute.services else "Alerts are"
    until = f" until {mute.until}" if mute.until else ""
    others = ", or by something else" if mute.services else ""
    return f"{what} muted{until}: you hear again when this grows by half{others}."
