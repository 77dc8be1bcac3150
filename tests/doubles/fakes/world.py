"""The whole application on fakes: a clock, a pretended AWS, a channel, and storage that can break."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal

from adapters.pages.reports import NoReports
from adapters.settings.form import TelexSettingsReader
from adapters.state.memory import MemoryInbox, MemoryLedger
from application.accept_tick import Accepted, AcceptTick
from application.answer import Answer
from application.answer_tick import AnswerTick
from application.check_spend import CheckSpend
from application.credentials import AccessKey
from application.fire_watches import FireWatches
from application.let_in import LetIn, RoleAccess
from application.monitor import Monitor
from application.plan_looks import PlanLooks
from application.ports.dead_letters import InboxEntry
from application.ports.inbox import Inbox
from application.ports.ledger import Ledger, Page
from application.ports.reports import Reports
from application.ports.vault import Vault
from application.ports.work_queue import Lease
from application.say_once import SayOnce
from domain.periods import Frequency
from domain.thresholds import Threshold
from tests.doubles.fakes.aws import Account, FakeAccess, FakeAws, FakeCostSource, FakeIdentity
from tests.doubles.fakes.channel import FakeChannel
from tests.doubles.fakes.clock import NOON, FixedClock
from tests.doubles.fakes.storage import BreakableInbox, BreakableLedger, Disk
from tests.doubles.fakes.vault import FakeVault
from tests.doubles.fakes.watches import FakeWatches

URL = "https://ping.telex.im/v1/return/canary-channel"
KEY = AccessKey("AKIACANARYCANARYCANA", "canary+secret/access+key")
ACCOUNT = "123456789012"
DAY = timedelta(days=1)
LEASE = timedelta(minutes=2)


def settings(
    threshold: str = "100",
    frequency: str = "Daily",
    credentials: AccessKey = KEY,
    **others: str,
) -> bytes:
    """A tick's settings as Telex sends them."""
    values = {
        "aws_access_key_id": credentials.access_key_id,
        "aws_secret_access_key": credentials.secret_access_key,
        "threshold": threshold,
        "frequency": frequency,
        "interval": "0 0 * * *",
        **others,
    }
    return json.dumps([{"label": label, "default": value} for label, value in values.items()]).encode()


def bill(until: date, amount: str = "10", **days: str) -> dict[date, Mapping[str, str]]:
    """60 days up to and without ``until`` that cost the amount each.

    Args:
        until: The first day that is not published.
        amount: What an ordinary day costs.
        days: Exceptions: ``d1="250"`` is the last day, ``d2`` the one before.
    """
    return {
        until - n * DAY: {"Amazon EC2": days.get(f"d{n}", amount), "Amazon S3": "0"} for n in range(1, 61)
    }


class World:
    """Everything that a test of the use cases moves and looks at.

    Attributes:
        clock: Monday 2026-11-23, noon UTC, until it is moved.
        aws: Knows ``KEY``, of ``account``.
        account: $10 a day, published up to yesterday.
        watches: None, until a test adds some.
        access: Lets keys in, and the roles that a test adds to it.
        channel: Keeps what is posted.
        disk: Breaks the inbox and the ledger.
        inbox: For a test to look into, whatever the disk does.
        ledger: Likewise.

    Args:
        inbox_limit: How many unfinished ticks the inbox takes.
        settle: How long good news may wait.
    """

    def __init__(self, inbox_limit: int = 1000, settle: timedelta = DAY) -> None:
        self.settle = settle
        self.clock = FixedClock(NOON)
        self.aws = FakeAws()
        self.account = Account(ACCOUNT, bill(self.today))
        self.aws.add(KEY, self.account)
        self.access = FakeAccess()
        self.channel = FakeChannel()
        self.vault: Vault = FakeVault()
        self.watches = FakeWatches()
        self.let_in = LetIn(self.vault, self.clock, RoleAccess.EXTERNAL_ID, "https://spend.example")
        self.disk = Disk()
        self.ledger: Ledger = MemoryLedger(self.clock, inbox_limit)
        self.inbox: Inbox = MemoryInbox(self.clock, inbox_limit, LEASE, self.ledger)
        self.reports: Reports = NoReports()
        self.accept_tick = AcceptTick(
            BreakableInbox(self.inbox, self.disk), self.vault, self.channel, self.clock
        )
        self.restart()

    def restart(self) -> None:
        """Go on as a process that was just started: with nothing in memory but the state."""
        inbox, ledger = BreakableInbox(self.inbox, self.disk), BreakableLedger(self.ledger, self.disk)
        self.check_spend = CheckSpend(self.access, FakeIdentity(self.aws), FakeCostSource(self.aws))
        self.answer_tick = AnswerTick(
            inbox,
            self.vault,
            TelexSettingsReader(),
            self.check_spend,
            SayOnce(ledger, self.channel, self.reports, self.clock),
            PlanLooks(ledger, self.settle),
            self.clock,
            self.let_in,
            self.watches,
            jitter=lambda: 1.0,
        )
        self.fire_watches = FireWatches(inbox, ledger, self.vault, self.watches, self.clock)

    @property
    def today(self) -> date:
        """The UTC day that the clock shows."""
        return self.clock.now().date()

    @property
    def texts(self) -> list[str]:
        """What the channel has read, oldest first."""
        return [message.text for message in self.channel.messages]

    async def accept(self, raw: bytes | None = None, return_url: str = URL) -> Accepted:
        """Take a tick in; None is one with good settings."""
        return await self.accept_tick.execute(return_url, settings() if raw is None else raw)

    async def lease(self, limit: int = 100) -> Sequence[Lease]:
        """Take what is due now."""
        return await self.inbox.lease(limit, wait=0)

    async def work(self) -> list[Answer]:
        """Answer, one after the other, all that is due now."""
        return [await self.answer_tick.execute(lease) for lease in await self.lease()]

    async def work_at_once(self) -> list[Answer]:
        """Answer all that is due now at the same time."""
        return await asyncio.gather(*(self.answer_tick.execute(lease) for lease in await self.lease()))

    async def tick(self, raw: bytes | None = None, return_url: str = URL) -> Answer:
        """Take a tick in and answer it, or the one like it that waits."""
        accepted = await self.accept(raw, return_url)
        leases = await self.lease()
        mine = [lease for lease in leases if lease.tick.id == accepted.tick_id] or leases
        return await self.answer_tick.execute(mine[0])

    async def work_for(self, time: timedelta) -> list[Answer]:
        """Answer every tick when it is due, while so much time passes."""
        end, answers = self.clock.now() + time, await self.work()
        while (due := await self.next_due()) and due.at <= end:
            self.clock.move_to(due.at)
            answers += await self.work()
        self.clock.move_to(end)
        return answers

    async def next_due(self) -> InboxEntry | None:
        """The paused or leased tick that comes back first, or None."""
        entries = [entry for entry in await self.inbox.entries() if entry.state in {"paused", "leased"}]
        return min(entries, key=lambda entry: entry.at, default=None)

    async def page(
        self, threshold: str = "100", frequency: Frequency = Frequency.DAILY, return_url: str = URL
    ) -> Page:
        """What the ledger says that the channel was told on a monitor's topic."""
        monitor = Monitor(KEY, Threshold(Decimal(threshold)), frequency)
        return await self.ledger.read(self.vault.fingerprint("channel", return_url), monitor.topic(ACCOUNT))
