"""``make demo``: the real service on SQLite, moto as AWS, a local channel as Telex; four ticks and a page.

With ``--stay`` (``make demo STAY=1``) it goes on serving until Enter, so that the page can be opened.
"""

from __future__ import annotations

import asyncio
import json
import re
import socket
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp
from rich.console import Console
from rich.panel import Panel
from rich.text import Text

from domain.costs import pair
from programs.midnight import Night
from tests.doubles import aws, service
from tests.doubles.sample_costs import SPIKE, month_of_costs
from tests.doubles.telex import LocalChannel, local_channel, tick_settings
from tests.doubles.watches import HOURLY, known_since_yesterday, variables

console = Console(width=100)

PICTURE = Path(__file__).parent.parent / "docs" / "demo-report.png"


def cause_of(spike: dict[str, str]) -> list[dict[str, Any]]:
    """The further answer: the spiking service by usage type and region, as it began on the newest day."""
    [amount] = spike.values()
    began = {pair("USE1-Host:ml.p4d.24xlarge", "us-east-1"): amount}
    return aws.days(datetime.now(UTC).date(), *[{pair("USE1-Studio", "us-east-1"): "0"}] * 14, began)


def masked(tick: dict[str, Any]) -> dict[str, Any]:
    """The tick without its secret: even a demo prints none."""
    shown = json.loads(json.dumps(tick))
    for setting in shown["settings"]:
        if setting["label"] == "aws_secret_access_key":
            setting["default"] = "…"
    return dict(shown)


def show(title: str, value: object, color: str = "none") -> None:
    """Print JSON, or a message, in a frame."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    console.print(Panel(Text(text), title=title, border_style=color))


async def scene(
    title: str, begins: str, cloud: aws.MotoAws, url: str, channel: LocalChannel, tick: dict[str, Any]
) -> str:
    """Send one tick; show it, what was asked of Cost Explorer, and the message, which begins so."""
    console.rule(f"[bold]{title}")
    asked_before = len(cloud.questions)
    show("POST /tick", masked(tick))
    async with aiohttp.ClientSession() as client, client.post(f"{url}/tick", json=tick) as answer:
        console.print(f"the service answered {answer.status} {await answer.text()}")
    message = (await channel.wait_for(tick["channel_id"]))[-1]
    for question in cloud.questions[asked_before:]:
        show("asked of Cost Explorer", question)
    if len(cloud.questions) == asked_before:
        console.print("asked of Cost Explorer: nothing")
    show("the channel reads", message["message"], "green" if message["status"] == "success" else "red")
    if not message["message"].startswith(begins):
        raise SystemExit(f"this message should have begun with {begins}")
    return message["message"]


async def open_page(message: str) -> None:
    """Open the page that a message links to, and keep its picture."""
    link = re.search(r"http://\S+/reports/\S+", message)
    if not link:
        raise SystemExit("this message should have linked to its page")
    async with aiohttp.ClientSession(raise_for_status=True) as client:
        async with client.get(link[0]) as page:
            size = len(await page.read())
        async with client.get(f"{link[0]}.png") as picture:
            PICTURE.write_bytes(await picture.read())
    console.print(f"its page, {size // 1000} kB: {link[0]}", soft_wrap=True)
    console.print(f"the page's picture: {PICTURE}", soft_wrap=True)


def free_port() -> int:
    """One that nobody listens on: the service has to know its address before it starts."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


async def midnight(cloud: aws.MotoAws, channel: LocalChannel, key: aws.Key, folder: Path) -> None:
    """A tick at 00:00, when AWS has published half of the day; and what the channel reads at noon."""
    console.rule("[bold]A tick at midnight")
    night = Night(cloud, channel, channel.tick("midnight", tick_settings(key, "100")), month_of_costs())
    console.print(f"the clock of this scene shows {night.clock.now():%H:%M}; AWS has half of the day")
    waits, (at_midnight, at_noon) = await night.pass_by(folder)
    show("the channel reads at once", at_midnight["message"], "yellow")
    console.print(f"inbox list: the tick is {waits.state} until {waits.at:%H:%M}: {waits.reason}")
    console.print(f"the clock shows {night.clock.now():%H:%M}; AWS has all of the day")
    show("the channel reads", at_noon["message"], "green")
    if not (at_midnight["message"].startswith("⏳") and at_noon["message"].startswith("✅")):
        raise SystemExit("the midnight tick should have waited for the whole day")


async def watch(cloud: aws.MotoAws, channel: LocalChannel, key: aws.Key, folder: Path) -> None:
    """A watch whose time came while nothing ran: a service without Telex tells Slack at its start."""
    console.rule("[bold]A watch, and no Telex at all")
    (folder / "watch").mkdir()
    file = folder / "watch" / "watches.toml"
    file.write_text(HOURLY, encoding="utf-8")
    show("watches.toml", HOURLY.strip())
    environment = variables(file, channel.slack_url("watch"), cloud.url, key)
    await known_since_yesterday(file.parent, environment)
    async with service.running(folder=file.parent, **environment) as monitor:
        message: dict[str, Any] = dict(*await channel.wait_for("watch"))
        (fired,) = await monitor.wait_for("watch_fired")
    console.print(f"the watch {fired['watch']} was due at {fired['due']}; made up for at the start")
    (attachment,) = message["attachments"]
    shown = [block.get("text", {}).get("text") or block.get("fields") for block in attachment["blocks"]]
    show(f"Slack is sent {attachment['color']}", "\n".join(map(_block, shown)), "red")
    if not message["text"].startswith("🔔"):
        raise SystemExit("the watch should have told of a day over budget")


def _block(said: str | list[dict[str, str]] | None) -> str:
    return said if isinstance(said, str) else "\n".join(field["text"] for field in said or [])


async def main() -> None:
    """Run the scenes, open a page, and end with 0, or with what went wrong."""
    port = free_port()
    with aws.moto_aws() as cloud, tempfile.TemporaryDirectory() as folder:
        quiet, spiking = cloud.user("quiet-team"), cloud.user("spiking-team")
        async with (
            local_channel() as channel,
            service.running(
                *("serve", "--port", str(port)),
                folder=Path(folder),
                AWS_ENDPOINT_URL=cloud.url,
                SPEND_MONITOR_PUBLIC_URL=f"http://127.0.0.1:{port}",
                SPEND_MONITOR_DRILL_DOWN="exceeded",
            ) as monitor,
        ):
            console.print(
                f"aws-spend-monitor serves on {monitor.url}, its state is SQLite in a temporary folder"
            )
            cloud.bill(month_of_costs())
            tick = channel.tick("quiet", tick_settings(quiet, "100"))
            await scene("A day within budget", "✅", cloud, monitor.url, channel, tick)
            cloud.bill(month_of_costs(SPIKE), cause_of(SPIKE))
            tick = channel.tick("spike", tick_settings(spiking, "100"))
            breach = await scene("A day over budget", "🔔", cloud, monitor.url, channel, tick)
            await open_page(breach)
            wrong = ("AKIAIOSFODNN7EXAMPLE", "wrong")
            tick = channel.tick("wrong", tick_settings(wrong, "100"))
            await scene("Wrong keys", "⚠️", cloud, monitor.url, channel, tick)
            await watch(cloud, channel, cloud.user("watching-team"), Path(folder))
            await midnight(cloud, channel, cloud.user("night-team"), Path(folder))
            if "--stay" in sys.argv:
                console.print(f"\nserving; the landing page is {monitor.url}/. Press Enter to end.")
                await asyncio.to_thread(sys.stdin.readline)
    console.rule("[bold]done: four ticks, a watch and a page")


if __name__ == "__main__":
    asyncio.run(main())
