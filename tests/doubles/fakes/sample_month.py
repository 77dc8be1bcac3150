"""A month that was made up: what the pages and the messages of the documentation show."""

from __future__ import annotations

from datetime import timedelta

from tests.doubles.fakes.histories import Amounts
from tests.doubles.fakes.notices import TODAY

USUAL_DAY = {
    "Amazon Elastic Compute Cloud - Compute": 31.2,
    "Amazon Relational Database Service": 12.45,
    "EC2 - Other": 6.1,
    "Amazon Simple Storage Service": 4.2,
    "Amazon Virtual Private Cloud": 3.3,
    "AmazonCloudWatch": 2.2,
    "AWS Lambda": 1.05,
    "AWS Key Management Service": 0.4,
}
SATURDAY = 5
DAYS = 35


def month() -> list[Amounts]:
    """Quiet weekends, slow growth, a database that was moved, and SageMaker left running in the end."""
    bills: list[Amounts] = []
    for n in range(DAYS):
        day = TODAY - timedelta(days=DAYS - n)
        factor = (
            (0.62 if day.weekday() >= SATURDAY else 1) * (1 + n / 280) * (1 + (day.day * 7 % 11 - 5) / 100)
        )
        bill = {name: amount * factor for name, amount in USUAL_DAY.items()}
        bill["Amazon Relational Database Service"] *= 1.5 if n in range(16, 20) else 1
        bill |= {"Amazon SageMaker": 46.4 if n == DAYS - 2 else 118.33} if n >= DAYS - 2 else {}
        bills.append({name: f"{amount:.8f}" for name, amount in bill.items()})
    return bills
