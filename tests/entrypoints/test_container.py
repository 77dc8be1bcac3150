"""The application is built with real adapters, and takes any other in their place."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from adapters.aws.cost_explorer import CostExplorer
from adapters.chats.channel import Chats
from adapters.clock import SystemClock
from adapters.pages.reports import NoReports
from adapters.state.memory import open_memory_state
from adapters.vault import AesGcmVault
from application.errors import StorageUnavailable
from entrypoints.config import Config
from entrypoints.container import Adapters, open_container
from tests.doubles.fakes.aws import FakeAccess, FakeAws, FakeCostSource, FakeIdentity, FakeRoleTrials
from tests.doubles.fakes.channel import FakeChannel
from tests.doubles.fakes.clock import FixedClock
from tests.doubles.fakes.vault import FakeVault
from tests.doubles.fakes.watches import FakeWatches

CONFIG = Config(state_url="memory://")


async def test_every_adapter_can_be_given() -> None:
    """What is given is what the use cases get, as it stands."""
    clock, aws, access = FixedClock(), FakeAws(), FakeAccess()
    async with open_memory_state(clock, 10) as state:
        given: Adapters = {
            "clock": clock,
            "vault": FakeVault(),
            "state": state,
            "channel": FakeChannel(),
            "access": access,
            "trials": FakeRoleTrials(access),
            "identity": FakeIdentity(aws),
            "cost_source": FakeCostSource(aws),
            "reports": NoReports(),
            "watches": FakeWatches(),
        }
        async with open_container(CONFIG, **given) as container:
            got: dict[str, Any] = {name: getattr(container, name)() for name in Adapters.__annotations__}
            check, answer = container.check_spend(), container.answer_tick()

    assert given == got
    assert (check.cost_source, check.identity, check.access) == (
        given["cost_source"],
        given["identity"],
        access,
    )
    assert (answer.inbox, answer.say_once.channel) == (state.inbox, given["channel"])


async def test_the_real_ones_are_the_default() -> None:
    """Nothing is opened twice: everybody gets the same."""
    async with open_container(CONFIG) as container:
        kinds = (type(container.clock()), type(container.vault()), type(container.channel()))
        answer, accept, inbox = container.answer_tick(), container.accept_tick(), container.inbox()
        asked = container.cost_source()

    assert kinds == (SystemClock, AesGcmVault, Chats)
    assert (answer.inbox, accept.inbox) == (inbox, inbox)
    assert answer.check_spend.cost_source is asked
    assert not isinstance(asked, CostExplorer), "what saves requests stands around it"


async def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    """With the variable that names it, not with a file in it that nobody has named."""
    config = Config(state_url=f"sqlite:///{tmp_path / 'nowhere' / 'spend.db'}")
    said = f"SPEND_MONITOR_STATE_URL: there is no folder {tmp_path / 'nowhere'}; make it"
    with pytest.raises(StorageUnavailable, match=re.escape(said)):
        async with open_container(config):
            pass
