"""The least that an account must allow."""

from __future__ import annotations

import json

LEAST_POLICY = {
    "Version": "2012-10-17",
    "Statement": [
        {"Sid": "SpendMonitor", "Effect": "Allow", "Action": "ce:GetCostAndUsage", "Resource": "*"}
    ],
}
"""``sts:GetCallerIdentity`` needs no permission. Source: AWS service authorization reference."""

SESSION_POLICY = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Action": ["ce:GetCostAndUsage", "sts:GetCallerIdentity"],
            "Resource": "*",
        }
    ],
}
"""What a role's temporary credentials may do at most, whatever the role itself may: the calls made here."""


def least_policy() -> str:
    """The policy as IAM takes it."""
    return json.dumps(LEAST_POLICY, indent=2)
