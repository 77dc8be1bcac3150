"""This room has no processes and no sockets; a test that needs one belongs in another."""

from __future__ import annotations

import socket
import subprocess
from typing import Any, NoReturn

import pytest


@pytest.fixture(autouse=True)
def _no_processes_and_no_sockets(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fail whoever starts or calls one."""

    def refuse(*_: Any, **__: Any) -> NoReturn:
        pytest.fail("tests/unit has no processes and no sockets: put this test into tests/adapters or e2e")

    monkeypatch.setattr(subprocess.Popen, "__init__", refuse)
    for call in ("bind", "connect", "connect_ex"):
        monkeypatch.setattr(socket.socket, call, refuse)
