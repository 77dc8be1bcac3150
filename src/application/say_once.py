"""Say a thing once: claim the page, post, record.

**Once, as far as it can be known.** Two ticks of one channel never say the same, since one of them claims the
page first. A process that dies before its post has said nothing, and the tick, when it comes back, goes on in
spite of its own claim. What was posted but not recorded, as storage failed, is recorded by the same process
later, before anything else is said to that channel. What nobody can know is whether a post was taken whose
answer was lost, or a kill fell before its record: that is said again, so it is said at least once.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import partial

from application.errors import ChannelGone, SomeoneElseSpeaks
from application.notes import note_gone
from application.notice import Notice
from application.ports.channel import Channel
from application.ports.clock import Clock
from application.ports.ledger import Claim, Ledger, Page
from application.ports.reports import Reports
from application.ports.work_queue import Lease

CLAIM_OUTLIVES_LEASE = timedelta(minutes=1)
"""So that a tick whose record failed comes back, and records, before another tick may say the same."""

DESTINATION = "destination"
"""The topic of a channel's page on itself."""

Note = Callable[[Page], Page]
"""Adds to a page what has just been said."""


@dataclass(frozen=True, slots=True)
class SayOnce:
    """What stands between a report and the channel that may have had it."""

    ledger: Ledger
    channel: Channel
    reports: Reports
    clock: Clock
    unrecorded: dict[tuple[str, str], tuple[str, Note]] = field(default_factory=dict, repr=False)
    """By channel and topic, what was delivered while the storage fails to keep that, and by which tick."""

    async def read(self, lease: Lease, topic: str) -> Page:
        """Return what the channel was told, once it is this tick's turn to speak.

        Raises:
            SomeoneElseSpeaks: Another tick has claimed the page.
        """
        for channel, other in [*self.unrecorded]:
            if channel == lease.tick.channel:
                await self._record_delivered(channel, other)
        page = await self.ledger.read(lease.tick.channel, topic)
        self._check_turn(lease, page)
        return page

    async def check_not_gone(self, lease: Lease, return_url: str) -> None:
        """Find out, before anything is paid for, whether the channel has said that it is gone for good.

        Raises:
            ChannelGone: It has; it is not called again.
        """
        if not self.channel.may_be_gone(return_url):
            return
        page = await self.ledger.read(lease.tick.channel, DESTINATION)
        if since := page.failures.get(ChannelGone.code):
            raise ChannelGone(
                f"The channel answered on {since} that its URL is gone, and is not called again. "
                "Make a new one; 'aws-spend-monitor inbox retry --all' tries this one once more."
            )

    async def say(
        self, lease: Lease, topic: str, read: Page, return_url: str, notice: Notice, note: Note
    ) -> Page:
        """Keep what is said for its page, and post it, unless somebody else does; return the ledger's page.

        Args:
            lease: Of the tick that speaks.
            topic: What is told.
            read: The page that the notice was made from.
            return_url: Where to.
            notice: What to say.
            note: What to keep of it.

        Raises:
            SomeoneElseSpeaks: Another tick has claimed the page, or has said something since it was read.
            ReturnUrlForbidden, ChannelRefused, ChannelUnavailable: As of the channel's port.
        """
        await self._claim(lease, topic, read)
        told = await self.reports.keep(notice)
        try:
            await self.channel.post(return_url, told)
        except ChannelGone:
            note = partial(note_gone, self.clock.now().date())
            await self.ledger.update(lease.tick.channel, DESTINATION, note)
            raise
        return await self._record(lease.tick.channel, topic, lease.tick.id, note)

    async def _claim(self, lease: Lease, topic: str, read: Page) -> None:
        until = max(self.clock.now(), lease.expires_at) + CLAIM_OUTLIVES_LEASE

        def claim(page: Page) -> Page:
            self._check_turn(lease, page)
            if (page.told, page.failures) != (read.told, read.failures):
                raise SomeoneElseSpeaks("another tick of this channel has said something meanwhile")
            return replace(page, claim=Claim(lease.tick.id, until))

        await self.ledger.update(lease.tick.channel, topic, claim)

    def _check_turn(self, lease: Lease, page: Page) -> None:
        now = self.clock.now()
        if page.claim and page.claim.tick_id != lease.tick.id and page.claim.until > now:
            wait = (page.claim.until - now).total_seconds()
            raise SomeoneElseSpeaks("another tick of this channel is saying it", retry_after=wait)

    async def _record(self, channel: str, topic: str, tick_id: str, note: Note) -> Page:
        def record(page: Page) -> Page:
            mine = page.claim is not None and page.claim.tick_id == tick_id
            return replace(note(page), claim=None if mine else page.claim)

        self.unrecorded[channel, topic] = tick_id, note
        page = await self.ledger.update(channel, topic, record)
        self.unrecorded.pop((channel, topic), None)
        return page

    async def _record_delivered(self, channel: str, topic: str) -> None:
        """Record what was delivered before the storage failed, so that the check finds it said."""
        if delivered := self.unrecorded.get((channel, topic)):
            await self._record(channel, topic, *delivered)
