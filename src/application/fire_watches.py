"""Put a watch's ticks into the inbox when its time has come."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from application.accept_tick import host_of, pack_watch
from application.ports.clock import Clock
from application.ports.intake import Intake, SealedTick
from application.ports.ledger import Claim, Ledger, Page
from application.ports.vault import Vault
from application.ports.watches import ScheduledWatch, Watches

CLAIM_LASTS = timedelta(minutes=1)
"""After that another process puts the ticks of one that died in between."""

ID_DIGITS = 12

SAID = "said"
"""Beside a watch's schedules, the topic under which its page says what it told last, wherever it did."""


@dataclass(frozen=True, slots=True)
class Fired:
    """A watch whose time has come.

    Args:
        watch: Its name.
        due: The time.
        ticks: How many ticks it put; a destination whose tick still waits gets none.
        late: For how long the time was missed.
    """

    watch: str
    due: datetime
    ticks: int
    late: timedelta


@dataclass(frozen=True, slots=True)
class FireWatches:
    """Any number of processes do this at the same times, and each time is fired once.

    The ledger keeps a page for each watch and schedule, with the newest time that is done with. Whoever
    claims the page puts the ticks and then writes the time down; who dies in between leaves a claim that
    lapses. A tick's id is made of the watch, the time and the destination, so that putting it again while it
    is unfinished changes nothing. Times that were missed are made up for by the last of them. A watch, or a
    schedule, that is new has missed none.
    """

    inbox: Intake
    ledger: Ledger
    vault: Vault
    watches: Watches
    clock: Clock
    me: str = field(default_factory=lambda: secrets.token_hex(8))
    done: dict[tuple[str, str], datetime] = field(default_factory=dict)
    """By watch and schedule, the newest time that is known to be done with: saves asking the ledger."""
    put: set[str] = field(default_factory=set)
    """The ids that were put for a time which is not done with yet."""

    async def execute(self) -> list[Fired]:
        """Fire what is due now.

        Raises:
            InboxFull: Come back soon; what is not put stays due.
            StorageUnavailable: Likewise.
        """
        now = self.clock.now()
        fired = [await self._fire(watch, now) for watch in self.watches.all()]
        return [one for one in fired if one]

    def next_due(self) -> datetime | None:
        """When a watch is due next, or None when there is no watch."""
        now = self.clock.now()
        return min((watch.schedule.next_after(now) for watch in self.watches.all()), default=None)

    async def _fire(self, watch: ScheduledWatch, now: datetime) -> Fired | None:
        channel = watch_page(self.vault, watch.name)
        topic = self.vault.fingerprint("schedule", str(watch.schedule))
        known = self.done.get((channel, topic))
        if known is None:
            page = await self.ledger.update(channel, topic, lambda page: _known_since(page, now))
            known = self.done[channel, topic] = page.fired or now
        due = watch.schedule.latest(known, now)
        if due is None:
            return None
        page = await self.ledger.update(channel, topic, lambda page: self._claimed(page, due, now))
        if page.fired and page.fired >= due:
            self.done[channel, topic] = page.fired
            return None
        if page.claim is None or page.claim.tick_id != self.me:
            return None
        stored = await self._put(watch, due, now)
        await self.ledger.update(channel, topic, lambda page: replace(page, fired=due, claim=None))
        self.done[channel, topic] = due
        self.put.clear()
        return Fired(watch.name, due, stored, now - due)

    async def _put(self, watch: ScheduledWatch, due: datetime, now: datetime) -> int:
        """Put a tick for each destination, but not again what was put before the inbox was full."""
        stored = 0
        for destination in watch.destinations:
            tick = self._tick(watch.name, due, destination, now)
            if tick.id not in self.put:
                stored += await self.inbox.put(tick)
                self.put.add(tick.id)
        return stored

    def _claimed(self, page: Page, due: datetime, now: datetime) -> Page:
        is_done = page.fired is not None and page.fired >= due
        is_taken = page.claim is not None and page.claim.tick_id != self.me and page.claim.until > now
        return page if is_done or is_taken else replace(page, claim=Claim(self.me, now + CLAIM_LASTS))

    def _tick(self, watch: str, due: datetime, destination: str, now: datetime) -> SealedTick:
        mark = self.vault.fingerprint("watch's tick", watch, due.isoformat(), destination)
        tick_id = f"{int(due.timestamp() * 1000):012x}-{mark[:ID_DIGITS]}"
        return SealedTick(
            tick_id,
            channel=self.vault.fingerprint("channel", destination),
            twin=self.vault.fingerprint("watch's twin", watch, destination, now.date().isoformat()),
            accepted_at=now,
            payload=self.vault.seal(pack_watch(destination, watch), context=tick_id),
            host=self.vault.fingerprint("host", host_of(destination)),
            asks=self.vault.fingerprint("watch's question", watch),
        )


def watch_page(vault: Vault, name: str) -> str:
    """Under what the ledger keeps a watch's pages: its schedules, and what it said last."""
    return vault.fingerprint("watch", name)


def _known_since(page: Page, now: datetime) -> Page:
    return page if page.fired else replace(page, fired=now)
