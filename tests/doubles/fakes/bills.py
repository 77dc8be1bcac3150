"""Bills as an organisation has them: accounts, regions, usage types, fees on the 1st."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from tests.doubles.fakes.aws import Line

DAY = timedelta(days=1)
EC2 = "Amazon Elastic Compute Cloud - Compute"
S3 = "Amazon Simple Storage Service"
BEDROCK = "Amazon Bedrock"
PROD, SANDBOX, RESEARCH = "111122223333", "222233334444", "333344445555"
NAMES = {PROD: "production", SANDBOX: "sandbox-anna", RESEARCH: "ml-research"}

USUAL = [
    Line(EC2, "20", PROD, "BoxUsage:m5.large", team="web"),
    Line(EC2, "10", PROD, "EU-BoxUsage:m5.large", "eu-west-1", team="web"),
    Line(S3, "4", PROD, "TimedStorage-ByteHrs", team="web"),
    Line(EC2, "2", SANDBOX, "BoxUsage:t3.micro"),
    Line(EC2, "3", RESEARCH, "SpotUsage:g5.xlarge", team="ml"),
    Line(BEDROCK, "1", RESEARCH, "USE1-input", model="claude-sonnet", token="input"),  # of a model
]
FEES = [Line("AWS Support (Business)", "100"), Line("Tax", "19")]
RUNAWAY = Line(EC2, "118.33", RESEARCH, "BoxUsage:p4d.24xlarge", team="ml")


def organisation(
    until: date, *, usual: Sequence[Line] = USUAL, **newest: Sequence[Line]
) -> dict[date, list[Line]]:
    """70 days up to and without ``until``, with fees on every 1st.

    Args:
        until: The first day that is not published.
        usual: What every day holds.
        newest: What a day holds besides: ``d1`` is the last day, ``d2`` the one before.
    """
    return {
        day: [*usual, *(FEES if day.day == 1 else ()), *newest.get(f"d{n}", ())]
        for n in range(1, 71)
        for day in [until - n * DAY]
    }
