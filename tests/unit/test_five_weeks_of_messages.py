"""What a team reads over five weeks: each message is worth its place, and says first what happened."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from adapters.chats.telex import message_of
from application.notice import SpendNotice
from tests.doubles.fakes.five_weeks import BEGIN, INCIDENT, LATE_CREDIT, SHOWS, Team
from tests.doubles.fakes.world import DAY, URL, settings


def incident_read_on() -> range:
    """The days on which the incident's days are reported."""
    return range(INCIDENT.start + 1, INCIDENT.stop + 1)


async def test_one_message_a_day_and_a_good_one_is_short() -> None:
    """Under 350 characters, with the verdict in it; every other says more."""
    read = await Team().read()
    assert {len(texts) for texts in read.values()} == {1}
    good = [text for (text,) in read.values() if text.splitlines()[1].startswith("Nothing unusual.")]
    assert len(good) >= 24
    assert max(map(len, good)) < 350
    assert all(text.splitlines()[5] == "🟢 Status: Within Budget" for text in good)


async def test_every_day_of_an_incident_has_the_culprit_on_the_second_line() -> None:
    """With how long it lasts and what it has cost so far; and the day after is told to be back."""
    read = await Team().read()
    told = [read[number][0].splitlines()[1] for number in incident_read_on()]
    assert [line.partition(" over")[0] for line in told] == [
        "Amazon SageMaker $64.25: usually nothing.",
        "Amazon SageMaker $64.25: second day, usually nothing; so far $128.50",
        "Amazon SageMaker $64.25: third day, usually nothing; so far $192.75",
        "Amazon SageMaker $64.25: fourth day, usually nothing; so far $257.00",
    ]
    others = [text for number, texts in read.items() for text in texts if number not in incident_read_on()]
    assert not [text for text in others if "SageMaker" in text.splitlines()[1]]
    assert read[incident_read_on().stop][0].splitlines()[1].startswith("Back within budget after 4 days")


async def test_no_weekend_and_no_first_is_an_event() -> None:
    """A quiet Saturday is not "down", a Monday is not "up", and what falls on every 1st is named as that."""
    read = await Team().read()
    first = (date(2026, 12, 1) - BEGIN).days + 1
    assert "$29.00 is the support fee and $17.00 is tax, not usage" in read[first][0].splitlines()[1]
    assert "new" not in read[first][0]
    eventful = [
        number for number, (text,) in read.items() if not text.splitlines()[1].startswith("Nothing unusual.")
    ]
    assert eventful == [first, first + 1, *incident_read_on(), incident_read_on().stop, SHOWS]


async def test_a_breach_that_shows_late_is_one_red_message() -> None:
    """With the newest day in it, which is well."""
    read = await Team().read()
    lines = read[SHOWS][0].splitlines()
    assert lines[0] == "🔔 AWS Spend Alert"
    assert lines[1].startswith(
        "Correction: Wed 16 Dec 2026 was told as within budget at $75.50; now exceeded"
    )
    assert lines[5] == "🟢 Status: Within Budget"


async def test_what_aws_takes_back_is_told_once() -> None:
    """In the next message, with the reason, and never again."""
    read = await Team().read()
    line = "• Wed 2 Dec 2026 $75.50 → $34.50: credits and refunds -$41.00"
    assert [number for number, (text,) in read.items() if line in text.splitlines()] == [LATE_CREDIT]


async def test_a_channel_that_wants_alerts_and_a_summary_reads_a_dozen_messages() -> None:
    """Its first, those of two breaches (one by fees), the ways back, and one for each week."""
    read = await Team().read(settings(notify="Alerts and a weekly summary"))
    told_on = [number for number, texts in read.items() if texts]
    sundays = [n for n in read if (BEGIN + (n - 1) * DAY).weekday() == 6]
    first = (date(2026, 12, 1) - BEGIN).days + 1
    alerts = {first, first + 1, *incident_read_on(), incident_read_on().stop, SHOWS}
    assert set(told_on) == {1, *alerts, *sundays}


async def test_a_channel_that_only_wants_breaches_still_hears_that_it_is_watched() -> None:
    """After seven days without a word; so silence is never longer."""
    read = await Team().read(settings(notify="Only when exceeded"))
    told_on = [number for number, texts in read.items() if texts]
    assert max(later - earlier for earlier, later in zip([1, *told_on], told_on, strict=False)) <= 7
    watching = [text for texts in read.values() for text in texts if "still watching" in text]
    assert watching
    assert all("7 days within budget, $" in text for text in watching)
    assert len([texts for texts in read.values() if texts]) < 12


async def test_every_message_says_its_verdict_in_its_first_six_lines() -> None:
    """That is where a chat folds it."""
    team = Team()
    await team.read()
    for url, notice in team.channel.posts:
        assert url == URL
        assert isinstance(notice, SpendNotice)
        lines = message_of(notice).text.splitlines()
        assert [line[:2].strip() for line in lines[2:5]] == ["🏦", "💰", "🎯"]
        assert "Status: " in lines[5]
        assert notice.report.spend
        assert notice.report.spend.amount > Decimal(0)
