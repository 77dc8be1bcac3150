"""Crontabs in time zones: when a watch looks, and which of its times is made up for."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.settings.schedules import Crontab, read_crontab, read_zone

BERLIN = ZoneInfo("Europe/Berlin")


def times(crontab: Crontab, after: datetime, count: int) -> list[str]:
    """The next of its times, in UTC."""
    found = []
    for _ in range(count):
        after = crontab.next_after(after)
        found.append(f"{after:%m-%d %H:%M}")
    return found


def utc(*moment: int) -> datetime:
    """A moment in UTC."""
    return datetime(*moment, tzinfo=UTC)  # type: ignore[misc, arg-type]  # year, month, day, hour, minute


def test_a_crontab_fires_in_its_zones_own_time() -> None:
    """Seven in the morning stays seven when the clocks change."""
    seven = Crontab("0 7 * * *", BERLIN)
    assert times(seven, utc(2026, 3, 27, 12), 3) == ["03-28 06:00", "03-29 05:00", "03-30 05:00"]
    assert times(seven, utc(2026, 10, 23, 12), 3) == ["10-24 05:00", "10-25 06:00", "10-26 06:00"]


def test_a_time_that_the_clocks_skip_or_repeat_is_one() -> None:
    """As Debian's cron has it: right after the gap, and the first of two."""
    half_past_two = Crontab("30 2 * * *", BERLIN)
    assert times(half_past_two, utc(2026, 3, 28, 12), 2) == ["03-29 01:00", "03-30 00:30"]
    assert times(half_past_two, utc(2026, 10, 24, 12), 2) == ["10-25 00:30", "10-26 01:30"]


@pytest.mark.parametrize(
    ("fields", "latest"),
    [
        ("0 7 * * *", utc(2026, 11, 28, 7)),
        ("0 9 * * *", utc(2026, 11, 27, 9)),
        ("0 0 1 * *", utc(2026, 11, 1)),
        ("0 0 1 6 *", utc(2026, 6, 1)),
        ("* * * * *", utc(2026, 11, 28, 8)),
        ("0 0 1 1 *", None),
    ],
)
def test_the_last_of_the_missed_times_is_found(fields: str, latest: datetime | None) -> None:
    """However long nothing ran, and however often the watch would have looked."""
    assert Crontab(fields, ZoneInfo("UTC")).latest(utc(2026, 1, 1), utc(2026, 11, 28, 8)) == latest


@given(
    st.sampled_from(["0 7 * * *", "*/15 * * * *", "30 2 * * SUN", "0 0 1 * *"]),
    st.integers(0, 500_000),
    st.integers(0, 60_000),
)
def test_the_latest_is_the_one_that_no_other_follows(fields: str, start: int, minutes: int) -> None:
    """Of what lies after the one moment and up to the other."""
    after = utc(2026, 1, 1) + start * timedelta(minutes=1)
    until = after + minutes * timedelta(minutes=1)
    crontab = Crontab(fields, BERLIN)
    latest = crontab.latest(after, until)
    if latest is None:
        assert crontab.next_after(after) > until
    else:
        assert after < latest <= until < crontab.next_after(latest)


@pytest.mark.parametrize(
    ("text", "fields"),
    [("@daily", "0 0 * * *"), ("  0  7 * *\tMON-FRI ", "0 7 * * MON-FRI"), ("0 0 L * *", "0 0 L * *")],
)
def test_a_crontab_is_read_as_people_write_it(text: str, fields: str) -> None:
    """Shorthands, names of days, the last of a month."""
    assert read_crontab(text) == fields


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "has 0 fields and not 5"),
        ("0 0 0 * * *", "has 6 fields and not 5"),
        ("61 * * * *", 'is "61 * * * *": bad minute'),
        ("0 0 31 2 *", "bad day-of-month"),
        ("@often", "Accepted are @hourly"),
    ],
)
def test_what_is_no_crontab_is_refused_with_an_example(text: str, said: str) -> None:
    """Which field is wrong, and how one looks."""
    with pytest.raises(ValueError, match="Write a crontab such as") as caught:
        read_crontab(text)
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("text", "near"),
    [("Berlin", "Europe/Berlin"), ("europe/berlin", "Europe/Berlin"), ("New York", "America/New_York")],
)
def test_a_city_is_answered_with_its_zone(text: str, near: str) -> None:
    """The database's names are not what people say."""
    with pytest.raises(ValueError, match=f"Did you mean {near}"):
        read_zone(text)


@pytest.mark.parametrize("text", ["../../etc/passwd", "/etc/passwd", "Europe"])
def test_a_zone_is_no_path(text: str) -> None:
    """Nothing outside the database is read."""
    with pytest.raises(ValueError, match="no time zone"):
        read_zone(text)
