"""What the documentation says to type, where it needs neither AWS nor a service that runs."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest

from adapters.issuer import new_signing_keys
from tests.doubles import forks
from tests.unit.test_docs import CALLS, ROOT

OFFLINE = ("policy", "role", "watches check")
"""Commands that only print; ``doctor``, ``check`` and the others ask AWS or a state."""

VARIABLES = {
    "SPEND_MONITOR_STATE_URL": "memory://",
    "SPEND_MONITOR_SECRET_KEY": "00" * 32,
    "SPEND_MONITOR_ROLE_ACCESS": "web-identity",
    "SPEND_MONITOR_PUBLIC_URL": "https://spend.example.com",
    "SPEND_MONITOR_WATCHES": str(ROOT / "deploy/watches.example.toml"),
    "SLACK_URL": "https://hooks.slack.com/services/T0/B0/x",
    "TEAMS_URL": "https://example.logic.azure.com/x",
}
PLACEHOLDERS = {"URL": "https://ping.telex.im/v1/return/x", "FILE": "deploy/watches.example.toml"}
RUN_HERE = sorted({call[1:] for call in CALLS if " ".join(call[1:]).startswith(OFFLINE)})


@cache
def signing_key() -> str:
    """As ``openssl genrsa 2048`` prints one."""
    return new_signing_keys()[0].as_pem(private=True).decode()


@pytest.mark.parametrize("call", RUN_HERE, ids=" ".join)
async def test_it_works(call: tuple[str, ...]) -> None:
    """A reader who types it gets what the page promises, and exit code 0."""
    words = [PLACEHOLDERS.get(word, word) for word in call]
    key = new_signing_keys()[0].as_pem(private=True).decode()
    code, out, err = await forks.run(*words, folder=Path(ROOT), **VARIABLES, SPEND_MONITOR_SIGNING_KEY=key)

    assert (code, bool(out)) == (0, True), err
