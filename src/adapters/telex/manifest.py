"""What Telex reads when an organisation adds the integration. Source: ORIGINAL contract and TELEX.md."""

from __future__ import annotations

from typing import Any

import msgspec

from adapters.settings import FREQUENCIES
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
SETTINGS: tuple[dict[str, Any], ...] = (
    {"label": "aws_access_key_id", "type": "text", "required": True, "default": "key"},
    {"label": "aws_secret_access_key", "type": "text", "required": True, "default": "key"},
    {"label": "threshold", "type": "text", "required": True, "default": "100"},
    {
        "label": "frequency",
        "type": "dropdown",
        "options": FREQUENCIES,
        "description": "Select Check Frequency",
        "default": "Daily",
        "required": True,
    },
    {"label": "interval", "type": "text", "required": True, "default": "0 0 * * *"},
    {
        "label": "notify",
        "type": "dropdown",
        "options": tuple(Notify),
        "description": "When to speak",
        "default": Notify.ONCE,
        "required": False,
    },
    {
        "label": "metric",
        "type": "dropdown",
        "options": tuple(Metric),
        "description": "How costs are counted",
        "default": Metric.AMORTIZED,
        "required": False,
    },
    {
        "label": "exclude_charges",
        "type": "text",
        "description": "Charges left out, for example: Credit, Refund, Tax",
        "default": "",
        "required": False,
    },
    {
        "label": "scope",
        "type": "text",
        "description": 'Part of the bill, for example: account:111122223333 service:"Amazon EC2"',
        "default": "",
        "required": False,
    },
    {
        "label": "milestones",
        "type": "text",
        "description": "Month-to-date: percent of the threshold to be told at, for example: 50, 80, 100, 120",
        "default": "",
        "required": False,
    },
    {
        "label": "spike_alert",
        "type": "text",
        "description": "Daily: report a day this far above its weekday's usual, for example: 40% and 20",
        "default": "",
        "required": False,
    },
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
