"""What draws pictures: words in both weights are there, and what fails is told and takes nothing along."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from adapters.pages import picture
from adapters.pages.picture import PictureFailed, draw

TEMPLATE = Path(picture.__file__).parent / "templates" / "picture.svg"
FAMILIES = sorted(set(re.findall(r'font-family="([^"]+)"', TEMPLATE.read_text("utf-8"))))


def svg(content: str) -> bytes:
    """A small picture."""
    size = 'width="300" height="60"'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {size}>{content}</svg>'.encode()


def text(words: str, family: str) -> bytes:
    """A picture of words."""
    return svg(f'<text x="10" y="40" font-size="30" font-family="{family}">{words}</text>')


async def test_both_weights_of_the_font_are_used() -> None:
    """The figure and the verdict stand out."""
    assert FAMILIES == ["Inter", "Inter Semi Bold"]
    regular, bold = [await draw(text("$142.02", family)) for family in FAMILIES]
    assert regular != bold


@pytest.mark.parametrize("family", FAMILIES)
async def test_words_are_drawn_whatever_fonts_the_machine_has(family: str) -> None:
    """A container has none: the font comes along, and a name that is missing in it leaves a blank."""
    assert await draw(text("$142.02", family)) != await draw(svg(""))
    assert await draw(text("Überwachung, Ёлка, €", family)) != await draw(text("berwachung, лка, ", family))


async def test_what_cannot_be_drawn_is_told() -> None:
    """And nothing of it is repeated."""
    with pytest.raises(PictureFailed) as caught:
        await draw(b"<svg><secret")
    assert "secret" not in str(caught.value)


async def test_what_takes_too_long_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits for ever, and no process is left behind."""
    monkeypatch.setattr(picture, "LONGEST_SECONDS", 0)
    with pytest.raises(PictureFailed, match="too long"):
        await draw(svg(""))
