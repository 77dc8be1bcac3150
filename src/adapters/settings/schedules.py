"""When a watch looks: a crontab in a time zone."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from cronsim import CronSim, CronSimError

from adapters.settings.text import cleaned, did_you_mean, letters, quoted
from application.ports.watches import Schedule

EXAMPLE = 'Write a crontab such as "0 7 * * *": minute, hour, day of the month, month, day of the week.'
FIELDS = 5
SHORTHANDS = {
    "@hourly": "0 * * * *",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *",
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
}
LOOKED_BACK = (timedelta(days=1), timedelta(days=32), timedelta(days=366))
"""Missed times are looked for in the last of these first: a week of every minute is not counted up."""


@dataclass(frozen=True, slots=True)
class Crontab(Schedule):
    """Fires as Debian's cron does, in its zone's own time.

    When the clocks go forward, a time that is skipped comes right after the gap; when they go back, a time
    that comes twice is one.

    Args:
        fields: Five, checked.
        zone: A name of the IANA time zone database.
    """

    fields: str
    zone: ZoneInfo

    def __str__(self) -> str:
        return f"{self.fields} {self.zone.key}"

    def next_after(self, moment: datetime) -> datetime:
        """See the port."""
        return next(CronSim(self.fields, moment.astimezone(self.zone))).astimezone(UTC)

    def latest(self, after: datetime, until: datetime) -> datetime | None:
        """See the port."""
        for length in LOOKED_BACK:
            if latest := self._latest(max(after, until - length), until):
                return latest
        return self._latest(after, until)

    def _latest(self, after: datetime, until: datetime) -> datetime | None:
        latest, due = None, self.next_after(after)
        while due <= until:
            latest, due = due, self.next_after(due)
        return latest


def read_crontab(text: str) -> str:
    """Five fields, or ``@daily`` and its like.

    Raises:
        ValueError: It is none, or never fires.
    """
    typed = cleaned(text).lower()
    fields = " ".join(SHORTHANDS.get(typed, cleaned(text)).split())
    if typed.startswith("@") and typed not in SHORTHANDS:
        raise ValueError(f"is {quoted(typed)}. Accepted are {', '.join(SHORTHANDS)}. {EXAMPLE}")
    if (count := len(fields.split())) != FIELDS:
        raise ValueError(f"is {quoted(fields)}, which has {count} fields and not {FIELDS}. {EXAMPLE}")
    try:
        next(CronSim(fields, datetime(2026, 1, 1, tzinfo=UTC)))
    except CronSimError as error:
        raise ValueError(f"is {quoted(fields)}: {str(error).lower()}. {EXAMPLE}") from error
    except StopIteration:
        raise ValueError(f"is {quoted(fields)}, which never fires. {EXAMPLE}") from None
    return fields


def read_zone(text: str) -> ZoneInfo:
    """``Europe/Berlin``; blank is UTC.

    Raises:
        ValueError: There is no such zone; the text says what it was near to.
    """
    name = cleaned(text) or "UTC"
    with suppress(ValueError, OSError, ZoneInfoNotFoundError):  # a path, a folder, an unknown name
        return ZoneInfo(name)
    raise ValueError(
        f"is {quoted(name)}, which is no time zone.{_near(name)} Write for example Europe/Berlin."
    )


def _near(name: str) -> str:
    zones = {letters(zone.rpartition("/")[2]): zone for zone in sorted(available_timezones(), reverse=True)}
    zones |= {letters(zone): zone for zone in available_timezones()}
    return did_you_mean(letters(name), zones)
