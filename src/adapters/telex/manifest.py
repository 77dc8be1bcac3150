"""What Telex reads when an organisation adds the integration. Source: docs/facts/telex.md."""

from __future__ import annotations

from typing import Any

import msgspec

from adapters.settings.choices import FREQUENCIES
from domain.charges import Metric
from domain.notify import Notify

LOGO = (
    "https://cdn.prod.website-files.com/5f05d5858fab461d0d08eaeb/654132b253b4e36b9d799ee4_"
    "6427c1d7f47c952c5838718d_2d67f7b91666ed485b01206d538bb37b_1-fc-23372-267-c-4369-8-a-31-294-c-5-f-5-fe-"
    "949.webp"
)
DESCRIPTION = (
    "This app tracks AWS costs based on intervals, sending alerts to Telex to help you stay on budget."
)
KEY_FEATURES = (
    "Tracks AWS spending in real-time and sends alerts.",
    "Supports daily and monthly cost monitoring.",
    "Automatically fetches AWS cost data using Cost Explorer API.",
    "Notifies users when spending exceeds the configured threshold.",
    "Allows custom threshold and frequency settings.",
    "Validates AWS credentials to prevent misconfigurations.",
)


def _optional(
    label: str, description: str, default: str = "", options: tuple[str, ...] = ()
) -> dict[str, Any]:
    kind = {"type": "dropdown", "options": options} if options else {"type": "text"}
    return {"label": label, **kind, "description": description, "default": default, "required": False}


SETTINGS: tuple[dict[str, Any], ...] = (
    {
        "label": "aws_access_key_id",
        "type": "text",
        "description": "Begins with AKIA: of an IAM user that may do nothing but ce:GetCostAndUsage",
        "default": "key",
        "required": True,
    },
    {
        "label": "aws_secret_access_key",
        "type": "text",
        "description": "The 40 characters that IAM shows once, when the access key is made",
        "default": "key",
        "required": True,
    },
    {
        "label": "threshold",
        "type": "text",
        "description": "The most that one day, week or month may cost, in what AWS bills in: 100",
        "default": "100",
        "required": True,
    },
    {
        "label": "frequency",
        "type": "dropdown",
        "options": FREQUENCIES,
        "description": "Select Check Frequency: yesterday, the last full week or month, or this month so far",
        "default": "Daily",
        "required": True,
    },
    {
        "label": "interval",
        "type": "text",
        "description": "When to look (UTC). AWS has yesterday whole some ten hours after midnight",
        "default": "0 0 * * *",
        "required": True,
    },
    _optional(
        "notify",
        "Each period once, at every look, only what exceeds, or that and a summary a week",
        default=Notify.ONCE,
        options=tuple(Notify),
    ),
    _optional(
        "metric",
        "How AWS counts: AmortizedCost spreads what is paid in advance over the days that it pays for",
        default=Metric.AMORTIZED,
        options=tuple(Metric),
    ),
    _optional("exclude_charges", "Charges left out, for example: Credit, Refund, Tax"),
    _optional("scope", 'Part of the bill, for example: account:111122223333 service:"Amazon EC2"'),
    _optional(
        "milestones",
        "Month-to-date: percent of the threshold to be told at, for example: 50, 80, 100, forecast 100",
    ),
    _optional(
        "spike_alert", "Daily: report a day this far above its weekday's usual, for example: 40% and 20"
    ),
    _optional(
        "aws_role_arn",
        "Instead of the two keys, which then stay as they are: a role of your account, "
        "arn:aws:iam::111122223333:role/spend",
    ),
    _optional("name", "What messages call the account, for example: acme production"),
    _optional(
        "budgets", "A budget for each part of the bill, for example: production=120, sandbox-*=15, *=40"
    ),
    _optional("by", "What the parts are: account, service, tag:team or category:team"),
    _optional("mute", "Services whose movement is known and need not ring, for example: SageMaker, EC2"),
    _optional("mute_until", "The day on which they ring again, for example: 2026-12-31"),
)
"""Installed integrations send these labels for ever; later settings are optional and come after them."""


def manifest(public_url: str) -> bytes:
    """The manifest as JSON.

    Args:
        public_url: Where this service is reached from outside, without a slash at its end.
    """
    return msgspec.json.encode(
        {
            "data": {
                "date": {"created_at": "2025-02-19", "updated_at": "2025-02-19"},
                "descriptions": {
                    "app_name": "AWS Spend Monitor",
                    "app_description": DESCRIPTION,
                    "app_logo": LOGO,
                    "app_url": public_url,
                    "background_color": "#fff",
                },
                "is_active": False,
                "integration_type": "interval",
                "key_features": KEY_FEATURES,
                "integration_category": "Finance & Payments",
                "author": "Anthony Triumph",
                "website": public_url,
                "settings": SETTINGS,
                "tick_url": f"{public_url}/tick",
                # Telex would send every message of the channel to a target_url: keep it empty.
                "target_url": "",
            }
        }
    )
