"""The addresses of a report: page, picture, JSON and CSV, and everything that leads nowhere."""

from __future__ import annotations

import asyncio
import csv
import io
import json
import re
import struct
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
import pytest_asyncio

from application.notice import SpendNotice
from entrypoints.config import Config
from tests.doubles.door import Door, Reply, open_door
from tests.doubles.fakes.notices import EXCEEDED, WITHIN

pytestmark = pytest.mark.asyncio(loop_scope="module")

PUBLIC_URL = "https://spend.example"
PAGES = Config(state_url="memory://", public_url=PUBLIC_URL)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def door() -> AsyncIterator[Door]:
    """One door for all tests that leave it as it was."""
    async with open_door(PAGES) as opened:
        yield opened


async def kept(door: Door, notice: SpendNotice = EXCEEDED) -> str:
    """Keep a report; return the path of its page."""
    told = await door.reports.keep(notice)
    assert isinstance(told, SpendNotice)
    return told.page.removeprefix(PUBLIC_URL)


def but_for_the_date(reply: Reply) -> tuple[int, list[tuple[str, str]], bytes]:
    """An answer, without the second at which it was given."""
    return reply.status, [one for one in reply.headers.items() if one[0] != "Date"], reply.body


async def test_a_page_shows_what_was_told(door: Door) -> None:
    """The verdict, the spend and the account; none of it where a preview would show it."""
    reply = await door.ask("GET", await kept(door))
    html = reply.body.decode()
    assert (reply.status, reply.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert reply.headers["Cache-Control"] == "no-store"
    for shown in ("$142.02", "Over budget", "$42.02 over the threshold of $100.00", "123456789012"):
        assert shown in html
    head = html[: html.index("</head>")].replace(html[html.index("<style>") : html.index("</style>")], "")
    assert not re.search(r"\$\d|123456789012|budget", head)
    assert 'content="noindex' in head


async def test_a_page_needs_no_script_and_nothing_from_elsewhere(door: Door) -> None:
    """Not one script, and every address but that of Cost Explorer is this service's own."""
    html = (await door.ask("GET", await kept(door))).body.decode()
    assert "<script" not in html
    assert "style=" not in html
    addresses = re.findall(r'(?:href|src)="([^"]+)"', html)
    elsewhere = [one for one in addresses if not one.startswith(("/reports/", "data:"))]
    assert [one.split("#")[0] for one in elsewhere] == ["https://console.aws.amazon.com/costmanagement/home"]


async def test_a_picture_is_a_png_as_wide_as_a_chat_shows_it(door: Door) -> None:
    """Twice 960 points, and small enough for any chat."""
    reply = await door.ask("GET", f"{await kept(door)}.png")
    assert (reply.status, reply.headers["Content-Type"]) == (200, "image/png")
    width, height = struct.unpack(">II", reply.body[16:24])
    assert reply.body[:8] == b"\x89PNG\r\n\x1a\n"
    assert width == 1920
    assert 300 < height < 1400
    assert len(reply.body) < 300_000


async def test_json_and_csv_hold_the_figures(door: Door) -> None:
    """Exact amounts, as ``check`` prints them."""
    path = await kept(door)
    document = json.loads((await door.ask("GET", f"{path}.json")).body)
    assert (document["verdict"], document["spend"]) == ("exceeded", {"amount": "142.02", "currency": "USD"})
    newest = {"start": "2026-11-22", "end": "2026-11-23", "services": {"EC2": "142.02"}}
    assert document["costs"][-1] == newest
    reply = await door.ask("GET", f"{path}.csv")
    rows = list(csv.DictReader(io.StringIO(reply.body.decode())))
    assert reply.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert rows[-1] == {
        "start": "2026-11-22",
        "end": "2026-11-23",
        "service": "EC2",
        "amount": "142.02",
        "currency": "USD",
    }


async def test_all_that_is_no_report_is_one_and_the_same_404(door: Door) -> None:
    """Forged, incomplete, of an unknown form, lost from the store: nobody learns which."""
    path = await kept(door, replace(WITHIN, id="another"))
    token = path.removeprefix("/reports/")
    async with open_door(PAGES) as other:  # the same key, an empty store
        lost = but_for_the_date(await other.ask("GET", path))
    forged = [
        token[:-1],
        f"{token}A",
        "x",
        f"{token}.pdf",
        f"{token}.",
        f"{token}.png.png",
        ".png",
        "%00",
        "é",
    ]
    replies = [but_for_the_date(await door.ask("GET", f"/reports/{one}")) for one in forged]
    assert lost[0] == 404
    assert all(reply == lost for reply in replies)
    assert b"There is nothing here" in lost[2]


async def test_without_days_there_are_no_pages() -> None:
    """A message keeps its link to Cost Explorer, and what was given out before leads nowhere."""
    async with open_door(PAGES) as door:
        path = await kept(door)
    async with open_door(replace(PAGES, report_days=0)) as door:
        assert await door.reports.keep(EXCEEDED) is EXCEEDED
        assert (await door.ask("GET", path)).status == 404
    async with open_door(replace(PAGES, public_url=None)) as door:
        assert await door.reports.keep(EXCEEDED) is EXCEEDED


async def test_while_the_storage_is_away_a_page_says_so() -> None:
    """503 with a word when to come back; then the page, without another request to anybody."""
    async with open_door(PAGES) as door:
        path = await kept(door)
        door.disk.break_after(0)
        reply = await door.ask("GET", path)
        assert (reply.status, reply.headers["Retry-After"]) == (503, "5")
        assert b"Not just now" in reply.body
        door.disk.mend()
        assert (await door.ask("GET", path)).status == 200


async def test_a_report_is_looked_up_and_drawn_once_for_a_crowd() -> None:
    """A thousand openings cost the storage one read."""
    async with open_door(PAGES) as door:
        path = await kept(door)
        door.disk.break_after(1)
        replies = await asyncio.gather(*(door.ask("GET", path) for _ in range(50)))
    assert {reply.status for reply in replies} == {200}
    assert len({reply.body for reply in replies}) == 1


async def test_head_tells_what_get_would(door: Door) -> None:
    """As a chat asks that wants to show a preview."""
    path = await kept(door)
    head, get = await door.ask("HEAD", path), await door.ask("GET", path)
    assert (head.status, head.body) == (200, b"")
    assert head.headers["Content-Length"] == str(len(get.body))


async def test_a_token_is_not_in_the_metrics(door: Door) -> None:
    """Their label is the route: whoever reads metrics cannot open a report."""
    path = await kept(door)
    for suffix in ("", ".png", ".json", "x"):
        await door.ask("GET", f"{path}{suffix}")
    metrics = (await door.ask("GET", "/metrics")).body.decode()
    assert "/reports/{address}" in metrics
    assert path not in metrics
