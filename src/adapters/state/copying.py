"""Moving all that is kept from one engine to another."""

from __future__ import annotations

from dataclasses import dataclass

from adapters.state.contents import KeptTick
from adapters.state.state import State, StateRefused
from application.errors import StorageUnavailable
from application.ports.clock import Clock
from application.ports.dead_letters import TickState
from application.ports.work_queue import Why

LASTING = ("report.",)
"""How the keys begin of what is copied of the store. The rest is remembered anew: answers of AWS, counts."""


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
        StateRefused: The target holds ticks already, or the source's engine cannot be read in this way.
        StorageUnavailable: Either fails; what was copied by then is there.
    """
    if source.contents is None:
        raise StateRefused("state can be copied from sqlite:// and postgresql:// only")
    depth = await target.inbox.depth()
    if depth.unfinished or depth.given_up:
        raise StateRefused("the state to copy to holds ticks already: it has to be empty")
    copied = Copied()
    async for channel, topic, page, _ in source.contents.pages():
        await target.ledger.update(channel, topic, lambda _, page=page: page)  # type: ignore[misc]  # the loop's own
        copied.pages += 1
    for prefix in LASTING:
        async for key, value, until in source.contents.values(prefix):
            await target.store.put(key, value, until - clock.now())
            copied.reports += 1
    kept = [one async for one in source.contents.ticks()]
    # Those that are not to be worked on now come first: so the one just put is the one that is leased.
    kept.sort(key=lambda one: one.state not in {TickState.GIVEN_UP, TickState.PAUSED})
    for one in kept:
        await _copy_tick(one, target)
        copied.ticks += 1
    return copied


async def _copy_tick(kept: KeptTick, target: State) -> None:
    await target.inbox.put(kept.tick)
    if kept.state not in {TickState.GIVEN_UP, TickState.PAUSED}:
        return
    leases = await target.inbox.lease(1, wait=10)
    if [lease.tick.id for lease in leases] != [kept.tick.id]:
        raise StorageUnavailable("somebody else works on the state to copy to: stop the service first")
    (lease,) = leases
    if kept.state is TickState.GIVEN_UP:
        await target.inbox.give_up(lease, kept.reason)
    else:
        await target.inbox.pause(lease, kept.at, kept.reason, kept.why or Why.FAILURE, kept.progress)
