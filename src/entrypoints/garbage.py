"""How often Python searches for garbage: objects that only hold each other."""

from __future__ import annotations

import gc

OBJECTS_OF_A_START = 300_000
"""No command loads as many (``check``: 200,000), and none is garbage: the search would only take time."""

OBJECTS_IN_FLIGHT = 50_000
"""A few hundred ticks hold more than Python's 700 at any moment, and no garbage among them: the search would
take a quarter of every tick."""


def search_after_start() -> None:
    """Nothing is searched while the process starts. To be called before anything is imported."""
    gc.set_threshold(OBJECTS_OF_A_START)


def search_in_flight() -> None:
    """Whatever is there now stays to the end, and is searched no more; from now on, what ticks make is."""
    gc.freeze()
    gc.set_threshold(OBJECTS_IN_FLIGHT)
