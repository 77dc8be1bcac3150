"""When to speak."""

from __future__ import annotations

from enum import StrEnum


class Notify(StrEnum):
    """How much a channel wants to hear, in the words of its setting."""

    ONCE = "Once per period"
    EVERY_CHECK = "Every check"
    ONLY_EXCEEDED = "Only when exceeded"
    WEEKLY_SUMMARY = "Alerts and a weekly summary"
