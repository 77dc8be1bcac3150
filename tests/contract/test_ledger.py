"""What every ledger must do."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from application.ports.ledger import Claim, Ledger, Page
from domain.money import Money
from domain.periods import Period
from domain.reports import Told
from domain.thresholds import Verdict
from tests.contract.states import HARNESSES, Harness

CHANNEL = "0123456789abcdef" * 2
TOPIC = "123456789012/daily/99.5"
DAY = date(2026, 2, 28)

FULL_PAGE = Page(
    told={
        Period(DAY, DAY + timedelta(1)): Told((Verdict.WITHIN,), Money(Decimal("0.0000000001"))),
        Period(DAY + timedelta(1), DAY + timedelta(2)): Told(
            (Verdict.NOT_PUBLISHED, Verdict.EXCEEDED, Verdict.WITHIN), Money(Decimal("-1E+3"), "CNY")
        ),
        Period(DAY, DAY + timedelta(31)): Told((Verdict.NOT_PUBLISHED,), None),
        Period(DAY, DAY + timedelta(3)): Told(
            (Verdict.WITHIN,), Money(Decimal(80)), Money(Decimal("79.5")), spike=True, milestone=Decimal(50)
        ),
    },
    failures={"settings-rejected": "2026-02-28", "access-key-unknown": "2026-02-01"},
    claim=Claim("019-abc", datetime(2026, 2, 28, 12, 0, 0, 123456, tzinfo=UTC)),
    since=date(2026, 1, 31),
)


@pytest.fixture(params=HARNESSES)
async def harness(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Harness]:
    """One adapter after the other."""
    async with HARNESSES[request.param](tmp_path) as opened:
        yield opened


@pytest.fixture
def ledger(harness: Harness) -> Ledger:
    """The adapter's ledger."""
    return harness.state.ledger


async def written(ledger: Ledger, page: Page, channel: str = CHANNEL, topic: str = TOPIC) -> Page:
    """The page as it was written, which must succeed."""
    result = await ledger.write(channel, topic, page)
    assert result is not None
    return result


async def test_a_page_not_yet_written(ledger: Ledger) -> None:
    """A channel that has been told nothing has an empty page."""
    assert Page() == await ledger.read(CHANNEL, TOPIC)


async def test_a_page_as_it_was_written(ledger: Ledger) -> None:
    """Nothing on a page is changed or lost, to the last decimal and microsecond."""
    page = await written(ledger, FULL_PAGE)
    assert replace(FULL_PAGE, revision=page.revision) == page == await ledger.read(CHANNEL, TOPIC)


async def test_every_write_has_its_own_revision(ledger: Ledger) -> None:
    """No revision comes twice, and 0 is none."""
    page, revisions = Page(), [0]
    for _ in range(3):
        page = await written(ledger, page)
        revisions.append(page.revision)
    assert len(set(revisions)) == 4


async def test_a_later_write_replaces_the_page(ledger: Ledger) -> None:
    """What is no longer on the page is gone."""
    first = await written(ledger, FULL_PAGE)
    await written(ledger, Page(revision=first.revision))
    assert Page() == replace(await ledger.read(CHANNEL, TOPIC), revision=0)


async def test_a_page_that_somebody_else_has_written_since(ledger: Ledger) -> None:
    """A write over what one has not read is refused, and changes nothing."""
    first = await written(ledger, Page())
    second = await written(ledger, replace(FULL_PAGE, revision=first.revision))
    refused = await ledger.write(CHANNEL, TOPIC, first)
    assert (None, second) == (refused, await ledger.read(CHANNEL, TOPIC))


async def test_a_first_page_that_is_there_already(ledger: Ledger) -> None:
    """Of two who believe that theirs is the first word, the second is refused."""
    first = await written(ledger, FULL_PAGE)
    refused = await ledger.write(CHANNEL, TOPIC, Page())
    assert (None, first) == (refused, await ledger.read(CHANNEL, TOPIC))


async def test_a_revision_of_a_page_that_is_not_there(ledger: Ledger) -> None:
    """A page that has gone cannot be written as if it were there."""
    refused = await ledger.write(CHANNEL, TOPIC, replace(FULL_PAGE, revision=7))
    assert (None, Page()) == (refused, await ledger.read(CHANNEL, TOPIC))


async def test_pages_are_apart(ledger: Ledger) -> None:
    """Each channel and each topic has its own page, whatever their names are made of."""
    names = [("a", "b/c"), ("a/b", "c"), ("a", "b.c"), ("a.b", "c"), ("a", "*"), ("a", ">"), ("ä", "b c")]
    for number, (channel, topic) in enumerate(names):
        await written(ledger, Page(failures={"code": str(number)}), channel, topic)
    pages = [await ledger.read(channel, topic) for channel, topic in names]
    assert [str(number) for number in range(len(names))] == [page.failures["code"] for page in pages]


async def test_one_of_many_first_writers(harness: Harness, ledger: Ledger) -> None:
    """Of many who write the first page at once, in two processes, one succeeds."""
    async with harness.another() as other:
        writes = [each.write(CHANNEL, TOPIC, FULL_PAGE) for each in [ledger, other.ledger] * 20]
        pages = await asyncio.gather(*writes)
        assert pages.count(None) == 39


async def test_no_write_is_lost(harness: Harness, ledger: Ledger) -> None:
    """Of many who read, add and write at once, in two processes, nobody's addition disappears."""

    async def add(ledger: Ledger, code: str) -> None:
        page = await ledger.read(CHANNEL, TOPIC)
        while not await ledger.write(CHANNEL, TOPIC, replace(page, failures={**page.failures, code: ""})):
            page = await ledger.read(CHANNEL, TOPIC)

    async with harness.another() as other:
        writers = [
            add(each, f"{who}{n}") for n in range(8) for who, each in (("a", ledger), ("b", other.ledger))
        ]
        await asyncio.gather(*writers)
        assert len((await ledger.read(CHANNEL, TOPIC)).failures) == 16


async def test_seen_by_another_process(harness: Harness, ledger: Ledger) -> None:
    """What one process has written, every process reads, and can go on from."""
    page = await written(ledger, FULL_PAGE)
    async with harness.another() as other:
        seen = await other.ledger.read(CHANNEL, TOPIC)
        await written(other.ledger, seen)
        assert (page, None) == (seen, await ledger.write(CHANNEL, TOPIC, page))
