"""``make screens``: the pages and a chat as a browser shows them, from a month that was made up."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

from playwright.async_api import Browser
from yarl import URL

from adapters.chats import slack
from application.notice import SpendNotice
from entrypoints.config import Config
from programs.slack_screen import page as slack_page
from tests.doubles.chromium import open_browser
from tests.doubles.door import open_door
from tests.doubles.fakes.notices import on_days
from tests.doubles.fakes.sample_month import month

FOLDER = Path(__file__).parent.parent / "docs"
PUBLIC_URL = "https://spend.example.com"


async def picture(
    browser: Browser, url: str, name: str, *, width: int, height: int, dark: bool = False
) -> None:
    """Write ``docs/<name>.png``."""
    context = await browser.new_context(
        viewport={"width": width, "height": height},
        color_scheme="dark" if dark else "light",
        device_scale_factor=1.25,
    )
    page = await context.new_page()
    await page.goto(url)
    await page.screenshot(path=FOLDER / f"{name}.png")
    await context.close()


async def chat(browser: Browser, told: SpendNotice, base: str) -> None:
    """Write ``docs/slack.png``: what Slack is sent, with the picture that it would fetch."""
    request = slack.write(told, URL("https://hooks.slack.com/services/T0/B0/made-up"))
    html = slack_page(json.loads(request.body)).replace(PUBLIC_URL, base)
    page = await browser.new_page(viewport={"width": 640, "height": 100}, device_scale_factor=1.5)
    await page.set_content(html, wait_until="networkidle")
    await page.screenshot(path=FOLDER / "slack.png", full_page=True)
    await page.close()


async def main() -> None:
    """Take pictures of a report, on a desk and on a phone in the dark, of the landing page, and of a chat."""
    config = Config(
        state_url="memory://", public_url=PUBLIC_URL, operator="Platform team, platform@example.com"
    )
    async with open_door(config) as door, open_browser() as browser:
        told = await door.reports.keep(on_days(*month()))
        assert isinstance(told, SpendNotice)
        base = f"http://127.0.0.1:{door.port}"
        report = base + told.page.removeprefix(PUBLIC_URL)
        await picture(browser, report, "report", width=1040, height=1290)
        await picture(browser, report, "report-phone", width=390, height=844, dark=True)
        await picture(browser, f"{base}/", "landing", width=1040, height=1180)
        await chat(browser, told, base)


if __name__ == "__main__":
    asyncio.run(main())
