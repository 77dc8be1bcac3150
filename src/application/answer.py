"""What became of a tick."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Outcome(StrEnum):
    """How a tick ended, or did not."""

    TOLD = "told"
    SILENT = "silent"
    FAILURE_TOLD = "failure-told"
    WAITS = "waits"
    RETRY = "retry"
    GIVEN_UP = "given-up"


@dataclass(slots=True)
class Answer:
    """What became of a tick: what logs and metrics are made of. It holds no secret.

    Args:
        outcome: How it ended.
        cause: The code of the error behind it, or the verdict told last; empty when there is nothing to name.
        account_id: Whose spend, once known.
        period: The newest period checked, once known.
        paid_requests: Cost Explorer requests made for it, at $0.01 each.
        reason: For a wait, a retry or a giving up, why.
        until: When it goes on; None when it has ended.
        waits_for: What for: the code of a refusal, or ``not-settled``, or ``not-final``; else empty.
    """

    outcome: Outcome = Outcome.SILENT
    cause: str = ""
    account_id: str = ""
    period: str = ""
    paid_requests: int = 0
    reason: str = ""
    until: datetime | None = None
    waits_for: str = ""
