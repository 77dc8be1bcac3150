"""The chart as a PNG, for chats that show pictures.

It is drawn by resvg in a process of its own: that takes a tenth of a second and holds Python's lock all the
while, which in this process nobody else could afford. What hangs or dies takes nothing else along.
"""

from __future__ import annotations

import asyncio
import sys
from asyncio.subprocess import DEVNULL, PIPE
from pathlib import Path

from adapters.pages.document import Document
from adapters.pages.rendering import render_picture

DRAWER = Path(__file__).with_name("drawer.py")
LONGEST_SECONDS = 10


class PictureFailed(Exception):
    """The picture could not be drawn."""


async def picture_of(document: Document) -> bytes:
    """Draw the report; returns a PNG, twice as many points wide as its 960 units.

    Raises:
        PictureFailed: It could not be drawn, or not in time.
    """
    return await draw(await asyncio.to_thread(render_picture, document))


async def draw(svg: bytes) -> bytes:
    """Draw an SVG as a PNG, in a process of its own.

    Raises:
        PictureFailed: It could not be drawn, or not in time.
    """
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-I", str(DRAWER), stdin=PIPE, stdout=PIPE, stderr=DEVNULL, env={}
    )
    try:
        async with asyncio.timeout(LONGEST_SECONDS):
            png, _ = await process.communicate(svg)
    except TimeoutError as exc:
        raise PictureFailed("the picture took too long") from exc
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode or not png:
        raise PictureFailed(f"the drawing process ended with {process.returncode}")
    return png
