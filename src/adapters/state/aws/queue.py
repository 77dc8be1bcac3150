"""The SQS queue: ids of ticks that may be due."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import structlog
from aiobotocore.client import AioBaseClient

from adapters.state.aws.table import translated
from application.errors import StorageUnavailable

log = structlog.get_logger()

LONGEST_DELAY_SECONDS = 900
"""Source: SQS, SendMessage, DelaySeconds. A longer wait is hopped."""

LISTEN_SECONDS = 20
"""Source: SQS, ReceiveMessage, WaitTimeSeconds."""

PAUSE_SECONDS = 5.0

SEND_SECONDS = 5.0
"""Whoever has sent the tick waits for its 202 meanwhile, and it is stored."""


class Queue:
    """Sends ids, and hears of them.

    Args:
        client: aiobotocore's, for SQS.
        url: The queue's.
    """

    def __init__(self, client: AioBaseClient, url: str) -> None:
        self._client: Any = client
        self._url = url
        self._failed = False

    async def send(self, tick_id: str, delay: float = 0) -> None:
        """Send a message that arrives after ``delay`` seconds, or as late as SQS can before that.

        A message that could not be sent is no failure: the tick is in the table, and is found there. The log
        says so once in an outage.
        """
        seconds = min(max(math.ceil(delay), 0), LONGEST_DELAY_SECONDS)
        try:
            with translated("SQS"):
                async with asyncio.timeout(SEND_SECONDS):
                    await self._client.send_message(
                        QueueUrl=self._url, MessageBody=tick_id, DelaySeconds=seconds
                    )
        except StorageUnavailable as error:
            if not self._failed:
                log.warning("wake_up_lost", reason=str(error), effect="ticks are found in the table instead")
            self._failed = True
        else:
            self._failed = False

    async def listen(self, wake: Callable[[], None]) -> None:
        """Call ``wake`` at every message, until cancelled: who listens looks into the table anyway."""
        while True:
            try:
                with translated("SQS"):
                    answer = await self._client.receive_message(
                        QueueUrl=self._url, MaxNumberOfMessages=10, WaitTimeSeconds=LISTEN_SECONDS
                    )
            except StorageUnavailable:
                await asyncio.sleep(PAUSE_SECONDS)
                continue
            messages = answer.get("Messages", [])
            if messages:
                wake()
                entries = [
                    {"Id": str(number), "ReceiptHandle": message["ReceiptHandle"]}
                    for number, message in enumerate(messages)
                ]
                with suppress(StorageUnavailable), translated("SQS"):
                    await self._client.delete_message_batch(QueueUrl=self._url, Entries=entries)
