from __future__ import annotations

from collections.abc import Iterable
from contextlib import ExitStack, suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.chats.lanes import HostLanes
from application.errors import ChannelBusy

HOST = "ping.telex.im:443"
STRANGER = "chat.example.com:443"


def free_places(lanes: HostLanes, host: str = HOST) -> int:
    """How many places can be taken until the host is busy. They are given back."""
    with ExitStack() as held:
        for taken in range(10_000):
            try:
                held.enter_context(lanes.place(host))
            except ChannelBusy:
                return taken
    raise AssertionError("there is no end to it")


@pytest.mark.parametrize(("most", "first"), [(256, 32), (32, 32), (5, 5), (1, 1)])
def test_a_new_host_has_32_places_but_never_more_than_the_most(most: int, first: int) -> None:
    """What nothing is known of gets a fair start."""
    assert free_places(HostLanes(most)) == first


def test_each_success_earns_a_place_up_to_the_most() -> None:
    """One by one, and then no more."""
    lanes = HostLanes(35)
    earned = [free_places(lanes)]
    for _ in range(4):
        lanes.succeeded(HOST)
        earned.append(free_places(lanes))
    assert earned == [32, 33, 34, 35, 35]


def test_each_failure_halves_the_places_down_to_a_quarter() -> None:
    """A host always keeps some: its other channels may be well, and it could never show that it is back."""
    lanes = HostLanes(256)
    left = [free_places(lanes)]
    for _ in range(7):
        lanes.failed(HOST)
        left.append(free_places(lanes))
    assert left == [32, 16, 8, 8, 8, 8, 8, 8]


def test_a_host_that_comes_back_earns_its_places_again() -> None:
    """Nothing is held against it for ever."""
    lanes = HostLanes(256)
    free_places(lanes)
    for _ in range(10):
        lanes.failed(HOST)
    for _ in range(24):
        lanes.succeeded(HOST)
    assert free_places(lanes) == 32


def test_places_taken_before_a_failure_are_kept() -> None:
    """Who is in stays in; nobody new enters until fewer are held than there are places."""
    lanes = HostLanes(4)
    with lanes.place(HOST):
        with lanes.place(HOST), lanes.place(HOST):
            lanes.failed(HOST)
            with pytest.raises(ChannelBusy):
                lanes.place(HOST).__enter__()
        with lanes.place(HOST), pytest.raises(ChannelBusy):
            lanes.place(HOST).__enter__()


def test_a_place_is_given_back_after_an_error() -> None:
    """However a delivery ends, its place is free again."""
    lanes = HostLanes(1)
    for _ in range(3):
        with suppress(ValueError), lanes.place(HOST):
            raise ValueError
    assert free_places(lanes) == 1


def test_hosts_do_not_share_places() -> None:
    """What one takes or loses is not another's; the port is part of a host."""
    lanes = HostLanes(8)
    with lanes.place(HOST):
        lanes.failed(HOST)
        assert free_places(lanes, "ping.telex.im:8443") == 8


def test_a_result_of_an_unknown_host_is_nothing() -> None:
    """A post outside of any lane leaves no trace."""
    lanes = HostLanes(8)
    lanes.failed(HOST)
    lanes.succeeded(HOST)
    assert len(lanes) == 0


def test_the_host_used_longest_ago_is_forgotten_first() -> None:
    """Of more hosts than are kept in mind, those used last stay."""
    lanes = HostLanes(8, remembered=2)
    for host in ("a.telex.im:1", "b.telex.im:1"):
        with lanes.place(host):
            lanes.failed(host)
    for host in ("a.telex.im:1", "c.telex.im:1"):
        with lanes.place(host):
            pass
    assert [free_places(lanes, host) for host in ("a.telex.im:1", "b.telex.im:1")] == [4, 8]


def strangers(lanes: HostLanes, held: ExitStack, hosts: Iterable[str]) -> int:
    """Let each host take as many places as it gets; return how many that are. They are held."""
    taken = 0
    for host in hosts:
        with suppress(ChannelBusy):
            while True:
                held.enter_context(lanes.place(host))
                taken += 1
    return taken


def test_hosts_that_never_delivered_share_a_sixteenth_of_all_places() -> None:
    """However many names somebody makes up, and whoever's they are."""
    lanes = HostLanes(256)
    with ExitStack() as held:
        assert strangers(lanes, held, (f"a{n}.evil{n % 7}.com:443" for n in range(500))) == 16


@pytest.mark.parametrize(
    "hosts",
    [
        [f"a{n}.evil.com:443" for n in range(100)],
        [f"evil.com:{port}" for port in range(2000, 2100)],
        [f"198.51.100.{n}:443" for n in range(100)],
        [f"[2001:db8:1:{n:x}::1]:443" for n in range(100)],
    ],
    ids=["names", "ports", "addresses", "IPv6"],
)
def test_one_owner_of_hosts_that_never_delivered_has_a_quarter_of_that(hosts: list[str]) -> None:
    """Names below a domain, ports and addresses of one network cost nothing."""
    lanes = HostLanes(256)
    with ExitStack() as held:
        assert strangers(lanes, held, hosts) == 4
        assert free_places(lanes, STRANGER) == 4


def test_a_host_that_delivered_does_not_wait_for_strangers() -> None:
    """While strangers hold all that is theirs, who has delivered has its own places."""
    lanes = HostLanes(256)
    with lanes.place(STRANGER):
        lanes.succeeded(STRANGER)
    with ExitStack() as held:
        strangers(lanes, held, (f"evil{n}.com:443" for n in range(500)))
        assert free_places(lanes, STRANGER) == 33
        assert free_places(lanes) == 32


def test_a_well_known_host_is_never_starved() -> None:
    """Whatever others have earned, an eighth of all places is for hosts that no stranger can own."""
    lanes = HostLanes(256)
    hosts = [f"evil{n}.com:443" for n in range(20)]
    for host in hosts:
        with lanes.place(host):
            lanes.succeeded(host)
    with ExitStack() as held:
        assert strangers(lanes, held, hosts) == 224
        assert free_places(lanes) == 32


def test_a_host_at_its_fewest_places_is_a_stranger_again() -> None:
    """Who delivered once and hangs since then shares with those that never did, until it answers."""
    lanes = HostLanes(256)
    hosts = [f"evil{n}.com:443" for n in range(50)]
    for host in hosts:
        with lanes.place(host):
            lanes.succeeded(host)
            for _ in range(3):
                lanes.failed(host)
    with ExitStack() as held:
        assert strangers(lanes, held, hosts) == 16
    lanes.succeeded(hosts[0])
    with ExitStack() as held:
        strangers(lanes, held, hosts[1:])
        assert free_places(lanes, hosts[0]) == 9


def test_a_slow_host_loses_places_unless_it_is_well_known() -> None:
    """Who takes messages slowly holds each place for long; Telex being slow is nobody's attack."""
    lanes = HostLanes(256)
    for host in (STRANGER, HOST):
        with lanes.place(host):
            lanes.succeeded(host)
            lanes.succeeded(host, promptly=False)
            lanes.succeeded(host, promptly=False)
    assert (free_places(lanes, STRANGER), free_places(lanes)) == (31, 33)


def test_hosts_that_never_delivered_are_forgotten_first() -> None:
    """A flood of names takes nothing from those that have earned something."""
    lanes = HostLanes(8, remembered=2)
    with lanes.place(STRANGER):
        lanes.succeeded(STRANGER)
    for n in range(10):
        with lanes.place(f"evil{n}.com:443"):
            pass
    assert free_places(lanes, STRANGER) == 7


def test_who_finds_no_place_holds_none() -> None:
    """A refusal leaves nothing behind, at whichever limit it was."""
    lanes = HostLanes(16)
    with ExitStack() as held:
        strangers(lanes, held, (f"evil{n}.com:443" for n in range(50)))
        strangers(lanes, held, (f"{n}.evil.com:443" for n in range(50)))
    assert (lanes._anybody, lanes._strangers.total()) == (0, 0)
    assert all(lane.taken == 0 for lane in lanes._lanes.values())


@given(
    st.lists(
        st.tuples(st.sampled_from(["enter", "leave", "succeeded", "failed"]), st.sampled_from("abcdef")),
        max_size=60,
    )
)
def test_a_host_in_use_is_never_forgotten_and_nothing_grows(steps: list[tuple[str, str]]) -> None:
    """Whatever happens in whatever order: who enters leaves no more hosts than are remembered or in use."""
    lanes = HostLanes(3, first=2, remembered=2, trusts=lambda _: True)
    held: dict[str, list[ExitStack]] = {host: [] for host in "abcdef"}
    for step, host in steps:
        match step:
            case "enter":
                place = ExitStack()
                with suppress(ChannelBusy):
                    place.enter_context(lanes.place(host))
                    held[host].append(place)
                    assert len(lanes) <= max(2, sum(map(bool, held.values())))
            case "leave" if held[host]:
                held[host].pop().close()
            case "succeeded":
                lanes.succeeded(host)
            case "failed":
                lanes.failed(host)
        in_use = {host: len(places) for host, places in held.items() if places}
        assert in_use == {host: lane.taken for host, lane in lanes._lanes.items() if lane.taken}
        assert all(0 <= lane.taken <= 3 and 1 <= lane.places <= 3 for lane in lanes._lanes.values())
