"""A tick at midnight: the service in this process, on a clock that this program moves."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from application.ports.dead_letters import InboxEntry
from entrypoints.config import Config
from entrypoints.container import Container, open_container
from tests.doubles.aws import MotoAws
from tests.doubles.fakes.clock import FixedClock
from tests.doubles.telex import LocalChannel

NOON = timedelta(hours=12, minutes=10)


@contextmanager
def endpoint(url: str) -> Iterator[None]:
    """Let this process take the address for AWS."""
    before = os.environ.get("AWS_ENDPOINT_URL")
    os.environ["AWS_ENDPOINT_URL"] = url
    try:
        yield
    finally:
        os.environ.pop("AWS_ENDPOINT_URL")
        if before is not None:
            os.environ["AWS_ENDPOINT_URL"] = before


def half_published(bills: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The same days, as AWS shows them at midnight: of the newest it has published about half."""
    shown: list[dict[str, Any]] = json.loads(json.dumps(bills))
    for group in shown[-1]["Groups"]:
        for metric in group["Metrics"].values():
            metric["Amount"] = str(Decimal(metric["Amount"]) / 2)
    return shown


class Night:
    """What is seen of a night, from midnight to noon.

    Args:
        cloud: AWS.
        channel: Telex.
        tick: What Telex calls with at midnight.
        bills: What the days cost in the end.
    """

    def __init__(
        self, cloud: MotoAws, channel: LocalChannel, tick: dict[str, Any], bills: list[dict[str, Any]]
    ) -> None:
        self._cloud, self._channel, self._tick, self._bills = cloud, channel, tick, bills
        midnight = datetime.combine(datetime.now(UTC).date(), time(), UTC)
        self.clock = FixedClock(midnight + timedelta(seconds=1))

    async def pass_by(self, folder: Path) -> tuple[InboxEntry, list[dict[str, str]]]:
        """Send the tick, and look at the inbox; let it be noon.

        Returns:
            The tick as it waits in the inbox, and what the channel has read: at midnight, and at noon.
        """
        config = Config(state_url=f"sqlite:///{folder / 'midnight.db'}", allow_private_return_urls=True)
        with endpoint(self._cloud.url):
            async with open_container(config, clock=self.clock) as container:
                self._cloud.bill(half_published(self._bills))
                await container.accept_tick().execute(
                    self._tick["return_url"], json.dumps(self._tick["settings"]).encode()
                )
                await self._work(container)
                [entry] = await container.inbox().entries()
                self._cloud.bill(self._bills)
                self.clock.move(NOON)
                await self._work(container)
        return entry, self._channel.received(self._tick["channel_id"])

    @staticmethod
    async def _work(container: Container) -> None:
        """Answer what is due at the clock's time."""
        for lease in await container.inbox().lease(10, 5):
            await container.answer_tick().execute(lease)
