"""Five weeks of a team and its account: good days, an incident, a 1st, and two changes of mind by AWS."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime

from tests.doubles.fakes.world import DAY, World

BEGIN = date(2026, 11, 23)
"""A Monday; five weeks from here hold a 1st."""

WEEKS = 5
INCIDENT = range(16, 20)
"""Days on which SageMaker runs."""

CREDITED, LATE_CREDIT = 9, 14
"""A day that was told, and the day on which AWS takes some of it back."""

LATE_BREACH, SHOWS = 23, 26
"""A day that was told as within budget, and the day on which AWS shows that it was not."""


class Team(World):
    """A channel that gets its tick at noon, of an account that is told of as it is on that day."""

    def __init__(self) -> None:
        super().__init__()
        self.clock.move_to(datetime(BEGIN.year, BEGIN.month, BEGIN.day, 12, tzinfo=UTC))

    def costs(self, day: date, seen_on: date) -> Mapping[str, str]:
        """What a day cost, as AWS has it on another."""
        number = (day - BEGIN).days
        weekend = day.weekday() >= 5
        services = {"Amazon EC2": "30" if weekend else "50", "Amazon RDS": "20", "Amazon S3": "5.5"}
        if day.day == 1:
            services |= {"Tax": "17", "AWS Support (Business)": "29"}
        if number in INCIDENT:
            services["Amazon SageMaker"] = "64.25"
        if number == CREDITED and seen_on >= BEGIN + LATE_CREDIT * DAY:
            services["Credits"] = "-41"
        if number == LATE_BREACH and seen_on >= BEGIN + SHOWS * DAY:
            services["Amazon EC2"] = "90"
        return services

    async def read(self, raw: bytes | None = None) -> dict[int, list[str]]:
        """Live for five weeks; return what was read, by the number of the day that it was read on."""
        read: dict[int, list[str]] = {}
        for number in range(1, 7 * WEEKS + 1):
            self.clock.move(DAY)
            today = self.today
            days = [today - n * DAY for n in range(1, 70)]
            self.account.bill = {day: self.costs(day, today) for day in days}
            before = len(self.texts)
            await self.accept(raw)
            await self.work()
            read[number] = self.texts[before:]
        return read
