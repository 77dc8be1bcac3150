"""The state of one engine after the other, for the suites of its ports."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from application.ports.inbox import Inbox
from application.ports.ledger import Ledger
from application.ports.store import Store
from tests.contract.states import HARNESSES, Harness


@pytest.fixture(params=HARNESSES)
async def harness(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Harness]:
    """One engine after the other."""
    async with HARNESSES[request.param](tmp_path) as opened:
        yield opened


@pytest.fixture(params=HARNESSES)
async def roomy(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Harness]:
    """Likewise, with room for so many ticks that their bytes are the narrower limit."""
    async with HARNESSES[request.param](tmp_path, 24) as opened:
        yield opened


@pytest.fixture
def inbox(harness: Harness) -> Inbox:
    """The engine's inbox."""
    return harness.state.inbox


@pytest.fixture
def ledger(harness: Harness) -> Ledger:
    """The engine's ledger."""
    return harness.state.ledger


@pytest.fixture
def store(harness: Harness) -> Store:
    """The engine's store."""
    return harness.state.store
