"""When to speak."""

from __future__ import annotations

from enum import StrEnum

from domain.choices import choose


class Notify(StrEnum):
    """How much a channel wants to hear, in the words of its setting."""

    ONCE = "Once per period"
    EVERY_CHECK = "Every check"
    ONLY_EXCEEDED = "Only when exceeded"

    @classmethod
    def parse(cls, text: str) -> Notify:
        """Read the setting ``notify``; blank is once per period.

        Raises:
            ValueError: It is none of the choices; the text says what it was near to.
        """
        return choose("notify", text, cls) if text.strip() else cls.ONCE
