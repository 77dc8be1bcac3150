"""``make screens``: the pictures of the README, made from what the service and the command really print."""

from __future__ import annotations

import asyncio
import io
import tempfile
from pathlib import Path

import aiohttp
from rich.console import Console
from rich.panel import Panel
from rich.text import Text

from tests.demo import SPIKE, month_of_costs
from tests.doubles import aws, service
from tests.doubles.telex import local_channel, tick_settings

FOLDER = Path(__file__).parent.parent / "docs"
WIDTH = 100


def picture(name: str, title: str, content: Text | Panel) -> None:
    """Write ``docs/<name>.svg``."""
    console = Console(record=True, width=WIDTH, file=io.StringIO(), force_terminal=True)
    console.print(content)
    console.save_svg(str(FOLDER / f"{name}.svg"), title=title)


async def main() -> None:
    """Take a picture of a message as a channel has it, and of ``check`` on a terminal."""
    with aws.moto_aws() as cloud, tempfile.TemporaryDirectory() as folder:
        cloud.bill(month_of_costs(SPIKE))
        key = cloud.user("team")
        async with (
            local_channel() as channel,
            service.running(folder=Path(folder), AWS_ENDPOINT_URL=cloud.url) as running,
            aiohttp.ClientSession() as client,
        ):
            await client.post(f"{running.url}/tick", json=channel.tick("team", tick_settings(key, "100")))
            (message,) = await channel.wait_for("team")
        text = Text(message["message"], overflow="fold")
        picture("message", "AWS Spend Monitor", Panel(text, title="Cost Alert", border_style="red"))
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
