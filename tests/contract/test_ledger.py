"""What every ledger must do."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from application.errors import SomeoneElseSpeaks
from application.ports.ledger import Claim, Ledger, Page
from domain.money import Money
from domain.periods import Period
from domain.reports import Told
from domain.thresholds import Verdict
from tests.contract.states import Harness

CHANNEL = "0123456789abcdef" * 2
TOPIC = "123456789012/daily/99.5"
DAY = date(2026, 2, 28)

FULL_PAGE = Page(
    told={
        Period(DAY, DAY + timedelta(1)): Told((Verdict.WITHIN,), Money(Decimal("0.0000000001"))),
        Period(DAY + timedelta(1), DAY + timedelta(2)): Told(
            (Verdict.NOT_PUBLISHED, Verdict.EXCEEDED, Verdict.WITHIN), Money(Decimal("-1E+3"), "CNY")
        ),
        Period(DAY, DAY + timedelta(31)): Told(
            (Verdict.NOT_PUBLISHED,), None, corrected_on=DAY, forecast=Decimal(100)
        ),
        Period(DAY, DAY + timedelta(3)): Told(
            (Verdict.WITHIN,), Money(Decimal(80)), Money(Decimal("79.5")), spike=True, milestone=Decimal(50)
        ),
    },
    failures={"settings-rejected": "2026-02-28", "access-key-unknown": "2026-02-01"},
    claim=Claim("019-abc", datetime(2026, 2, 28, 12, 0, 0, 123456, tzinfo=UTC)),
    since=date(2026, 1, 31),
    fired=datetime(2026, 2, 28, 7, tzinfo=UTC),
    asks=("settings", "others"),
    answered={"019-abc": 0, "019-abd": 3},
    lags={DAY: 691, DAY + timedelta(1): 0},
    as_of=datetime(2026, 2, 28, 11, 59, 59, 999999, tzinfo=UTC),
)


async def written(ledger: Ledger, page: Page, channel: str = CHANNEL, topic: str = TOPIC) -> Page:
    """The page after it was replaced by this one."""
    return await ledger.update(channel, topic, lambda _: page)


def adding(code: str) -> Callable[[Page], Page]:
    """A change that notes one more failure."""
    return lambda page: replace(page, failures={**page.failures, code: "2026-02-28"})


async def test_a_page_not_yet_written(ledger: Ledger) -> None:
    """A channel that has been told nothing has an empty page."""
    assert Page() == await ledger.read(CHANNEL, TOPIC)


async def test_a_page_as_it_was_written(ledger: Ledger) -> None:
    """Nothing on a page is changed or lost, to the last decimal and microsecond."""
    assert FULL_PAGE == await written(ledger, FULL_PAGE) == await ledger.read(CHANNEL, TOPIC)


async def test_a_change_is_given_the_page_as_it_is(ledger: Ledger) -> None:
    """What was there before goes in, what it becomes comes out, and what is no longer on it is gone."""
    seen: list[Page] = []

    def change(page: Page) -> Page:
        seen.append(page)
        return replace(page, told={}, claim=None)

    await written(ledger, FULL_PAGE)
    changed = await ledger.update(CHANNEL, TOPIC, change)
    assert seen == [FULL_PAGE]
    assert replace(FULL_PAGE, told={}, claim=None) == changed == await ledger.read(CHANNEL, TOPIC)


async def test_a_change_that_changes_nothing(ledger: Ledger) -> None:
    """The page is returned as it is."""
    await written(ledger, FULL_PAGE)
    assert await ledger.update(CHANNEL, TOPIC, lambda page: page) == FULL_PAGE
    assert Page() == await ledger.update("nobody", TOPIC, lambda page: page)


async def test_a_change_that_refuses(ledger: Ledger) -> None:
    """Its own error reaches who asked for it, and the page stays as it is."""
    await written(ledger, FULL_PAGE)

    def refuse(_: Page) -> Page:
        raise SomeoneElseSpeaks("not now")

    with pytest.raises(SomeoneElseSpeaks, match="not now"):
        await ledger.update(CHANNEL, TOPIC, refuse)
    assert await ledger.read(CHANNEL, TOPIC) == FULL_PAGE


async def test_pages_are_apart(ledger: Ledger) -> None:
    """Each channel and each topic has its own page, whatever their names are made of."""
    names = [("a", "b/c"), ("a/b", "c"), ("a", "b.c"), ("a.b", "c"), ("a", "*"), ("a", ">"), ("ä", "b c")]
    for number, (channel, topic) in enumerate(names):
        await written(ledger, Page(failures={"code": str(number)}), channel, topic)
    pages = [await ledger.read(channel, topic) for channel, topic in names]
    assert [str(number) for number in range(len(names))] == [page.failures["code"] for page in pages]


async def test_one_of_many_claims(harness: Harness, ledger: Ledger) -> None:
    """Of many who claim a page that nobody may claim twice, in two processes at once, one succeeds."""

    def claim(name: str) -> Callable[[Page], Page]:
        def change(page: Page) -> Page:
            if page.claim:
                raise SomeoneElseSpeaks("claimed")
            return replace(page, claim=Claim(name, datetime(2026, 2, 28, tzinfo=UTC)))

        return change

    async with harness.another() as other:
        claims = [
            each.update(CHANNEL, TOPIC, claim(f"tick-{n}"))
            for n, each in enumerate([ledger, other.ledger] * 10)
        ]
        outcomes = await asyncio.gather(*claims, return_exceptions=True)
    refused = sum(isinstance(outcome, SomeoneElseSpeaks) for outcome in outcomes)
    winners = [outcome for outcome in outcomes if isinstance(outcome, Page)]
    assert (19, [await ledger.read(CHANNEL, TOPIC)]) == (refused, winners)


async def test_no_change_is_lost(harness: Harness, ledger: Ledger) -> None:
    """Of many who add to a page at once, in two processes, nobody's addition disappears."""
    async with harness.another() as other:
        await asyncio.gather(
            *[
                each.update(CHANNEL, TOPIC, adding(f"{who}{n}"))
                for n in range(5)
                for who, each in (("a", ledger), ("b", other.ledger))
            ]
        )
        assert len((await ledger.read(CHANNEL, TOPIC)).failures) == 10


async def test_seen_by_another_process(harness: Harness, ledger: Ledger) -> None:
    """What one process has written, every process reads, and can go on from."""
    await written(ledger, FULL_PAGE)
    async with harness.another() as other:
        assert await other.ledger.read(CHANNEL, TOPIC) == FULL_PAGE
        changed = await other.ledger.update(CHANNEL, TOPIC, adding("aws-off"))
    assert changed == await ledger.read(CHANNEL, TOPIC) == adding("aws-off")(FULL_PAGE)
