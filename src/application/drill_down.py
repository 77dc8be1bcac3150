"""One further question, for the cause."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum

from application.aws_errors import AwsError
from application.credentials import AccessKey
from application.errors import StorageUnavailable
from application.ports.cost_source import (
    BY_ACCOUNT,
    BY_MODEL,
    BY_REGION,
    BY_SERVICE,
    BY_TOKEN,
    BY_USAGE_TYPE,
    CostQuery,
    CostSource,
    Granularity,
    nothing_of,
)
from domain.analysis import Analysis
from domain.causes import causes_of, mover_of
from domain.parts import Dimension, PartBy
from domain.periods import DAY, Period
from domain.reports import Report
from domain.thresholds import Verdict

DAYS_BEFORE = 14
"""Days before the period that are looked at to say since when."""

SECONDS = 10.0
"""A breach is not late for its cause."""

MODELS_KNOWN_FROM = date(2026, 9, 1)
"""Source: docs/facts/cost-explorer.md, PRODUCT_ATTRIBUTE; an earlier window is refused."""


class AskForCause(StrEnum):
    """When the one further paid request is made."""

    NEVER = "never"
    EXCEEDED = "exceeded"
    """And for a spike."""


@dataclass(frozen=True, slots=True)
class DrilledDown:
    """What became of the question.

    Args:
        report: With the causes, if they were found.
        query: What was asked; None: nothing.
        paid_requests: What that cost.
    """

    report: Report
    query: CostQuery | None = None
    paid_requests: int = 0


@dataclass(frozen=True, slots=True)
class DrillDown:
    """Takes the service apart that matters for a breach or a spike, by usage type and by where."""

    cost_source: CostSource
    when: AskForCause = AskForCause.EXCEEDED

    async def execute(
        self,
        key: AccessKey,
        query: CostQuery,
        report: Report,
        by: PartBy | None = None,
        since: datetime | None = None,
    ) -> DrilledDown:
        """Ask for the cause, where there is something to explain. What goes wrong only leaves it out.

        Args:
            key: Asks.
            query: What was asked first.
            report: On what it answered.
            by: What the parts of the bill are that have budgets of their own: the one furthest over its
                budget is taken apart, and nothing else, since what moved elsewhere is not its cause.
            since: When AWS has answered that (UTC): who tells it once more asks nothing anew.
        """
        analysis = report.analysis
        rings = report.verdict is Verdict.EXCEEDED or report.spike
        if self.when is AskForCause.NEVER or not rings or analysis is None:
            return DrilledDown(report)
        over = next((part for part in report.parts if part.verdict is Verdict.EXCEEDED), None)
        if over and by and by.dimension is not Dimension.SERVICE:
            service, question = None, question_for_part(query, analysis, by, over.key)
        else:
            culprit = analysis.culprit.name if analysis.culprit else mover_of(analysis.parts)
            service = over.key if over else culprit
            question = question_for(query, analysis, service) if service else None
        if question is None:
            return DrilledDown(report)
        try:
            async with asyncio.timeout(SECONDS):
                answer = await self.cost_source.costs(key, question, since)
        except AwsError as failure:
            return DrilledDown(report, question, failure.paid_requests)
        except (TimeoutError, StorageUnavailable):
            return DrilledDown(report, question, 1)
        if answer.pairs is None:
            return DrilledDown(report, question, answer.paid_requests)
        causes = causes_of(
            answer.pairs,
            service,
            analysis.counted,
            analysis.before,
            by_day=question.granularity is Granularity.DAILY and service is not None,
        )
        if over and service is None:
            causes = tuple(replace(one, where=over.name) for one in causes)
        if BY_ACCOUNT in question.group_by:
            causes = tuple(replace(one, where=answer.names.get(one.where, one.where)) for one in causes)
        return DrilledDown(
            replace(report, analysis=replace(analysis, causes=causes)), question, answer.paid_requests
        )


def question_for(query: CostQuery, analysis: Analysis, service: str) -> CostQuery:
    """The service by usage type and linked account, or region where there is one account; Bedrock by model.

    Only as far back as is needed, so that it stays one page.
    """
    period, before = analysis.counted, analysis.before
    start = min(before.start if before else period.start, period.end - (DAYS_BEFORE + 1) * DAY)
    if query.granularity is Granularity.MONTHLY:
        start = before.start if before else period.start
    window = Period(max(start, query.window.start), period.end)
    if "bedrock" in service.lower() and window.start >= MODELS_KNOWN_FROM:
        group_by = (BY_MODEL, BY_TOKEN)
    elif len(analysis.accounts) > 1:
        group_by = (BY_USAGE_TYPE, BY_ACCOUNT)
    else:
        group_by = (BY_USAGE_TYPE, BY_REGION)
    scope = replace(query.scope, services=(service,))
    return replace(query, window=window, scope=scope, group_by=group_by, most_pages=1, in_pairs=True)


def question_for_part(query: CostQuery, analysis: Analysis, by: PartBy, part: str) -> CostQuery | None:
    """A part of the bill by service and usage type, or None: what has no tag cannot be asked for alone.

    All services of a part are many rows: only the period and the one before it are asked for.
    """
    if part == nothing_of(by.key):
        return None
    period, before = analysis.counted, analysis.before
    window = Period(max(before.start if before else period.start, query.window.start), period.end)
    match by.dimension:
        case Dimension.TAG:
            scope = replace(query.scope, tags=_narrowed(query.scope.tags, by.key, part))
        case Dimension.CATEGORY:
            scope = replace(query.scope, categories=_narrowed(query.scope.categories, by.key, part))
        case Dimension.ACCOUNT:
            scope = replace(query.scope, accounts=(part,))
        case Dimension.SERVICE:
            scope = replace(query.scope, services=(part,))
    group_by = (BY_SERVICE, BY_USAGE_TYPE)
    return replace(query, window=window, scope=scope, group_by=group_by, most_pages=1, in_pairs=True)


def _narrowed(
    values: tuple[tuple[str, tuple[str, ...]], ...], key: str, value: str
) -> tuple[tuple[str, tuple[str, ...]], ...]:
    return tuple(sorted((dict(values) | {key: (value,)}).items()))
