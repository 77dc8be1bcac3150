"""Doors and workers on one NATS, as processes of their own."""

from __future__ import annotations

import asyncio
import base64
from pathlib import Path
from typing import Any

import aiohttp
import nats

from adapters.state.ledger_pages import decode_page
from adapters.state.nats.address import parse_address
from adapters.state.nats.layout import LEDGER
from tests.doubles import forks, service

SECRET = bytes(range(32))


class Deployment:
    """What its processes have in common.

    Args:
        folder: Where they run.
        state_url: Of NATS.
        aws_url: Of their AWS.
        variables: Further variables, without their prefix.
    """

    def __init__(self, folder: Path, state_url: str, aws_url: str, **variables: str) -> None:
        folder.mkdir(exist_ok=True)
        self._folder = folder
        self._variables = {f"SPEND_MONITOR_{name}": text for name, text in variables.items()} | {
            "SPEND_MONITOR_STATE_URL": state_url,
            "SPEND_MONITOR_SECRET_KEY": base64.b64encode(SECRET).decode(),
            "AWS_ENDPOINT_URL": aws_url,
        }

    async def start(self, *arguments: str) -> service.Service:
        """Start a door or a worker, and wait until it can work."""
        started = await forks.start(*arguments, folder=self._folder, **self._variables)
        if arguments[0] == "worker":
            await started.wait_for("working")
        return started

    async def start_door(self) -> service.Service:
        """Start a door that takes ticks in and answers none."""
        return await self.start("serve", "--port", "0", "--no-worker")


async def post(client: aiohttp.ClientSession, tick: dict[str, Any]) -> tuple[int, str]:
    """Send a tick; return the status and the answer."""
    async with client.post("/tick", json=tick) as answer:
        return answer.status, await answer.text()


async def ready_is(client: aiohttp.ClientSession, status: int, seconds: float = 30) -> str:
    """Wait until ``/ready`` answers so; return what it says of the storage."""
    async with asyncio.timeout(seconds):
        while True:
            async with client.get("/ready") as answer:
                if answer.status == status:
                    return str((await answer.json())["storage"])
            await asyncio.sleep(0.05)


async def recorded_channels(state_url: str) -> set[str]:
    """The fingerprints of the channels whose ledger says that they were told something."""
    client = await nats.connect([f"nats://{host}" for host in parse_address(state_url).hosts])
    try:
        pages = await client.jetstream().key_value(LEDGER)
        told = set()
        for key in await pages.keys():
            entry = await pages.get(key)
            page = decode_page(entry.value or b"")
            if page.told or page.failures:
                told.add(key.partition(".")[0])
        return told
    finally:
        await client.close()
