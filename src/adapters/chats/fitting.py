"""Keeping to limits without losing what counts."""

from __future__ import annotations


def cut(text: str, limit: int) -> str:
    """The text, or as much as fits with ``…`` in the end; by characters, so that none is halved."""
    return text if len(text) <= limit else text[: limit - 1] + "…"
