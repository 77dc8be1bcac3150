"""Telex on loopback: a channel that takes messages as Telex's webhook service does."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web


class LocalChannel:
    """Takes messages at ``/v1/return/<name>`` and keeps them.

    ``statuses`` are what the next posts are answered with, in turn; when they are used up, or one is a 2xx,
    the message is accepted.
    """

    def __init__(self) -> None:
        self.url = ""
        self.posts: list[tuple[str, dict[str, str]]] = []
        self.statuses: list[int] = []
        self._grew = asyncio.Condition()

    async def take(self, request: web.Request) -> web.Response:
        """Answer as Telex answers a message that it accepts, or with the next status set by the test."""
        message = await request.json()
        if self.statuses:
            status = self.statuses.pop(0)
            if status >= 300:
                return web.Response(status=status)
        async with self._grew:
            self.posts.append((request.match_info["channel"], message))
            self._grew.notify_all()
        answer = {"status": "success", "status_code": 202, "message": "request received", "task_id": "1"}
        return web.json_response(answer, status=202)

    async def take_as_slack(self, request: web.Request) -> web.Response:
        """Keep what Slack would, and answer as it does."""
        taken = await self.take(request)
        return taken if taken.status >= 300 else web.Response(text="ok")

    def slack_url(self, channel: str) -> str:
        """An incoming webhook, as it is written out for a host that is not Slack's own."""
        return f"slack+{self.url}/services/{channel}"

    def received(self, channel: str) -> list[dict[str, str]]:
        """The messages that a channel has had, oldest first."""
        return [message for name, message in self.posts if name == channel]

    async def wait_for(self, channel: str, count: int = 1, seconds: float = 20) -> list[dict[str, str]]:
        """Wait until a channel has had so many messages."""
        async with asyncio.timeout(seconds), self._grew:
            await self._grew.wait_for(lambda: len(self.received(channel)) >= count)
        return self.received(channel)

    def tick(self, channel: str, settings: list[dict[str, Any]]) -> dict[str, Any]:
        """A tick as Telex sends it for this channel."""
        return {"channel_id": channel, "return_url": f"{self.url}/v1/return/{channel}", "settings": settings}


@asynccontextmanager
async def local_channel() -> AsyncIterator[LocalChannel]:
    """Listen on a free port while the block lasts."""
    channel = LocalChannel()
    app = web.Application()
    app.router.add_post("/v1/return/{channel}", channel.take)
    app.router.add_post("/services/{channel}", channel.take_as_slack)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0][:2]
    channel.url = f"http://{host}:{port}"
    try:
        yield channel
    finally:
        await runner.cleanup()


def tick_settings(
    key: tuple[str, str], threshold: str, frequency: str = "Daily", **more: str
) -> list[dict[str, Any]]:
    """The settings as Telex's form sends them."""
    values = {"aws_access_key_id": key[0], "aws_secret_access_key": key[1], "threshold": threshold}
    texts = [
        {"label": label, "type": "text", "required": True, "default": text} for label, text in values.items()
    ]
    choice = {"label": "frequency", "type": "dropdown", "required": True, "default": frequency}
    interval = {"label": "interval", "type": "text", "required": True, "default": "0 0 * * *"}
    return [
        *texts,
        choice,
        interval,
        *({"label": label, "type": "text", "default": text} for label, text in more.items()),
    ]
