"""``make screens``: the picture of a terminal, made from what the command really prints."""

from __future__ import annotations

import asyncio
import io
import tempfile
from pathlib import Path

from rich.console import Console
from rich.text import Text

from tests.demo import SPIKE, month_of_costs
from tests.doubles import aws, service

FOLDER = Path(__file__).parent.parent / "docs"
WIDTH = 100


def picture(name: str, title: str, content: Text) -> None:
    """Write ``docs/<name>.svg``."""
    console = Console(record=True, width=WIDTH, file=io.StringIO(), force_terminal=True)
    console.print(content)
    console.save_svg(str(FOLDER / f"{name}.svg"), title=title)


async def main() -> None:
    """Take a picture of ``check`` on a terminal."""
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
