"""``make screens``: pictures of a terminal and of messages, made from what the service really says."""

from __future__ import annotations

import asyncio
import io
import tempfile
from datetime import date
from pathlib import Path

from rich.console import Console
from rich.text import Text

from tests.doubles import aws, service
from tests.doubles.fakes.five_weeks import BEGIN, INCIDENT, SHOWS, Team
from tests.doubles.fakes.world import World, settings
from tests.doubles.sample_costs import SPIKE, month_of_costs

FOLDER = Path(__file__).parent.parent / "docs"
WIDTH = 100
FIRST = date(2026, 12, 1)


def picture(name: str, title: str, content: Text) -> None:
    """Write ``docs/<name>.svg``."""
    console = Console(record=True, width=WIDTH, file=io.StringIO(), force_terminal=True)
    console.print(content)
    console.save_svg(str(FOLDER / f"{name}.svg"), title=title)


async def messages() -> None:
    """Six messages: what a team reads on a good day, and on the others."""
    read = await Team().read()
    wrong = World()
    await wrong.tick(settings(threshold="100,5O"))
    shown = {
        "A good day": read[5][0],
        "A breach": read[INCIDENT.start + 1][0],
        "Its third day": read[INCIDENT.start + 3][0],
        "A correction": read[SHOWS][0],
        "The first of a month": read[(FIRST - BEGIN).days + 1][0],
        "A failed check": wrong.texts[0],
    }
    parts = []
    for title, text in shown.items():
        short = text.partition("\n🔗")[0]
        parts.append(f"── {title} {'─' * (WIDTH - len(title) - 4)}\n\n{short}\n")
    picture("messages", "What a channel reads", Text("\n".join(parts), overflow="fold"))


async def main() -> None:
    """Take the pictures."""
    await messages()
    with aws.moto_aws() as cloud, tempfile.TemporaryDirectory() as folder:
        cloud.bill(month_of_costs(SPIKE))
        key = cloud.user("team")
        _, out, _ = await service.run(
            *("check", "--threshold", "100"),
            folder=Path(folder),
            AWS_ENDPOINT_URL=cloud.url,
            AWS_ACCESS_KEY_ID=key[0],
            AWS_SECRET_ACCESS_KEY=key[1],
            FORCE_COLOR="1",
            COLUMNS=str(WIDTH),
        )
        picture("check", "aws-spend-monitor check --threshold 100", Text.from_ansi(out))


if __name__ == "__main__":
    asyncio.run(main())
