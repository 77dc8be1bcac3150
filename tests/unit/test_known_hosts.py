"""Who has delivered is no stranger after a restart."""

from __future__ import annotations

import asyncio

import pytest

from adapters.chats.known_hosts import KEY, KnownHosts, keeping_hosts
from adapters.chats.lanes import HostLanes
from adapters.state.memory import MemoryStore
from application.ports.vault import Vault
from tests.doubles.fakes.clock import FixedClock
from tests.doubles.fakes.vault import FakeVault
from tests.unit.test_host_lanes import STRANGER, free_places


@pytest.fixture
def store() -> MemoryStore:
    """What outlives a process."""
    return MemoryStore(FixedClock())


def deliver(lanes: HostLanes, host: str) -> None:
    """Take a message, and at once."""
    with lanes.place(host):
        lanes.succeeded(host)


async def process(store: MemoryStore, *hosts: str, vault: Vault | None = None) -> HostLanes:
    """A process from its start to its end, in which these hosts deliver."""
    lanes = HostLanes(256)
    async with keeping_hosts(KnownHosts(store, vault or FakeVault(), lanes)):
        for host in hosts:
            deliver(lanes, host)
    return lanes


async def test_a_host_that_has_delivered_is_known_after_a_restart(store: MemoryStore) -> None:
    """It has its own places from the first message on; one that has not shares with the others."""
    assert free_places(await process(store), STRANGER) == 4
    await process(store, STRANGER)
    lanes = await process(store)
    assert (free_places(lanes, STRANGER), free_places(lanes, "evil.com:443")) == (32, 4)


async def test_processes_add_to_what_others_know(store: MemoryStore) -> None:
    """Whoever writes last takes nothing away."""
    first, second = HostLanes(256), HostLanes(256)
    known = [KnownHosts(store, FakeVault(), lanes) for lanes in (first, second)]
    deliver(first, "a.example.com:443")
    deliver(second, "b.example.com:443")
    for each in known:
        await each.keep()
    lanes = await process(store)
    assert sorted(lanes.delivered()) == ["a.example.com:443", "b.example.com:443"]


async def test_a_host_that_does_not_deliver_any_more_is_not_kept(store: MemoryStore) -> None:
    """What has fallen to the fewest places is a stranger, and stays one."""
    lanes = HostLanes(256)
    deliver(lanes, STRANGER)
    for _ in range(3):
        lanes.failed(STRANGER)
    await KnownHosts(store, FakeVault(), lanes).keep()
    assert (await process(store)).delivered() == []


async def test_the_list_is_sealed(store: MemoryStore) -> None:
    """A host is a part of a return_url; under a retired key the list begins anew."""
    await process(store, STRANGER)
    value = await store.get(KEY)
    assert value is not None
    assert STRANGER.encode() not in value
    assert (await process(store, vault=FakeVault("another"))).delivered() == []


async def test_the_list_is_bounded(store: MemoryStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """Those that delivered longest ago are dropped first."""
    monkeypatch.setattr("adapters.chats.known_hosts.REMEMBERED", 3)
    await process(store, *(f"{name}.example.com:443" for name in "abcde"))
    assert (await process(store)).delivered() == [f"{name}.example.com:443" for name in "cde"]


@pytest.mark.parametrize(("renewed_seconds", "is_written"), [(3600.0, False), (0.0, True)])
async def test_what_is_not_new_is_written_once_a_day(
    renewed_seconds: float, *, is_written: bool, store: MemoryStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A minute in which the same hosts delivered costs no write, and the list does not expire for it."""
    monkeypatch.setattr("adapters.chats.known_hosts.RENEWED_SECONDS", renewed_seconds)
    lanes = HostLanes(256)
    known = KnownHosts(store, FakeVault(), lanes)
    deliver(lanes, STRANGER)
    await known.keep()
    await store.remove(KEY)
    deliver(lanes, STRANGER)
    await known.keep()
    assert (await store.get(KEY) is not None) == is_written


async def test_a_stop_does_not_wait_for_a_store_that_is_away(
    store: MemoryStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It would wait its outage out, until whoever asked for the stop kills the process."""

    async def get(_: str) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr("adapters.chats.known_hosts.LAST_SECONDS", 0.01)
    lanes = HostLanes(256)
    async with asyncio.timeout(5):
        async with keeping_hosts(KnownHosts(store, FakeVault(), lanes)):
            deliver(lanes, STRANGER)
            monkeypatch.setattr(store, "get", get)
