"""Moving all that is kept from one engine to another."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta

from adapters.state.contents import KeptTick
from adapters.state.state import State, StateRefused
from application.errors import StorageUnavailable
from application.ports.clock import Clock
from application.ports.dead_letters import TickState
from application.ports.work_queue import NOTHING_YET, Lease, Why

LASTING = ("report.",)
"""How the keys begin of what is copied of the store. The rest is remembered anew: answers of AWS, counts."""

SOON = timedelta(minutes=1)
"""When a tick is worked on that has come somewhere already, and whose pause is over."""


@dataclass(slots=True)
class Copied:
    """How much was copied."""

    ticks: int = 0
    pages: int = 0
    reports: int = 0


async def copy_state(source: State, target: State, clock: Clock) -> Copied:
    """Copy ticks, ledger and report pages; what is sealed stays sealed, so both have the same secret key.

    Args:
        source: Is left as it is.
        target: Is empty.
        clock: What time it is.

    Raises:
        StateRefused: The target holds ticks already, somebody works on the source, or what it holds cannot
            be read.
        StorageUnavailable: Either fails; what was copied by then is there.
    """
    depth = await target.inbox.depth()
    if depth.unfinished or depth.given_up:
        raise StateRefused("the state to copy to holds ticks already: it has to be empty")
    ticks = [one async for one in source.contents.ticks()]
    leased_until = [one.at for one in ticks if one.state is TickState.LEASED and one.at > clock.now()]
    if leased_until:
        raise StateRefused(
            "somebody works on the state to copy from: stop the service first; if it was killed, its leases "
            f"end at {max(leased_until):%H:%M:%S} UTC"
        )
    copied = Copied()
    async for channel, topic, page, _ in source.contents.pages():
        await target.ledger.update(channel, topic, lambda _, page=page: page)  # type: ignore[misc]  # the loop's own
        copied.pages += 1
    for prefix in LASTING:
        async for key, value, until in source.contents.values(prefix):
            await target.store.put(key, value, until - clock.now())
            copied.reports += 1
    await _Ticks(target, clock).copy(ticks)
    copied.ticks = len(ticks)
    return copied


@dataclass(slots=True)
class _Ticks:
    """Puts ticks into an inbox that nobody works on, each as it stood."""

    target: State
    clock: Clock
    paused: dict[str, KeptTick] = field(default_factory=dict)

    async def copy(self, ticks: list[KeptTick]) -> None:
        """Copy what can be worked on last: before that, what was just put is what is leased."""
        inbox = self.target.inbox
        for kept in ticks:
            if kept.state is TickState.GIVEN_UP:
                await inbox.put(kept.tick)
                await inbox.give_up(await self._lease(kept), kept.reason)
        for kept in ticks:
            if _has_come_somewhere(kept):
                await inbox.put(kept.tick)
                await self._pause(await self._lease(kept), kept)
        for kept in ticks:
            if kept.state is not TickState.GIVEN_UP and not _has_come_somewhere(kept):
                await inbox.put(kept.tick)

    async def _lease(self, kept: KeptTick) -> Lease:
        while leases := await self.target.inbox.lease(1, wait=10):
            (lease,) = leases
            if lease.tick.id == kept.tick.id:
                return lease
            if lease.tick.id not in self.paused:
                break
            await self._pause(lease, self.paused[lease.tick.id])  # meanwhile its pause was over
        raise StorageUnavailable("somebody else works on the state to copy to: stop the service first")

    async def _pause(self, lease: Lease, kept: KeptTick) -> None:
        self.paused[kept.tick.id] = kept
        until = max(kept.at, self.clock.now() + SOON)
        await self.target.inbox.pause(lease, until, kept.reason, kept.why or Why.TURN, kept.progress)


def _has_come_somewhere(kept: KeptTick) -> bool:
    if kept.state is TickState.GIVEN_UP:
        return False
    return kept.state is TickState.PAUSED or kept.progress != NOTHING_YET
