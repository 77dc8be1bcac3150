"""What Telex reads when an organisation adds the integration. Source: ORIGINAL contract and TELEX.md."""

from __future__ import annotations

from typing import Any

import msgspec

from adapters.settings import FREQUENCIES

LOGO = (
    "https://cdn.prod.website-files.com/5f05d5858fab461d0d08eaeb/654132b253b4e36b9d799ee4_"
    "6427c1d7f47c952c5838718d_2d67f7b91666ed485b01206d538bb37b_1-fc-23372-267-c-4369-8-a-31-294-c-5-f-5-fe-"
    "949.webp"
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
                    "app_description": "This app tracks AWS costs based on intervals, sending alerts to Telex "
                    "to help you stay on budget.",
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
