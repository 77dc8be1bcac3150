"""The chart as places on a plane, which the templates fill."""

from __future__ import annotations

from dataclasses import dataclass

WIDTH, HEIGHT = 1000, 250
"""Of the plane; it is stretched to whatever room there is."""

GAP = 0.18
"""Of a bar's place."""


@dataclass(frozen=True, slots=True)
class Segment:
    """One service's share of a bar.

    Args:
        slot: Its color.
        top: From the plane's upper edge.
        height: Downwards.
    """

    slot: int
    top: float
    height: float


@dataclass(frozen=True, slots=True)
class Bar:
    """One day or month.

    Args:
        left: Where its place begins.
        place: How wide the place is, gaps included.
        title: Everything about it, in lines.
        label: What stands below it, if anything.
        segments: From the base line on.
        reported: Whether it is in the period that the report is about.
        provisional: Whether AWS may still change it, or has not published it.
    """

    left: float
    place: float
    title: str
    label: str
    segments: tuple[Segment, ...]
    reported: bool
    provisional: bool

    @property
    def x(self) -> float:
        """Where the bar itself begins."""
        return round(self.left + self.place * GAP / 2, 1)

    @property
    def width(self) -> float:
        """Of the bar itself."""
        return round(self.place * (1 - GAP), 1)

    @property
    def middle(self) -> float:
        """Where its label belongs, in percent of the width."""
        return round(100 * (self.left + self.place / 2) / WIDTH, 2)


@dataclass(frozen=True, slots=True)
class Mark:
    """A height with words to it.

    Args:
        top: From the plane's upper edge.
        text: The words.
    """

    top: float
    text: str


@dataclass(frozen=True, slots=True)
class Key:
    """What a color stands for.

    Args:
        slot: The color.
        name: The service, or how many others.
        total: What it cost in all that is drawn.
    """

    slot: int
    name: str
    total: str


@dataclass(frozen=True, slots=True)
class Chart:
    """All that is drawn.

    Args:
        unit: days or months.
        bars: Oldest first.
        ticks: Where lines go across.
        base: Where zero is.
        threshold: None when it is for another length of time, or far above everything.
        threshold_above: The threshold when it is too far above to be drawn.
        usual: The points of the line of what a weekday usually costs; empty when that is not known.
        keys: The largest service first.
        summary: One sentence for those who do not see it.
    """

    unit: str
    bars: tuple[Bar, ...]
    ticks: tuple[Mark, ...]
    base: float
    threshold: Mark | None
    threshold_above: str
    usual: str
    keys: tuple[Key, ...]
    summary: str

    @property
    def provisional(self) -> bool:
        """Whether some of it may still change."""
        return any(bar.provisional for bar in self.bars)
