"""From a tick to a page: the installed command, a channel, and a reader who follows the link."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.doubles import aws, forks
from tests.doubles.sample_costs import SPIKE, month_of_costs
from tests.doubles.telex import local_channel, tick_settings


async def ask(client: aiohttp.ClientSession, url: str) -> tuple[int, bytes]:
    """Status and body."""
    async with client.get(url) as answer:
        return answer.status, await answer.read()


@pytest.mark.parametrize("state", ["sqlite:///spend.db"])
async def test_the_link_in_the_message_opens_the_page(state: str, tmp_path: Path) -> None:
    """From any process and after a restart; and nobody who reads the log can follow it."""
    with aws.moto_aws() as cloud:
        cloud.bill(month_of_costs(SPIKE))
        key = cloud.user("team")
        variables: dict[str, Any] = {
            "AWS_ENDPOINT_URL": cloud.url,
            "SPEND_MONITOR_STATE_URL": state,
            "SPEND_MONITOR_PUBLIC_URL": "http://localhost",
            "SPEND_MONITOR_LOG_LEVEL": "debug",
        }
        async with local_channel() as channel, aiohttp.ClientSession() as client:
            async with forks.running(folder=tmp_path, **variables) as first:
                await client.post(f"{first.url}/tick", json=channel.tick("team", tick_settings(key, "100")))
                (message,) = await channel.wait_for("team")
                match = re.search(
                    r"^🔗 Report: http://localhost(/reports/[\w-]+)$", message["message"], re.MULTILINE
                )
                assert match
                path = match[1]
                questions = len(cloud.questions)
                seen = [
                    await ask(client, f"{first.url}{path}{form}") for form in ("", ".png", ".json", ".csv")
                ]
                seen.append(await ask(client, f"{first.url}{path}x"))
            async with forks.running(folder=tmp_path, **variables) as second:
                again = await ask(client, f"{second.url}{path}")
    assert [status for status, _ in seen] == [200, 200, 200, 200, 404]
    assert b"Amazon SageMaker" in seen[0][1]
    assert again == seen[0]
    assert len(cloud.questions) == questions
    assert "console.aws.amazon.com" not in message["message"]
    for logged in (first.log, second.log):
        assert path.removeprefix("/reports/") not in "".join(logged)
