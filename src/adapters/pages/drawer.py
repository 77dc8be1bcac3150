"""A program: reads an SVG, writes a PNG. It is run by ``picture.py`` and knows nothing of this service."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import resvg_py

FONTS = [str(path) for path in sorted((Path(__file__).parent / "fonts").glob("*.otf"))]
KNOWN_TO_THE_FONTS = 0x2E80
"""Beyond are scripts that only the system's fonts have, if any; to look for them takes long."""

PIXELS_PER_UNIT = 2

if __name__ == "__main__":
    os.nice(10)  # whatever else this machine has to do comes first
    svg = sys.stdin.buffer.read().decode()
    sys.stdout.buffer.write(
        resvg_py.svg_to_bytes(
            svg_string=svg,
            zoom=PIXELS_PER_UNIT,
            skip_system_fonts=ord(max(svg)) < KNOWN_TO_THE_FONTS,
            font_files=FONTS,
            font_family="Inter",
            sans_serif_family="Inter",
        )
    )
