"""What holds for every test."""

from __future__ import annotations

import pytest
from hypothesis import settings

from tests.doubles.chromium import chromium

# On a busy machine any example may take long; that alone is no failure.
settings.register_profile("any-machine", deadline=None)
settings.load_profile("any-machine")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say in one line what was left out for want of a browser."""
    if chromium() is None:
        terminalreporter.write_line("left out: tests/browser, as no Chromium is installed here")
