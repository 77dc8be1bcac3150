"""A file of watches, and a service that has known it since yesterday."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta
from pathlib import Path

from entrypoints.config import Config
from entrypoints.container import open_container
from tests.doubles.fakes.clock import FixedClock

KEY = base64.b64encode(b"k" * 32).decode()
HOURLY = """
[defaults]
schedule = "0 * * * *"
notify = "${CHANNEL_URL}"

[watch.production]
threshold = 42
name = "acme production"
"""
"""Its last time is less than an hour ago, whenever this runs."""


def variables(file: Path, channel_url: str, cloud_url: str, key: tuple[str, str]) -> dict[str, str]:
    """The environment of a service with this file of watches, which asks AWS with a key of its own."""
    return {
        "SPEND_MONITOR_WATCHES": str(file),
        "SPEND_MONITOR_SECRET_KEY": KEY,
        "CHANNEL_URL": channel_url,
        "AWS_ENDPOINT_URL": cloud_url,
        "AWS_ACCESS_KEY_ID": key[0],
        "AWS_SECRET_ACCESS_KEY": key[1],
    }


async def known_since_yesterday(folder: Path, environment: dict[str, str]) -> None:
    """Write into the folder's state that the watches were there a day ago: then they have missed a time."""
    config = Config.from_environment(
        {
            **environment,
            "SPEND_MONITOR_STATE_URL": f"sqlite:///{folder / 'spend-monitor.db'}",
            "SPEND_MONITOR_ALLOW_PRIVATE_RETURN_URLS": "true",
        }
    )
    yesterday = FixedClock(datetime.now(UTC) - timedelta(days=1))
    async with open_container(config, environment=environment, clock=yesterday) as container:
        await container.fire_watches().execute()
