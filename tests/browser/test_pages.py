"""The pages in a real browser: readable to everybody, on any screen, on paper, and without a script."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any, Literal

import pytest
import pytest_asyncio
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, Page

from application.credentials import Role
from application.let_in import RoleAccess
from application.notice import SpendNotice
from application.role_errors import RoleNotLetIn
from domain.money import Money
from domain.periods import Frequency
from domain.told import Told
from entrypoints.config import Config
from tests.doubles.chromium import chromium, is_required, open_browser
from tests.doubles.door import Door, open_door
from tests.doubles.fakes.histories import daily
from tests.doubles.fakes.notices import EXCEEDED, MONITOR, UNPUBLISHED, days, on_days, spend_notice

pytestmark = [
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.skipif(chromium() is None and not is_required(), reason="no Chromium is installed here"),
]

PUBLIC_URL = "https://spend.example"
PHONE = 360
LONGEST_SECONDS = 120
"""For one page: a browser that dies answers nobody, and no test waits for it for ever."""
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
NAMED = ("Amazon Elastic Compute Cloud - Compute", "Amazon Relational Database Service", "Tax", "AWS Lambda")
USUAL = {name: str(20 - 4 * n) for n, name in enumerate(NAMED)}
HOSTILE = {"<script>document.title='owned'</script>": "9", "W" * 300: "8", "\u202egnp.exe": "7"} | {
    f"Service {n} of very many, with quite a long name": str(n) for n in range(200)
}
TOLD = Told(
    (MONITOR.threshold.judge(EXCEEDED.history, EXCEEDED.report.period),), Money(MONITOR.threshold.amount)
)
REPORTS = {
    "a breach": on_days(*[USUAL] * 34, USUAL | {"Amazon SageMaker": "118.33"}),
    "told before": replace(EXCEEDED, id="told", report=replace(EXCEEDED.report, before=TOLD, spike=True)),
    "within budget": on_days(*[USUAL] * 35),
    "not published": UNPUBLISHED,
    "nothing at all": on_days(*[None] * 35),
    "hostile names": on_days(*[HOSTILE] * 35),
    "credits": on_days(*[USUAL | {"Credit": "-60"}] * 35),
    "a month": spend_notice(
        daily("2026-11-23", *[USUAL] * 62), replace(MONITOR, frequency=Frequency.MONTH_TO_DATE)
    ),
    "another currency": spend_notice(daily("2026-11-23", *["1234567.89"] * 35, currency="CNY")),
    "one day": spend_notice(days("5")),
}
ROLE = replace(MONITOR, credentials=Role("arn:aws:iam::111122223333:role/spend"))
PAGES = ("/", "/reports/none", "/access", *REPORTS)


class Reader:
    """Somebody with a browser.

    Args:
        browser: It.
        door: What serves the pages.
        paths: Where each page is, by name.
    """

    def __init__(self, browser: Browser, door: Door, paths: dict[str, str]) -> None:
        self.browser = browser
        self.door = door
        self.paths = paths

    @asynccontextmanager
    async def reading(self, name: str, **options: Any) -> AsyncIterator[Page]:
        """Open a page; nothing may go wrong in it, and nothing be asked of anybody else."""
        async with asyncio.timeout(LONGEST_SECONDS), await self.browser.new_context(**options) as context:
            page = await context.new_page()
            page.set_default_timeout(20_000)
            wrong: list[str] = []
            page.on(
                "console", lambda message: wrong.append(message.text) if message.type == "error" else None
            )
            page.on("pageerror", lambda error: wrong.append(str(error)))
            base = f"http://127.0.0.1:{self.door.port}"
            page.on(
                "request", lambda ask: None if ask.url.startswith((base, "data:")) else wrong.append(ask.url)
            )
            await page.goto(base + self.paths[name])
            yield page
            assert [one for one in wrong if "404 (Not Found)" not in one] == []


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def reader() -> AsyncIterator[Reader]:
    """One browser and one door for all tests."""
    config = Config(
        state_url="memory://",
        public_url=PUBLIC_URL,
        operator="Platform team, ops@acme.example",
        role_access=RoleAccess.EXTERNAL_ID,
    )
    async with open_door(config) as door, open_browser() as browser:
        paths = {"/": "/", "/reports/none": "/reports/none"}
        way_in = door.let_in.way_in(door.let_in.named(ROLE, PUBLIC_URL), RoleNotLetIn())
        assert way_in is not None
        paths["/access"] = way_in.link.removeprefix(PUBLIC_URL)
        for name, notice in REPORTS.items():
            told = await door.reports.keep(replace(notice, id=name.replace(" ", "-")))
            assert isinstance(told, SpendNotice)
            paths[name] = told.page.removeprefix(PUBLIC_URL)
        yield Reader(browser, door, paths)


def serious(violations: Sequence[dict[str, Any]]) -> list[str]:
    """What keeps somebody from reading."""
    return [
        f"{one['id']}: {one['help']} at {node['target']}"
        for one in violations
        if one["impact"] in {"serious", "critical"}
        for node in one["nodes"]
    ]


@pytest.mark.parametrize("name", PAGES)
async def test_everybody_can_read_it(name: str, reader: Reader) -> None:
    """With everything unfolded: axe finds nothing serious in light and dark; 360 points are wide enough."""
    async with reader.reading(name, viewport={"width": PHONE, "height": 740}) as page:
        await page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true })")
        assert await page.evaluate("document.scrollingElement.scrollWidth") <= PHONE
        for scheme in SCHEMES:
            await page.emulate_media(color_scheme=scheme)
            found = (await Axe().run(page)).response
            assert found["passes"]
            assert serious(found["violations"]) == []


@pytest.mark.parametrize("name", ["/", "/reports/none", "/access", "a breach"])
async def test_a_page_is_whole_without_a_script(name: str, reader: Reader) -> None:
    """The same words, and a style that is applied, so that the policy lets the page's own through."""
    async with reader.reading(name) as page:
        words = await page.inner_text("main")
        assert await page.evaluate("getComputedStyle(document.querySelector('main')).maxWidth") != "none"
    async with reader.reading(name, java_script_enabled=False) as page:
        assert await page.inner_text("main") == words.replace("Copy\n", "").removesuffix("Copy")


async def test_a_name_from_outside_runs_nothing(reader: Reader) -> None:
    """Whatever a service is called."""
    async with reader.reading("hostile names") as page:
        assert await page.title() == "AWS spend report"
        assert await page.locator("script").count() == 0


async def test_the_address_can_be_copied(reader: Reader) -> None:
    """With one click, where there is a clipboard and a script."""
    async with reader.reading("/", permissions=["clipboard-read", "clipboard-write"]) as page:
        await page.click("button[data-copy=manifest]")
        await page.wait_for_selector("button:has-text('Copied')")
        assert await page.evaluate("navigator.clipboard.readText()") == f"{PUBLIC_URL}/integration.json"


@pytest.mark.parametrize("name", ["/", "a breach"])
async def test_a_page_prints_black_on_white(name: str, reader: Reader) -> None:
    """Even from a dark screen, and without what paper cannot do."""
    async with reader.reading(name, color_scheme="dark") as page:
        await page.emulate_media(media="print", color_scheme="dark")
        colors = await page.evaluate(
            "[getComputedStyle(document.body).backgroundColor, getComputedStyle(document.body).color]"
        )
        assert colors == ["rgb(255, 255, 255)", "rgb(0, 0, 0)"]
        assert await page.locator("button:visible").count() == 0
        assert (await page.pdf())[:5] == b"%PDF-"


async def test_a_bar_tells_its_day(reader: Reader) -> None:
    """To a pointer that rests on it, and to whoever sees no chart."""
    async with reader.reading("a breach") as page:
        newest = page.locator(".plot g").last.locator("title")
        assert (await newest.text_content() or "").startswith("Sun 22 Nov 2026: $174.33, may still change\n")
        described = await page.locator(".plot > title").text_content() or ""
        assert "the highest $174.33 (Sun 22 Nov 2026)" in described


async def test_every_slot_has_a_color(reader: Reader) -> None:
    """No segment of the chart is left black, in light or dark."""
    async with reader.reading("hostile names") as page:
        for scheme in SCHEMES:
            await page.emulate_media(color_scheme=scheme)
            fills = await page.evaluate(
                "[...new Set([...document.querySelectorAll('.plot g rect:not(.place)')]"
                ".map(one => getComputedStyle(one).fill))]"
            )
            assert len(fills) == 8
            assert "rgb(0, 0, 0)" not in fills
