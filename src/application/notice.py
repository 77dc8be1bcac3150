"""What a channel is told, as values: the words are each destination's own (``adapters/chats``)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Self

from application.aws_errors import AwsError, AwsUnavailable
from application.check_spend import SpendChecked
from application.errors import SettingsRejected
from application.let_in import WayIn
from application.monitor import Monitor
from application.ports.cost_source import CostQuery
from domain.costs import CostHistory
from domain.periods import Frequency, Period
from domain.reports import Report
from domain.restated import Restated
from domain.thresholds import Verdict

IN_THE_SETTINGS = "Correct this in the integration's settings."


class Tone(StrEnum):
    """What a reader should feel at first sight: green, amber or red where the destination has colours."""

    GOOD = "good"
    CARE = "care"
    BAD = "bad"


@dataclass(frozen=True, slots=True)
class Account:
    """Whose spend.

    Args:
        id: 12 digits, or empty when that is not known.
        name: What the channel calls it; may be empty.
    """

    id: str = ""
    name: str = ""


@dataclass(frozen=True, slots=True)
class SpendNotice:
    """What a period cost, and all there is to say about it.

    It is complete: words, a picture or a page are made from it alone, and any encoder of dataclasses
    keeps it.

    Args:
        id: The same whenever the same is told again (a retry); letters, digits, ``-`` and ``_``.
        made_at: When it was found out (UTC).
        account: Whose spend.
        frequency: Which periods the channel watches.
        report: The period: its figures, what was told of it before, what makes it news, the analysis.
        question: What AWS was asked.
        history: All that AWS answered.
        page: The address of the page that shows it; empty without one.
        idle: The settings that do nothing with this frequency; named in a channel's first report.
        further: What was asked for the cause, if anything.
        also: What there is to say of older periods, oldest first: corrections, and breaches that show late.
        restated: Told figures that AWS has changed since, without a change of verdict.
    """

    id: str
    made_at: datetime
    account: Account
    frequency: Frequency
    report: Report
    question: CostQuery
    history: CostHistory
    page: str = ""
    idle: tuple[str, ...] = ()
    further: CostQuery | None = None
    also: tuple[Report, ...] = ()
    restated: tuple[Restated, ...] = ()

    @classmethod
    def of(
        cls,
        tick_id: str,
        now: datetime,
        monitor: Monitor,
        checked: SpendChecked,
        report: Report,
        *,
        idle: tuple[str, ...] = (),
        also: tuple[Report, ...] = (),
        restated: tuple[Restated, ...] = (),
    ) -> Self:
        """One of the reports of a check, and what is said with it."""
        return cls(
            id=f"{tick_id}-{report.period.start:%Y%m%d}-{report.verdict}",
            made_at=now,
            account=Account(checked.account_id, monitor.name),
            frequency=monitor.frequency,
            report=report,
            question=checked.query,
            history=checked.history,
            further=checked.further,
            idle=idle,
            also=also,
            restated=restated,
        )

    @property
    def currency(self) -> str:
        """What AWS bills in."""
        return self.report.spend.currency if self.report.spend else self.history.currency

    @property
    def tone(self) -> Tone:
        """Exceeded is bad, be it an older period's; a spike, a warning, what is not published wants care."""
        if Verdict.EXCEEDED in {self.report.verdict, *(report.verdict for report in self.also)}:
            return Tone.BAD
        forecast = self.report.forecast
        is_warned = self.report.spike or (forecast is not None and not forecast.is_back)
        unsure = is_warned or self.report.verdict is Verdict.NOT_PUBLISHED
        return Tone.CARE if unsure else Tone.GOOD


@dataclass(frozen=True, slots=True)
class FailureNotice:
    """A check that could not be made.

    Args:
        id: As for ``SpendNotice``.
        made_at: When it failed (UTC).
        account: Whose spend, as far as that is known.
        period: What was to be checked.
        code: The cause: stable and bounded, as an error's ``code`` is.
        problems: What is wrong, one sentence each. They may hold text of AWS's.
        remedy: The one thing to do about it.
        way_in: How the channel's role lets this service in, if that is what is missing; its ``steps`` are
            told one by one.
        again_at: When it is looked at again without a further tick (UTC); None: with the next one.
        watch: The name of the operator's watch that is checked; empty: a chat's own settings.
        is_retried: Whether it is tried again and again meanwhile.
    """

    id: str
    made_at: datetime
    account: Account
    period: Period
    code: str
    problems: tuple[str, ...]
    remedy: str
    way_in: WayIn | None = None
    again_at: datetime | None = None
    watch: str = ""
    is_retried: bool = False

    @classmethod
    def of(
        cls,
        tick_id: str,
        now: datetime,
        failure: SettingsRejected | AwsError,
        period: Period,
        way_in: WayIn | None = None,
        name: str = "",
    ) -> Self:
        """What a failure has to say; ``name`` is what the channel calls the account."""
        if isinstance(failure, SettingsRejected):
            account, problems, remedy = Account(), failure.problems, IN_THE_SETTINGS
        else:
            account, problems, remedy = Account(failure.account_id, name), (str(failure),), failure.remedy
        notice_id = f"{tick_id}-{period.start:%Y%m%d}-{failure.code}"
        is_retried = isinstance(failure, AwsUnavailable)
        return cls(
            notice_id, now, account, period, failure.code, problems, remedy, way_in, is_retried=is_retried
        )

    @property
    def tone(self) -> Tone:
        """Whoever trusts in being told needs to know."""
        return Tone.CARE


Notice = SpendNotice | FailureNotice
