"""The application with parts of one's own: a bill that is made up, and a channel that prints.

Run it: ``python docs/examples/own_parts.py``. It asks nothing of AWS, and keeps nothing.
"""

import asyncio
import json
from datetime import datetime
from decimal import Decimal

from adapters.chats.telex import message_of
from application.credentials import AccessKey
from application.notice import Notice
from application.ports.channel import Channel
from application.ports.cost_source import CostAnswer, CostQuery, CostSource
from application.ports.identity import Identity
from domain.costs import CostEntry, CostHistory
from domain.periods import DAY, Period
from entrypoints.config import Config
from entrypoints.container import open_container

SETTINGS = {
    "aws_access_key_id": "AKIAIOSFODNN7EXAMPLE",
    "aws_secret_access_key": "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
    "threshold": "100",
    "frequency": "Daily",
}


class MadeUp(Identity, CostSource):
    """An account that costs $120 a day."""

    async def account_id(self, credentials: AccessKey) -> str:
        """Everybody's account is this one."""
        return "123456789012"

    async def costs(
        self, credentials: AccessKey, query: CostQuery, since: datetime | None = None
    ) -> CostAnswer:
        """The same for every day that is asked for."""
        days = [Period(day, day + DAY) for day in query.window.days()]
        entries = [CostEntry(day, {"Amazon EC2": Decimal(120)}) for day in days]
        return CostAnswer(CostHistory(tuple(entries)), paid_requests=0)


class Printing(Channel):
    """Says on the terminal what Telex would show."""

    def check(self, return_url: str, *, own: bool = False) -> None:
        """Any address will do."""

    def may_be_gone(self, return_url: str) -> bool:
        """A terminal stays."""
        return False

    async def post(self, return_url: str, notice: Notice) -> None:
        """Print it."""
        print(message_of(notice).text)


async def main() -> None:
    """Take one tick in, as Telex sends it, and answer it, as a worker does."""
    tick = json.dumps([{"label": label, "default": value} for label, value in SETTINGS.items()])
    bill = MadeUp()
    config = Config(state_url="memory://")
    async with open_container(config, channel=Printing(), identity=bill, cost_source=bill) as application:
        await application.accept_tick().execute("https://chat.example/my-channel", tick.encode())
        for lease in await application.inbox().lease(limit=1, wait=0):
            await application.answer_tick().execute(lease)


if __name__ == "__main__":
    asyncio.run(main())
