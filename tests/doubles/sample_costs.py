"""A month that was made up: what the demo and the pictures of the documentation show."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from tests.doubles import aws

USUAL_DAY = {
    "Amazon Elastic Compute Cloud - Compute": "31.20",
    "Amazon RDS": "12.45",
    "AWS Lambda": "0.0481516",
}
SPIKE = {"Amazon SageMaker": "118.3342"}
WEEKEND = (5, 6)


def month_of_costs(extra: dict[str, str] | None = None) -> list[dict[str, Any]]:
    """35 days as Cost Explorer answers them: quiet weekends, slow growth, and ``extra`` on the newest day."""
    today = datetime.now(UTC).date()
    bills = []
    for n in range(35):
        weekday = (today - timedelta(days=35 - n)).weekday()
        factor = (Decimal("0.6") if weekday in WEEKEND else 1) * (1 + Decimal(n) / 300)
        bills.append({name: str(round(Decimal(amount) * factor, 10)) for name, amount in USUAL_DAY.items()})
    bills[-1] |= extra or {}
    return aws.days(today, *bills)
