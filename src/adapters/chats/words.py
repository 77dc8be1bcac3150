"""What a notice says, as values: each destination lays it out, and escapes it, in its own way.

Names that AWS or a tick gave stand in these texts as they are, on one line and not too long. So no text of
these may enter a message as it is: what a destination reads as markup or as a mention is its own to mend.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from application.notice import Account, Tone
from application.text import one_line
from domain.thresholds import Verdict

TITLE = "AWS Spend Alert"

JUDGED = {
    Verdict.EXCEEDED: "exceeded",
    Verdict.WITHIN: "within budget",
    Verdict.NOT_PUBLISHED: "not published yet",
}

LONGEST_NAME = 60
LONGEST_LIST = 160
LONGEST_PROBLEM = 600
"""Characters of a name, of a scope or a list of charges, and of a sentence that quotes what was typed."""


@dataclass(frozen=True, slots=True)
class Fact:
    """One of the lines that users of the original know.

    Args:
        symbol: An emoji, for who shows them.
        label: What it is.
        value: Its value.
    """

    symbol: str
    label: str
    value: str

    def __str__(self) -> str:
        return f"{self.symbol} {self.label}: {self.value}"


@dataclass(frozen=True, slots=True)
class Detail:
    """What stands below the facts, the most important first.

    Args:
        symbol: An emoji, for who shows them.
        label: What it is about; may be empty.
        text: One or more sentences; may be empty when there are items.
        items: A list.
        ordered: Whether its order counts.
    """

    symbol: str
    label: str
    text: str
    items: tuple[str, ...] = ()
    ordered: bool = False

    @property
    def listed(self) -> Iterator[str]:
        """The items, each with its bullet or number."""
        for n, item in enumerate(self.items, start=1):
            yield f"{n}. {item}" if self.ordered else f"• {item}"


@dataclass(frozen=True, slots=True)
class Words:
    """All that a notice says.

    Args:
        tone: Green, amber or red.
        symbol: The title's emoji.
        headline: The notice in one line, for a notification or a subject.
        happened: What happened, in a sentence or two.
        facts: Account, spend, threshold, status: short, and never left out.
        details: Why, and what comes next.
        links: Where to look closer, as label and address, the best first. Each may be longer than a
            destination takes.
        is_quiet: Whether there is nothing to say but that all is well: then what is long is left out.
        picture: The address of a chart, for bad news and for the end of it; else empty.
        picture_shows: What the chart shows, for who cannot see it.
    """

    tone: Tone
    symbol: str
    headline: str
    happened: str
    facts: tuple[Fact, ...]
    details: tuple[Detail, ...]
    links: tuple[tuple[str, str], ...]
    is_quiet: bool = False
    picture: str = ""
    picture_shows: str = "What each day cost, by service, against the threshold"

    def link(self, longest: int) -> tuple[str, str] | None:
        """The best link that fits whole; half a link leads nowhere."""
        return next((link for link in self.links if len(link[1]) <= longest), None)


def name_of(account: Account) -> str:
    """Whose spend: ``123456789012``, or by the name that the channel gave it ``acme production (…9012)``."""
    if not account.name:
        return one_line(account.id, LONGEST_NAME)
    number = f" (…{account.id[-4:]})" if account.id else ""
    return f"{one_line(account.name, LONGEST_NAME)}{number}"
