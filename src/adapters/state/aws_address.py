"""``dynamodb://TABLE?queue=QUEUE``."""

from __future__ import annotations

import re
from dataclasses import dataclass

FORM = re.compile(r"dynamodb://(?P<table>[A-Za-z0-9_.-]{3,255})\?queue=(?P<queue>[A-Za-z0-9_-]{1,80})")


@dataclass(frozen=True, slots=True)
class AwsAddress:
    """Where the state is; region, endpoint and credentials are the AWS SDK's own business.

    Args:
        table: The DynamoDB table's name.
        queue: The SQS queue's name.
    """

    table: str
    queue: str


def parse_address(text: str) -> AwsAddress:
    """Read ``SPEND_MONITOR_STATE_URL``.

    Raises:
        ValueError: It is no such address; says what is accepted.
    """
    match = FORM.fullmatch(text)
    if not match:
        raise ValueError("not the names of a table and a queue; accepted is dynamodb://TABLE?queue=QUEUE")
    return AwsAddress(match["table"], match["queue"])
